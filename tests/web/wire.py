"""AiohttpWire: an httpx transport into an aiohttp application, without sockets.

So a clock that is turned by hand sees all that goes on, as with httpx.ASGITransport.
"""

from __future__ import annotations

import asyncio

import h11
import httpx
from aiohttp import web


class AiohttpWire(httpx.AsyncBaseTransport):
    """Hand each request to a connection of its own, as bytes."""

    def __init__(self, server: web.Server, peer: str) -> None:
        self._server = server
        self._peer = peer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the whole answer."""
        protocol = self._server()
        line = _Line(protocol, self._peer)
        protocol.connection_made(line)
        try:
            protocol.data_received(_bytes_of(request, await request.aread()))
            status, headers, body = await line.answer
        finally:
            protocol.connection_lost(None)
        return httpx.Response(status, headers=headers, content=body)


def _bytes_of(request: httpx.Request, body: bytes) -> bytes:
    sender = h11.Connection(h11.CLIENT)
    head = h11.Request(
        method=request.method,
        target=request.url.raw_path,
        headers=[*request.headers.raw],
    )
    # A wrong Content-Length is ours to send.
    data = sender.send(head) or b""
    return data + body


class _Line(asyncio.Transport):
    def __init__(self, protocol: asyncio.BaseProtocol, peer: str) -> None:
        super().__init__({"peername": (peer, 4321)})
        self._protocol = protocol
        self._reader = h11.Connection(h11.CLIENT)
        self._reader.send(
            h11.Request(method="GET", target="/", headers=[("Host", "x")])
        )
        self._reader.send(h11.EndOfMessage())
        self._status, self._body = 0, b""
        self._headers: list[tuple[bytes, bytes]] = []
        self.answer: asyncio.Future[tuple[int, list[tuple[bytes, bytes]], bytes]]
        self.answer = asyncio.get_running_loop().create_future()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._reader.receive_data(bytes(data))
        while not self.answer.done():
            event = self._reader.next_event()
            if event is h11.NEED_DATA:
                return
            if isinstance(event, h11.Response):
                self._status, self._headers = event.status_code, list(event.headers)
            if isinstance(event, h11.Data):
                self._body += event.data
            if isinstance(event, h11.EndOfMessage):
                self.answer.set_result((self._status, self._headers, self._body))

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        pass

    def abort(self) -> None:
        pass

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol
