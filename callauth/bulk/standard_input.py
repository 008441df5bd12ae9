"""Standard input, read without keeping the process from its end."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator

_CHUNK_BYTES = 64 * 1024
_AHEAD = 8


async def input_chunks() -> AsyncIterator[bytes]:
    """Yield what is there, as soon as it is there, until the end."""
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes] = asyncio.Queue()
    room = threading.Semaphore(_AHEAD)
    descriptor = sys.stdin.fileno()

    def read() -> None:
        chunk = b"."
        while chunk:
            room.acquire()
            try:
                chunk = os.read(descriptor, _CHUNK_BYTES)
            except OSError:
                # A terminal that has gone is an input that has ended.
                chunk = b""
            try:
                loop.call_soon_threadsafe(chunks.put_nowait, chunk)
            except RuntimeError:
                # The loop is closed, and nobody reads any more.
                return

    # A thread that waits for a pipe cannot be stopped, and a pool's would be waited for
    # at the end of the process.
    threading.Thread(target=read, name="callauth-stdin", daemon=True).start()
    while chunk := await chunks.get():
        room.release()
        yield chunk
