"""HostileServer: one kind of hostility on a socket of its own."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Self

from attrs import define, field

from .bodies import Document
from .certificates import HOST, server_context
from .connection import Connection
from .kinds import Door, Kind

_SLOW_SECONDS = 0.1
# The kernel queues one connection more than it is told.
_FILLING = 3
_BUFFERED = 16 * 1024


@define(eq=False)
class HostileServer:
    """Serve one kind over plain TCP or TLS, and count what came in.

    ``document`` is what an honest server would answer with. ``requests`` counts those
    that were read to their end, ``sent`` the bytes that went out.
    """

    kind: Kind
    document: Document
    tls: bool = False
    connections: int = 0
    requests: int = 0
    _live: list[Connection] = field(factory=list)
    _tasks: set[asyncio.Task[None]] = field(factory=set)
    _stack: AsyncExitStack = field(factory=AsyncExitStack)
    _port: int = 0

    @property
    def base_url(self) -> str:
        """Where it is."""
        return f"{'https' if self.tls else 'http'}://{HOST}:{self._port}/"

    @property
    def sent(self) -> int:
        """How many bytes its connections have taken from it."""
        return sum(connection.sent for connection in self._live)

    async def __aenter__(self) -> Self:
        listener = self._stack.enter_context(socket.socket())
        listener.setblocking(False)  # noqa: FBT003 - positional only
        listener.bind((HOST, 0))
        self._port = listener.getsockname()[1]
        if self.kind.door is not Door.SHUT:
            listener.listen(0 if self.kind.door is Door.FULL else 64)
        if self.kind.door is Door.FULL:
            self._fill()
        if self.kind.door is Door.SLOW:
            self._tasks.add(asyncio.create_task(self._serve_later(listener)))
        if self.kind.door is Door.OPEN:
            await self._serve(listener)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for connection in self._live:
            connection.writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()

    def _fill(self) -> None:
        for _ in range(_FILLING):
            filler = self._stack.enter_context(socket.socket())
            filler.setblocking(False)  # noqa: FBT003 - positional only
            filler.connect_ex((HOST, self._port))

    async def _serve_later(self, listener: socket.socket) -> None:
        await asyncio.sleep(_SLOW_SECONDS)
        await self._serve(listener)

    async def _serve(self, listener: socket.socket) -> None:
        shakes_hands = self.tls and self.kind.shakes_hands
        server = await asyncio.start_server(
            self._take,
            sock=listener,
            ssl=server_context(self.kind.certificate) if shakes_hands else None,
        )
        self._stack.callback(server.close)

    # The stream protocol closes a connection whose handler has ended, and complains
    # of one that raised.
    async def _take(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        # What the server holds back would count as memory of the client.
        writer.transport.set_write_buffer_limits(high=_BUFFERED)
        connection = Connection(reader, writer)
        self._live.append(connection)
        self.connections += 1
        with suppress(ConnectionError, ssl.SSLError, asyncio.CancelledError):
            await self._attend(connection)
        writer.close()
        self._tasks.discard(task)

    async def _attend(self, connection: Connection) -> None:
        if self.kind.on_accept is not None:
            await self.kind.on_accept(connection, b"", self.document)
            return
        while request := await connection.request():
            self.requests += 1
            await self.kind.on_request(connection, request, self.document)
