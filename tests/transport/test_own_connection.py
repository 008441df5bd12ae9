from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from attrs import evolve

from callauth import Request, Response, Transport
from tests.hostile.sending import request_to
from tests.support.transports import Make, on_each_transport

_HONEST = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhonest"
_STALE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstale"


@asynccontextmanager
async def _answering_twice() -> AsyncIterator[str]:
    """Answer every request twice in one go, as a confused proxy does."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(_HONEST + _STALE)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def _sent(transport: Transport, request: Request) -> Response:
    return await transport.send(request, timeout_seconds=5.0)


@on_each_transport
async def test_a_request_of_its_own_connection_gets_no_answer_to_another(
    make: Make,
) -> None:
    """A second answer that was left over would verify somebody else."""
    async with _answering_twice() as base_url:
        own = request_to(base_url)
        shared = evolve(own, own_connection=False)
        transport = make()
        bodies = [
            (await _sent(transport, request)).body for request in (shared, own, own)
        ]
        await transport.aclose()

    assert bodies == [b"honest"] * 3
