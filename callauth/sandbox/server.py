"""serve: the sandbox over HTTP on a socket, by uvicorn (extra ``sandbox``).

Nothing is logged, since URLs hold keys and numbers. For that uvicorn's own loggers are
set to "critical", which holds for the whole process.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import anyio
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from .http import Scope, Served

# Linger for zero seconds: the connection ends with a reset instead of a farewell.
_NO_LINGER = struct.pack("ii", 1, 0)


async def serve(
    sandbox: Served,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    on_started: Callable[[int], object] | None = None,
) -> None:
    """Serve the sandbox until cancelled; it stays open afterwards.

    Port 0 takes a free one; ``on_started`` is told the port once requests are taken.
    Signals are left alone.

    Raises OSError when the address cannot be had.
    """
    with socket.create_server((host, port)) as listener:
        # asyncio sets it only where it knows the protocol; without it an answer in two
        # writes takes 40 ms longer. What is accepted has it from here.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = _Server(sandbox, on_started)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await asyncio.shield(serving)
        finally:
            server.should_exit = True
            # Cancelled again here, it would leave its connections open.
            with anyio.CancelScope(shield=True):
                await serving


class _Server(uvicorn.Server):
    def __init__(
        self, sandbox: Served, on_started: Callable[[int], object] | None
    ) -> None:
        super().__init__(
            uvicorn.Config(
                sandbox.asgi(abort=self._abort),
                interface="asgi3",
                http=H11Protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="critical",
                access_log=False,
                proxy_headers=False,
            )
        )
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self._on_started is not None and sockets and not self.should_exit:
            self._on_started(sockets[0].getsockname()[1])

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # asyncio complains of a connection that comes while its socket is being closed.
        for listener in sockets or ():
            asyncio.get_running_loop().remove_reader(listener.fileno())
        await asyncio.sleep(0)
        # A request that hangs on purpose would keep the server open for ever.
        for connection in self._connections():
            _drop(connection)
        await super().shutdown(sockets=sockets)

    def _abort(self, scope: Scope) -> None:
        for connection in self._connections():
            if connection.client == scope["client"]:
                _drop(connection)

    def _connections(self) -> list[H11Protocol]:
        connections = self.server_state.connections
        return [each for each in connections if isinstance(each, H11Protocol)]


def _drop(connection: H11Protocol) -> None:
    sock = connection.transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    connection.transport.abort()
