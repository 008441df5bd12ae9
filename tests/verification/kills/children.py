"""Children: processes that are forked from one in which everything is loaded."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from collections.abc import AsyncIterator, Callable
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from .orders import Ready

T = TypeVar("T")

CHILDREN = multiprocessing.get_context("forkserver")
# A main module that is a script, as that of pytest, is imported by every child.
CHILDREN.set_forkserver_preload(
    ["pytest", "tests.verification.kills.warm", "callauth.bulk"]
)


async def lived(
    life: Callable[[T, Connection], None],
    order: T,
    after_seconds: float | None = None,
) -> tuple[tuple[Any, ...], bool]:
    """Return what a process said, and whether it was killed.

    It is, that many seconds after it was ready; or it kills itself.
    """
    reader, writer = CHILDREN.Pipe(duplex=False)
    process = CHILDREN.Process(target=life, args=(order, writer), daemon=True)
    process.start()
    writer.close()
    words: list[Any] = []
    loop = asyncio.get_running_loop()
    with reader:
        async for word in _words(reader):
            words.append(word)
            if isinstance(word, Ready) and after_seconds is not None:
                loop.call_later(after_seconds, process.kill)
    process.join()
    return tuple(words), process.exitcode == -signal.SIGKILL


async def _words(reader: Connection) -> AsyncIterator[Any]:
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(reader.fileno(), readable.set)
    try:
        while True:
            await readable.wait()
            readable.clear()
            while reader.poll():
                yield reader.recv()
    # The end of the pipe, or of a process in the middle of a word.
    except (EOFError, OSError):
        return
    finally:
        loop.remove_reader(reader.fileno())
