"""The thread that owns the connection: SQLite blocks, and the event loop must not."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from typing import TypeAlias, TypeVar

from ..errors import CallAuthError, ConfigurationError
from .connection import disconnect

T = TypeVar("T")
Work: TypeAlias = Callable[[sqlite3.Cursor], T]


class ConnectionThread:
    """Do one piece of work after another, for one event loop."""

    _cursor: sqlite3.Cursor

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="callauth-sqlite")
        self._cleanup = ExitStack()

    async def open(self, connect: Callable[[], sqlite3.Connection]) -> None:
        """Start and connect; raises what ``connect`` raises, and then is closed."""
        connected = self._submit(partial(self._connect, connect))
        try:
            await asyncio.shield(connected)
        except CallAuthError as error:
            self._executor.shutdown()
            raise error.bare() from None
        except asyncio.CancelledError:
            self._disconnect()
            raise

    def require_loop(self) -> None:
        """Raise ConfigurationError in another event loop."""
        if asyncio.get_running_loop() is not self._loop:
            raise ConfigurationError("expected the event loop that opened the file")

    def call(self, work: Work[T]) -> asyncio.Future[T]:
        """Return the future result of the work."""
        return self._submit(lambda: work(self._cursor))

    async def aclose(self) -> None:
        """Finish what was called, disconnect and end."""
        self.require_loop()
        await asyncio.shield(self._disconnect())
        # It has nothing left to do, so this takes microseconds.
        self._executor.shutdown()

    def _connect(self, connect: Callable[[], sqlite3.Connection]) -> None:
        connection = connect()
        self._cleanup.callback(disconnect, connection)
        # One for all work: to make one takes a fifth of the time of a write.
        self._cursor = connection.cursor()

    def _disconnect(self) -> asyncio.Future[None]:
        disconnected = self._submit(self._cleanup.close)
        self._executor.shutdown(wait=False)
        return disconnected

    def _submit(self, work: Callable[[], T]) -> asyncio.Future[T]:
        future: asyncio.Future[T] = self._loop.create_future()

        def tell(done: Future[T]) -> None:
            # When the loop was closed meanwhile, nobody waits.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(_pass_on, done, future)

        self._executor.submit(work).add_done_callback(tell)
        return future


def _pass_on(done: Future[T], future: asyncio.Future[T]) -> None:
    error = done.exception()
    if error is None:
        future.set_result(done.result())
    else:
        future.set_exception(error)
