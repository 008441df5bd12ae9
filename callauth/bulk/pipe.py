"""Pipes: standard input, named pipes and devices, which may be silent for long.

They are read in a thread, so that calls go on meanwhile. It keeps the process from
ending no more than a pool's thread would, which is waited for: it is simply left.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path

from attrs import define, field

_CHUNK_BYTES = 64 * 1024
_AHEAD = 10_000


def read_pipe(pipe: int | Path) -> Iterator[bytes]:
    """Yield the lines of a descriptor, or of a path, as soon as they are there.

    Raises OSError when it cannot be opened or read.
    """
    # Files of Python's own may not be closed while another thread reads in them.
    descriptor = pipe if isinstance(pipe, int) else os.open(pipe, os.O_RDONLY)
    is_terminal = os.isatty(descriptor)
    try:
        rest = b""
        while chunk := _read(descriptor, is_terminal=is_terminal):
            *lines, rest = (rest + chunk).splitlines(keepends=True)
            if rest.endswith(b"\n"):
                lines, rest = [*lines, rest], b""
            yield from lines
        if rest:
            yield rest
    finally:
        if descriptor is not pipe:
            os.close(descriptor)


def _read(descriptor: int, *, is_terminal: bool) -> bytes:
    try:
        return os.read(descriptor, _CHUNK_BYTES)
    except OSError:
        if not is_terminal:
            raise
        # A terminal that has gone is an input that has ended.
        return b""


async def in_thread(
    texts: Callable[[], Iterator[str]], most: int
) -> AsyncGenerator[list[str], None]:
    """Yield what is there already, so many at most; raises what they raise."""
    reading = _Reading(texts)
    # A pool's thread would be waited for at the end of the process.
    threading.Thread(target=reading.read, name="callauth-pipe", daemon=True).start()
    try:
        while batch := await reading.batch(most):
            yield batch
    finally:
        reading.leave()


@define(eq=False)
class _Reading:
    """Hand over texts from the thread that reads to the loop."""

    _texts: Callable[[], Iterator[str]]
    _is_left: bool = field(default=False, init=False)
    _came: deque[str] = field(factory=deque, init=False)
    _error: Exception | None = field(default=None, init=False)
    _is_over: bool = field(default=False, init=False)
    _room: threading.Semaphore = field(
        factory=lambda: threading.Semaphore(_AHEAD), init=False
    )
    _news: asyncio.Event = field(factory=asyncio.Event, init=False)
    _loop: asyncio.AbstractEventLoop = field(
        factory=asyncio.get_running_loop, init=False
    )

    def read(self) -> None:
        try:
            for text in self._texts():
                self._room.acquire()
                if self._is_left:
                    return
                self._came.append(text)
                # To wake the loop takes longer than all the rest, and whoever empties
                # the queue looks at it once more before sleeping.
                if len(self._came) == 1:
                    self._tell()
        except Exception as error:  # noqa: BLE001 - raised where it is awaited
            self._error = error
        self._is_over = True
        self._tell()

    async def batch(self, most: int) -> list[str]:
        while not (self._came or self._is_over):
            await self._news.wait()
            self._news.clear()
        batch = [self._came.popleft() for _ in range(min(len(self._came), most))]
        if not batch and self._error is not None:
            raise self._error
        if batch:
            self._room.release(len(batch))
        return batch

    def leave(self) -> None:
        self._is_left = True
        self._room.release()

    def _tell(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._news.set)
        except RuntimeError:
            # The loop is closed, and nobody reads any more.
            self._is_left = True
