"""One connection as the hostile server sees it."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import struct

from attrs import define

# Linger for zero seconds: the connection ends with a reset instead of a farewell.
_NO_LINGER = struct.pack("ii", 1, 0)
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *([0-9]+)")


@define(eq=False)
class Connection:
    """Read requests, and send whatever one likes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    sent: int = 0

    async def request(self) -> bytes:
        """Return one whole request, empty when the client is gone."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            return head + await self.reader.readexactly(int(length[1]) if length else 0)
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            return b""

    async def send(self, some: bytes) -> None:
        """Send bytes; raises ConnectionError once the client is gone."""
        if self.writer.is_closing():
            raise ConnectionResetError
        self.writer.write(some)
        await self.writer.drain()
        self.sent += len(some)

    async def flood(self, some: bytes, *, times: int | None = None) -> None:
        """Send the same bytes again and again, None: until the client is gone."""
        while times is None or times > 0:
            await self.send(some)
            # A write over TLS to a client that is gone fails only in the next turn.
            await asyncio.sleep(0)
            times = None if times is None else times - 1

    async def drip(self, some: bytes) -> None:
        """Send the same bytes every 20 ms until the client is gone."""
        while not self.reader.at_eof():
            await self.send(some)
            await asyncio.sleep(0.02)

    async def hang(self) -> None:
        """Say nothing more and wait until the client is gone."""
        while await self.reader.read(65536):
            pass

    def reset(self) -> None:
        """End the connection at once, with whatever is still on its way."""
        if self.writer.get_extra_info("socket") is None:
            return  # the client was faster
        self._socket().setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.writer.transport.abort()

    def half_close(self) -> None:
        """Say that nothing more will be sent, and go on listening."""
        self._socket().shutdown(socket.SHUT_WR)

    def _socket(self) -> socket.socket:
        found: socket.socket = self.writer.get_extra_info("socket")
        return found
