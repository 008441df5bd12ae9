"""What browsers cost that wait for events of one process, and how soon they hear."""

from __future__ import annotations

import asyncio
import time

from attrs import define, field
from web_requests import Found, Line, Server, Started, served, start

BROWSERS = 5_000
# A heartbeat comes to everybody while they wait.
_WAIT_SECONDS = 12.0
_ARRIVING_AT_ONCE = 100
_LONGEST_SECONDS = 50.0
_HEARD = b'"verified"'


@define(eq=False)
class Crowd:
    """Count the browsers that have heard of the settled state."""

    heard: int = 0
    all_heard: asyncio.Event = field(factory=asyncio.Event)

    def hear(self) -> None:
        self.heard += 1
        if self.heard == BROWSERS:
            self.all_heard.set()


class Browser(asyncio.Protocol):
    """Ask for events, and look for the first and for the settled state."""

    def __init__(self, crowd: Crowd, request: bytes) -> None:
        self._crowd = crowd
        self._request = request
        self._tail = b""
        self._hears = False
        self.waits = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        text = self._tail + data
        self._tail = text[-len(_HEARD) :]
        if b"data: " in text:
            self.waits.set()
        if not self._hears and _HEARD in text:
            self._hears = True
            self._crowd.hear()


def bare(framework: str) -> Found:
    """Measure streams of a bare handler, which all wait for one event of asyncio."""
    with served(framework) as server:
        one = Started("0", "callauth=0")
        return asyncio.run(_measured(server, [one] * BROWSERS, "/bare/{}/events", []))


def one_verification(framework: str) -> Found:
    """Measure browsers that all follow the same verification."""
    with served(framework) as server:
        one = _started(server, 1)
        return asyncio.run(_through_router(server, one * BROWSERS, one))


def one_each(framework: str) -> Found:
    """Measure browsers that each follow a verification of their own."""
    with served(framework) as server:
        # What it takes to settle so many when nobody waits.
        server.tell("settle", *(each.id for each in _started(server, BROWSERS)))
        alone = server.answer()["seconds"]
        own = _started(server, BROWSERS)
        found = asyncio.run(_through_router(server, own, own))
    return {**found, "seconds to settle them when nobody waits": alone}


def _started(server: Server, count: int) -> list[Started]:
    line = Line(server.port)
    started = [start(line) for _ in range(count)]
    line.close()
    return started


async def _through_router(
    server: Server, browsers: list[Started], settled: list[Started]
) -> Found:
    ids = [each.id for each in settled]
    return await _measured(server, browsers, "/verifications/{}/events", ids)


async def _measured(
    server: Server, browsers: list[Started], path: str, ids: list[str]
) -> Found:
    crowd, before, began = Crowd(), server.figures(), time.perf_counter()
    transports = await _arrive(server, crowd, browsers, path)
    arriving = time.perf_counter() - began
    arrived = server.figures()
    await asyncio.sleep(_WAIT_SECONDS)
    waited, began = server.figures(), time.perf_counter()
    assert crowd.heard == 0
    server.tell("settle", *ids)
    async with asyncio.timeout(_LONGEST_SECONDS):
        await crowd.all_heard.wait()
    hearing = time.perf_counter() - began
    server.answer()
    last = server.figures()
    for transport in transports:
        transport.abort()
    return {
        "bytes per browser": (arrived["bytes"] - before["bytes"]) / BROWSERS,
        "seconds until all wait": arriving,
        "seconds until all have heard": hearing,
        "longest stall in ms while they arrive": arrived["stall"] * 1e3,
        "longest stall in ms while they wait": waited["stall"] * 1e3,
        "longest stall in ms while they hear": last["stall"] * 1e3,
        "CPU ms per second while they wait": (
            (waited["cpu"] - arrived["cpu"]) / _WAIT_SECONDS * 1e3
        ),
    }


async def _arrive(
    server: Server, crowd: Crowd, browsers: list[Started], path: str
) -> list[asyncio.Transport]:
    loop, gate = asyncio.get_running_loop(), asyncio.Semaphore(_ARRIVING_AT_ONCE)

    async def arrive(own: Started) -> asyncio.Transport:
        request = own.get(path.format(own.id))
        async with gate:
            transport, browser = await loop.create_connection(
                lambda: Browser(crowd, request), "127.0.0.1", server.port
            )
            # More of them than a server keeps in its queue would be dropped there.
            await browser.waits.wait()
        return transport

    async with asyncio.timeout(_LONGEST_SECONDS), asyncio.TaskGroup() as group:
        tasks = [group.create_task(arrive(own)) for own in browsers]
    return [task.result() for task in tasks]
