"""Sending: one plain request through a transport, below the clients.

``serving`` starts a server for one test, ``opened`` a transport.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from attrs import define, field

from callauth import (
    AnswerLost,
    HttpxTransport,
    NotSent,
    Request,
    Response,
    Secret,
    Transport,
)
from callauth.protocol.message import COMMON_HEADERS
from tests.support.canaries import current

from . import deeds
from .bodies import Document
from .connection import Connection
from .deeds import Deed
from .fates import Fate
from .kinds import Kind
from .server import HostileServer


def request_to(
    url: str,
    *,
    method: str = "GET",
    body: str | None = None,
    headers: dict[str, str | Secret] | None = None,
    own_connection: bool = True,
) -> Request:
    """Return a request as an operation makes it."""
    return Request(
        provider="callpass",
        operation="start-call-password",
        method=method,
        template="template",
        url=Secret(url),
        headers={**COMMON_HEADERS, **(headers or {})},
        body=None if body is None else Secret(body),
        own_connection=own_connection,
    )


async def sent(
    transport: Transport, request: Request | str, *, timeout_seconds: float = 5.0
) -> Response | NotSent | AnswerLost:
    """Return the answer, or the error that came instead of it."""
    if isinstance(request, str):
        request = request_to(request)
    try:
        return await transport.send(request, timeout_seconds=timeout_seconds)
    except (NotSent, AnswerLost) as error:
        current().watch(error)
        return error


@asynccontextmanager
async def serving(deed: Deed, *, tls: bool = False) -> AsyncIterator[HostileServer]:
    kind = Kind(name="made for one test", fate=Fate.ANSWERED, on_request=deed)
    async with HostileServer(kind, {"status": True}, tls=tls) as server:
        yield server


@asynccontextmanager
async def opened(
    make: Callable[[], Transport] = HttpxTransport,
) -> AsyncIterator[Transport]:
    made = make()
    yield made
    await made.aclose()


@define(eq=False)
class Overheard:
    """Keep the requests of a server, byte by byte."""

    answer: Deed = field(factory=deeds.answer)
    requests: list[bytes] = field(factory=list)
    _came: asyncio.Event = field(factory=asyncio.Event)

    async def __call__(
        self, connection: Connection, request: bytes, document: Document
    ) -> None:
        self.requests.append(request)
        self._came.set()
        await self.answer(connection, request, document)

    async def first(self) -> bytes:
        """Wait for a request, 10 seconds at most, and return it."""
        await self.heard(1)
        return self.requests[0]

    async def heard(self, count: int) -> None:
        """Wait for so many requests, 10 seconds at most."""
        async with asyncio.timeout(10):
            while len(self.requests) < count:
                self._came.clear()
                await self._came.wait()


def sockets() -> int:
    """Count the sockets of this process."""
    files = Path("/proc/self/fd").iterdir()
    return sum(
        os.path.realpath(file).rpartition("/")[2].startswith("socket:")
        for file in files
    )
