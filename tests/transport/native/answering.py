"""Answering: a server that says given bytes, whatever it is asked."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum
from typing import cast

from attrs import define, field, frozen

_NO_LINGER = struct.pack("ii", 1, 0)


class Ending(Enum):
    """Name what follows the last byte."""

    NOTHING = "nothing"
    CLOSE = "the end of the connection"
    RESET = "a reset"
    CUT = "the end of the connection, without a farewell of TLS"


@frozen
class Script:
    """Hold what to say, each part in a segment of its own, and what follows."""

    parts: tuple[bytes, ...]
    ending: Ending = Ending.NOTHING


@define(eq=False)
class Answering:
    """Say the script after every request; ``scripts`` go first, one request each.

    ``requests`` holds what was asked, and over which connection.
    """

    script: Script
    scripts: list[Script] = field(factory=list)
    requests: list[tuple[int, bytes]] = field(factory=list)
    connections: list[Talk] = field(factory=list)
    base_url: str = ""

    def asked(self, number: int, request: bytes) -> Script:
        """Return what to say to it."""
        self.requests.append((number, request))
        return self.scripts.pop(0) if self.scripts else self.script


class Talk(asyncio.Protocol):
    """One connection as the server sees it."""

    def __init__(self, server: Answering) -> None:
        self._server = server
        self._number = len(server.connections)
        self._came = b""
        self._transport: asyncio.Transport | None = None
        self.is_lost = False
        server.connections.append(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True

    def data_received(self, data: bytes) -> None:
        self._came += data
        while b"\r\n\r\n" in self._came:
            request, _, self._came = self._came.partition(b"\r\n\r\n")
            script = self._server.asked(self._number, request)
            self.say(list(script.parts), script.ending)

    def say(self, parts: list[bytes], ending: Ending) -> None:
        """Say one part after another, with a turn of the loop between them."""
        if self._transport is None or self._transport.is_closing():
            return
        if parts:
            self._transport.write(parts[0])
        if len(parts) > 1:
            asyncio.get_running_loop().call_soon(self.say, parts[1:], ending)
        else:
            self.end(ending)

    def end(self, ending: Ending) -> None:
        """End the connection in that way."""
        assert self._transport is not None
        raw: socket.socket = self._transport.get_extra_info("socket")
        match ending:
            case Ending.NOTHING:
                pass
            case Ending.CLOSE:
                self._transport.close()
            case Ending.CUT:
                raw.shutdown(socket.SHUT_WR)
            case Ending.RESET:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
                self._transport.abort()


@asynccontextmanager
async def answering(
    *said: bytes,
    ending: Ending = Ending.NOTHING,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Answering]:
    """Serve meanwhile; ``said`` are the parts of the script."""
    serving = Answering(Script(said, ending))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Talk(serving), "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    serving.base_url = f"http{'s' if tls else ''}://127.0.0.1:{port}/"
    try:
        yield serving
    finally:
        server.close()
        for each in serving.connections:
            if each._transport is not None:
                each._transport.abort()
        await asyncio.sleep(0)
