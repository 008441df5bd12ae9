"""Haste: a transport with shorter time-outs, that measures how they are kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from attrs import define, field

from callauth import Request, Response, SystemClock, Transport


@define(eq=False)
class Hasty:
    """Give each request at most so many seconds.

    CallPass has its own deadline, 15 seconds after the longest ring; a test has not.
    ``overrun`` is by how many seconds a request was late at most, ``slowest`` how many
    the slowest took.
    """

    inner: Transport
    seconds: float
    sends: int = 0
    overrun: float = 0.0
    slowest: float = 0.0

    async def send(self, request: Request, *, timeout_seconds: float) -> Response:
        allowed = min(self.seconds, timeout_seconds)
        self.sends += 1
        began = time.perf_counter()
        try:
            return await self.inner.send(request, timeout_seconds=allowed)
        finally:
            took = time.perf_counter() - began
            self.overrun = max(self.overrun, took - allowed)
            self.slowest = max(self.slowest, took)

    async def aclose(self) -> None:
        await self.inner.aclose()


class Impatient(SystemClock):
    """Leave out the pauses between tries; every time-out keeps its seconds."""

    async def sleep(self, seconds: float) -> None:
        """Wait no time."""
        await asyncio.sleep(0)


@define(eq=False)
class Pauses:
    """Hold the longest time for which the event loop did nothing else.

    A busy machine makes everything late; a deadline is judged beside ``longest``.
    ``busiest`` is the longest by what this thread itself was busy, whatever else the
    machine did.
    """

    longest: float = 0.0
    busiest: float = 0.0
    _stop: asyncio.Event = field(factory=asyncio.Event)

    async def watch(self) -> None:
        every = 0.01
        while not self._stop.is_set():
            began, busy = time.perf_counter(), time.thread_time()
            await asyncio.sleep(every)
            self.longest = max(self.longest, time.perf_counter() - began - every)
            self.busiest = max(self.busiest, time.thread_time() - busy)

    def stop(self) -> None:
        self._stop.set()


@asynccontextmanager
async def pauses() -> AsyncIterator[Pauses]:
    """Measure the pauses of the loop meanwhile."""
    found = Pauses()
    async with asyncio.TaskGroup() as group:
        group.create_task(found.watch())
        try:
            yield found
        finally:
            found.stop()
