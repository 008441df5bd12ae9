"""Pool: idle connections, and exchanges that wait for one in their order.

At most ``limit`` exchanges have a connection, open or opening. Each that ends hands its
place to the one that has waited longest, so nobody overtakes. Idle connections are
taken last in, first out, which lets the oldest ones run out.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import Callable
from itertools import chain

from ..origin import Origin
from .connection import Connection
from .exchange import Exchange, Failure
from .heads import Heads
from .opening import connect

# A farewell of TLS is waited for so long.
CLOSE_SECONDS = 1.0
# As httpx does: a server that closes after 5 idle seconds, as many do, is not raced.
_KEPT_SECONDS = 5.0
# A record of TLS has no more.
_BUFFER_BYTES = 16 * 1024
_CLOSED = Failure("the transport was closed", is_ours=True)


class Pool:
    """Give connections to exchanges, and take them back."""

    def __init__(
        self, *, limit: int, ssl_context: Callable[[], ssl.SSLContext]
    ) -> None:
        self.buffer = memoryview(bytearray(_BUFFER_BYTES))
        self.heads = Heads()
        self._limit = limit
        self._ssl_context = ssl_context
        self._in_use = 0
        self._waiting: OrderedDict[Exchange, None] = OrderedDict()
        self._connections: set[Connection] = set()
        # Of each origin the last used one is last.
        self._idle: dict[Origin, dict[Connection, None]] = {}
        self._sweep: asyncio.TimerHandle | None = None
        self._emptied: asyncio.Future[None] | None = None

    def begin(self, exchange: Exchange) -> None:
        """Give the exchange a connection, now or when it is its turn."""
        if self._in_use >= self._limit:
            self._waiting[exchange] = None
            return
        self._in_use += 1
        self._start(exchange)

    def end(self, exchange: Exchange) -> None:
        """Take the connection back, however the exchange ended."""
        connection = exchange.connection
        if connection is None:
            self._waiting.pop(exchange, None)
            return
        if connection.leave():
            self._keep(connection, exchange)
        while self._waiting:
            following, _ = self._waiting.popitem(last=False)
            if not following.is_over:
                self._start(following)
                return
        self._in_use -= 1

    def forget(self, connection: Connection) -> None:
        """Drop a connection that is gone."""
        self._connections.discard(connection)
        for idle in self._idle.values():
            idle.pop(connection, None)
        if not self._connections and self._emptied is not None:
            self._emptied.set_result(None)
            self._emptied = None

    async def aclose(self) -> None:
        """End every exchange and close every connection."""
        for exchange in self._waiting:
            exchange.settle(_CLOSED)
        for connection in tuple(self._connections):
            connection.stop(_CLOSED)
        if self._sweep is not None:
            self._sweep.cancel()
        try:
            await self._empty(CLOSE_SECONDS)
        finally:
            for connection in self._connections:
                connection.abort()
        await self._empty(CLOSE_SECONDS)

    async def _empty(self, seconds: float) -> None:
        if not self._connections:
            return
        if self._emptied is None:
            self._emptied = asyncio.get_running_loop().create_future()
        await asyncio.wait((self._emptied,), timeout=seconds)

    def _start(self, exchange: Exchange) -> None:
        connection = None if exchange.own else self._take(exchange)
        if connection is None:
            self._open(exchange)
            return
        exchange.connection = connection
        connection.carry(exchange)

    def _take(self, exchange: Exchange) -> Connection | None:
        idle = self._idle.get(exchange.origin)
        if not idle:
            return None
        oldest = exchange.loop.time() - _KEPT_SECONDS
        while idle:
            connection, _ = idle.popitem()
            if connection.is_usable() and connection.idle_since >= oldest:
                return connection
            connection.close()
        return None

    def _keep(self, connection: Connection, exchange: Exchange) -> None:
        # Asking asyncio for the running loop is a system call in Python 3.11.
        loop = exchange.loop
        connection.idle_since = loop.time()
        self._idle[exchange.origin][connection] = None
        if self._sweep is None:
            self._sweep = loop.call_later(_KEPT_SECONDS, self._close_old)

    def _close_old(self) -> None:
        loop = asyncio.get_running_loop()
        oldest = loop.time() - _KEPT_SECONDS
        idle = list(chain.from_iterable(self._idle.values()))
        for connection in idle:
            if connection.idle_since <= oldest:
                connection.close()
        self._sweep = loop.call_later(_KEPT_SECONDS, self._close_old) if idle else None

    def _open(self, exchange: Exchange) -> None:
        if len(self._connections) >= self._limit:
            self._make_room()
        connection = exchange.connection = Connection(self, exchange)
        self._connections.add(connection)
        self._idle.setdefault(exchange.origin, {})
        opening = self._opened(connection, exchange.origin)
        connection.opens_by(exchange.loop.create_task(opening))

    def _make_room(self) -> None:
        for idle in self._idle.values():
            if idle:
                oldest = next(iter(idle))
                del idle[oldest]
                oldest.close()
                return

    async def _opened(self, connection: Connection, origin: Origin) -> object:
        context = self._ssl_context() if origin.is_tls else None
        connected = await connect(origin.host, origin.port)
        return await asyncio.get_running_loop().create_connection(
            lambda: connection,
            sock=connected,
            ssl=context,
            server_hostname=origin.host if origin.is_tls else None,
            ssl_shutdown_timeout=CLOSE_SECONDS if origin.is_tls else None,
        )
