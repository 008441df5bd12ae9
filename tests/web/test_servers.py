"""What only real servers show: streams that go on, and browsers that leave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
from attrs import frozen

from callauth import Verifier
from callauth.sandbox import FastClock
from callauth.web.aiohttp import SERVICE
from callauth.web.service import Service
from tests.support.canaries import Canaries
from tests.verification.own import Bell

from .servers import listener, under_aiohttp, under_uvicorn
from .sites import aiohttp_app, fastapi_app

# A heartbeat of 10 s comes after a fifth of a second.
_SPEED = 50.0
_SOON_SECONDS = 10.0


@frozen
class _Served:
    service: Service
    client: httpx.AsyncClient
    stop: Callable[[], None]

    @asynccontextmanager
    async def stream(self, of: dict[str, Any]) -> AsyncIterator[AsyncIterator[str]]:
        """Give the lines of the events as they come."""
        path = f"/verifications/{of['id']}/events"
        async with self.client.stream("GET", path) as answer:
            yield answer.aiter_lines()


@asynccontextmanager
async def _served(
    framework: str, canaries: Canaries, *, speed: float = _SPEED
) -> AsyncIterator[_Served]:
    async with AsyncExitStack() as stack:
        sock = stack.enter_context(listener())
        url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        clock = FastClock(speed)
        verifier = Verifier([Bell(clock)], clock=clock)
        settings = {
            "secret": canaries.secret(),
            "public_url": url,
            "owns_verifier": True,
        }
        if framework == "fastapi":
            app = fastapi_app(verifier, settings, {})
            service = app.state.service
            serving = under_uvicorn(app, sock)
        else:
            other = aiohttp_app(verifier, settings, {})
            service = other[SERVICE]
            serving = under_aiohttp(other, sock)
        stop = await stack.enter_async_context(serving)
        client = httpx.AsyncClient(base_url=url, headers={"Origin": url})
        await stack.enter_async_context(client)
        yield _Served(service, client, stop)


async def _start(served: _Served, canaries: Canaries) -> dict[str, Any]:
    phone = canaries.phone().e164
    answer = await served.client.post("/verifications", json={"phone": phone})
    return dict(answer.json())


async def _until(lines: AsyncIterator[str], start: str) -> str:
    async for line in lines:
        if line.startswith(start):
            return line
    return ""


async def _waiting(service: Service, count: int) -> None:
    while service.waiting != count:  # noqa: ASYNC110 - nothing announces it
        await asyncio.sleep(0)


@pytest.mark.parametrize("framework", ["fastapi", "aiohttp"])
async def test_events_come_while_the_stream_goes_on(
    framework: str, canaries: Canaries
) -> None:
    """And it ends with the last one."""
    async with asyncio.timeout(_SOON_SECONDS), _served(framework, canaries) as served:
        started = await _start(served, canaries)
        async with served.stream(started) as lines:
            assert '"state":"waiting"' in await _until(lines, "data: ")
            assert await _until(lines, ": waiting")
            path = f"/verifications/{started['id']}/pin"
            await served.client.post(path, json={"pin": "1000"})
            assert '"state":"verified"' in await _until(lines, "data: ")
            assert await _until(lines, "data: ") == ""


@pytest.mark.parametrize("framework", ["fastapi", "aiohttp"])
async def test_a_browser_that_has_left_is_forgotten(
    framework: str, canaries: Canaries
) -> None:
    """With the next heartbeat at the latest."""
    async with asyncio.timeout(_SOON_SECONDS), _served(framework, canaries) as served:
        started = await _start(served, canaries)
        async with served.stream(started) as lines:
            await _until(lines, "data: ")
            await _waiting(served.service, 1)

        await _waiting(served.service, 0)


@pytest.mark.parametrize("framework", ["fastapi", "aiohttp"])
async def test_a_server_stops_although_browsers_wait(
    framework: str, canaries: Canaries
) -> None:
    """Whoever deploys does not wait for somebody's telephone."""
    slow = _served(framework, canaries, speed=1.0)
    async with asyncio.timeout(_SOON_SECONDS), slow as served:
        started = await _start(served, canaries)
        async with served.stream(started) as lines:
            await _until(lines, "data: ")
            await _waiting(served.service, 1)

            served.stop()

            await _waiting(served.service, 0)
            assert await _until(lines, "data: ") == ""
