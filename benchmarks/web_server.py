"""One application in a process of its own: the router, and what stands for it bare.

``python benchmarks/web_server.py FRAMEWORK`` prints its port, then obeys lines of its
input: ``figures`` prints what it has used until now, ``settle ID …`` settles those
verifications and whatever waits for none. Calls cost nothing here and ring nobody.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from aiohttp import web
from attrs import define, field, frozen
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

from callauth import (
    AttemptId,
    Confirmed,
    IdempotencyKey,
    Method,
    PhoneNumber,
    Pin,
    Secret,
    VerificationPolicy,
    Verifier,
)
from callauth.web.aiohttp import setup
from callauth.web.fastapi import verification_router

_PIN = "0777"
_PROBE_SECONDS = 0.005
_LONGEST_LINE = 2**20
_BACKLOG = 4096
_SECRET = Secret("a secret of the benchmark")
_PUBLIC_URL = "http://127.0.0.1"
_JSON = "application/json"
_STREAM = "text/event-stream"
# As long as what the router answers.
_BODY = json.dumps(
    {
        "id": "ncyWXV1hXVgDKWbz1oCO9w",
        "state": "waiting",
        "reason": None,
        "assurance": None,
        "purpose": "login",
        "phone": "+7999•••4567",
        "method": "flash_call",
        "challenge": {
            "kind": "pin",
            "digits": 4,
            "tries_left": 3,
            "number": None,
            "tel_uri": None,
            "qr_svg": None,
            "expires_at": "2026-01-01T00:02:00.000Z",
            "seconds_left": 120.0,
        },
        "next": None,
        "now": "2026-01-01T00:00:00.000Z",
    },
    separators=(",", ":"),
).encode()
_FIRST = b"id: 0\nevent: state\ndata: " + _BODY + b"\n\n"
_LAST = _FIRST.replace(b'"waiting"', b'"verified"')


@frozen
class Call:
    pin: Pin
    sent_at: datetime


@frozen
class Flash:
    """Place calls that ring nobody."""

    name: str = "flash"
    method: Method = Method.FLASH_CALL
    digits: int = len(_PIN)
    ring_seconds: float = 30.0
    cost: int = 0
    is_ready: bool = True

    async def ring(self, _phone: PhoneNumber, _key: IdempotencyKey) -> Call:
        return Call(Pin(_PIN), datetime.now(UTC))


@define(eq=False)
class Desk:
    """Obey, and watch how long the loop stands still."""

    verifier: Verifier
    settled: asyncio.Event = field(factory=asyncio.Event)
    stall_seconds: float = 0.0

    async def watch(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(_PROBE_SECONDS)
            late = time.perf_counter() - began - _PROBE_SECONDS
            self.stall_seconds = max(self.stall_seconds, late)

    async def figures(self) -> dict[str, float]:
        stall = self.stall_seconds
        gc.collect()
        # What that took is none of the server's stalls.
        await asyncio.sleep(4 * _PROBE_SECONDS)
        self.stall_seconds = 0.0
        return {"bytes": _resident(), "cpu": time.process_time(), "stall": stall}

    async def settle(self, ids: Iterable[str]) -> dict[str, float]:
        began = time.perf_counter()
        self.settled.set()
        for each in ids:
            outcome = await self.verifier.submit(AttemptId(each), _PIN)
            assert isinstance(outcome, Confirmed)
            # Others come in between, as with requests.
            await asyncio.sleep(0)
        return {"seconds": time.perf_counter() - began}

    async def obey(self) -> None:
        reader = asyncio.StreamReader(limit=_LONGEST_LINE)
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
        async for line in reader:
            word, *ids = line.decode().split()
            found = await (self.settle(ids) if word == "settle" else self.figures())
            print(json.dumps(found), flush=True)

    async def events(self) -> AsyncIterator[bytes]:
        yield _FIRST
        await self.settled.wait()
        yield _LAST


async def fastapi(desk: Desk, listener: socket.socket) -> None:
    """Serve until there are no more orders."""
    app = FastAPI()
    app.include_router(
        verification_router(desk.verifier, secret=_SECRET, public_url=_PUBLIC_URL)
    )

    @app.get("/bare/{id}")  # noqa: FAST003 - the router reads its own from the request
    async def read() -> Response:
        return Response(_BODY, media_type=_JSON)

    async def start(request: Request) -> Response:
        await request.json()
        return Response(_BODY, 201, media_type=_JSON)

    # The local function's annotation is text that FastAPI could not find.
    start.__annotations__["request"] = Request
    app.post("/bare")(start)

    @app.get("/bare/{id}/events")  # noqa: FAST003 - as above
    async def events() -> StreamingResponse:
        return StreamingResponse(desk.events(), media_type=_STREAM)

    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, log_level="critical", access_log=False)
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await desk.obey()
    server.should_exit = True
    await serving


async def aiohttp(desk: Desk, listener: socket.socket) -> None:
    """Serve until there are no more orders."""
    app = setup(
        web.Application(), desk.verifier, secret=_SECRET, public_url=_PUBLIC_URL
    )

    async def read(_request: web.Request) -> web.Response:
        return web.Response(body=_BODY, content_type=_JSON)

    async def start(request: web.Request) -> web.Response:
        await request.json()
        return web.Response(body=_BODY, status=201, content_type=_JSON)

    async def events(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": _STREAM})
        await response.prepare(request)
        async for chunk in desk.events():
            await response.write(chunk)
        await response.write_eof()
        return response

    app.router.add_get("/bare/{id}", read)
    app.router.add_post("/bare", start)
    app.router.add_get("/bare/{id}/events", events)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    await desk.obey()
    await runner.cleanup()


_FRAMEWORKS = {"fastapi": fastapi, "aiohttp": aiohttp}


def _resident() -> int:
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


async def _main() -> None:
    logging.disable(logging.CRITICAL)
    policy = VerificationPolicy(starts_per_client_ip=None)
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        # Without the number of its protocol asyncio leaves Nagle's algorithm on, which
        # keeps answers of two writes back for 40 ms.
        listener.bind(("127.0.0.1", 0))
        listener.listen(_BACKLOG)
        print(json.dumps(listener.getsockname()[1]), flush=True)
        async with Verifier([Flash()], policy=policy) as verifier:
            desk = Desk(verifier)
            watching = asyncio.create_task(desk.watch())
            await _FRAMEWORKS[sys.argv[1]](desk, listener)
            watching.cancel()


if __name__ == "__main__":
    asyncio.run(_main())
