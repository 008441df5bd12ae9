"""Keyboard: the lines of standard input, awaited."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections import deque
from contextlib import suppress
from io import UnsupportedOperation
from typing import TextIO

_CHUNK = 4096


class Keyboard:
    """Read lines of ``stream``, which is stdin by default, without holding up the loop.

    A thread waits for them, since files, pipes and terminals can be awaited in no other
    way. It reads the descriptor itself: one that waits inside ``sys.stdin`` would hold
    a lock that Python needs in order to end.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stdin if stream is None else stream
        self._lines: deque[str] = deque()
        self._rest = b""
        self._is_over = False

    async def line(self) -> str | None:
        """Return the next line without its end, None after the last."""
        while not self._lines and not self._is_over:
            self._take(await _read(self._stream))
        return self._lines.popleft() if self._lines else None

    def _take(self, chunk: bytes) -> None:
        self._is_over = not chunk
        text = self._rest + chunk
        if self._is_over and text:
            text += b"\n"
        *lines, self._rest = text.split(b"\n")
        self._lines += [line.decode("utf-8", "replace").rstrip("\r") for line in lines]


async def _read(stream: TextIO) -> bytes:
    loop = asyncio.get_running_loop()
    chunk: asyncio.Future[bytes] = loop.create_future()

    def hand_over(read: bytes) -> None:
        if not chunk.done():
            chunk.set_result(read)

    def wait() -> None:
        read = _read_now(stream)
        # The loop may have ended while nobody typed.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(hand_over, read)

    threading.Thread(target=wait, name="callauth keyboard", daemon=True).start()
    return await chunk


def _read_now(stream: TextIO | None) -> bytes:
    if stream is None:  # it was closed before the process began
        return b""
    try:
        descriptor = stream.fileno()
    except (UnsupportedOperation, ValueError):
        # Not a file of the system, as in tests: it never makes anybody wait.
        return stream.readline().encode()
    try:
        return os.read(descriptor, _CHUNK)
    except OSError:
        return b""
