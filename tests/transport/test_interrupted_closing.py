"""A pool in which a request was interrupted is closed to its end, whoever does it."""

from __future__ import annotations

import asyncio

import httpx
from attrs import define

from callauth.transport.pools import Pools


@define(eq=False)
class Slow(httpx.AsyncBaseTransport):
    """Take a few turns to close, as a pool with several connections does."""

    is_closed: bool = False

    async def aclose(self) -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        self.is_closed = True


async def _hold(pools: Pools, until: asyncio.Event) -> None:
    async with pools.connection():
        await until.wait()


async def test_a_cancelled_caller_does_not_stop_the_closing() -> None:
    """Connections that are left open then would be known to nobody."""
    made = Slow()
    pools = Pools(lambda: made, size=5, free=asyncio.Semaphore(5))
    go = asyncio.Event()
    interrupted, last = (asyncio.create_task(_hold(pools, go)) for _ in range(2))
    await asyncio.sleep(0)
    interrupted.cancel()
    await asyncio.wait((interrupted,))
    go.set()
    for _ in range(2):
        await asyncio.sleep(0)
    assert last.cancel()  # while it closes the pool

    await asyncio.wait((last,))
    await pools.aclose()

    assert made.is_closed
