"""Stopping: notice that uvicorn is about to stop.

It ends the lifespan of an application only after the last connection, and a stream of
events is a connection. It tells nobody, but whoever handles SIGTERM is the server.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LOOK_SECONDS = 0.5


@contextmanager
def when_server_stops(stop: Callable[[], None]) -> Iterator[None]:
    """Call the function within a second of the server's decision, if uvicorn it is."""
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if not hasattr(server, "should_exit"):
        yield
        return
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle | None = None

    def look() -> None:
        nonlocal timer
        if getattr(server, "should_exit", False):
            stop()
        else:
            timer = loop.call_later(_LOOK_SECONDS, look)

    look()
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()
