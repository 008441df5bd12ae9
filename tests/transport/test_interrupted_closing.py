"""A pool in which a request was interrupted is closed to its end, whoever does it."""

from __future__ import annotations

import asyncio

import anyio
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
    async with pools.connection("http://x.example"):
        await until.wait()


async def test_a_cancelled_caller_does_not_stop_the_closing() -> None:
    """Connections that are left open then would be known to nobody."""
    made = Slow()
    pools = Pools(lambda: made, free=asyncio.Semaphore(5))
    interrupted = asyncio.create_task(_hold(pools, asyncio.Event()))
    await asyncio.sleep(0)
    interrupted.cancel()
    for _ in range(2):
        await asyncio.sleep(0)
    assert interrupted.cancel()  # while it closes the pool

    await asyncio.wait((interrupted,))
    await pools.aclose()

    assert made.is_closed


async def test_closing_may_meet_an_interruption_elsewhere() -> None:
    """A pool is closed by whoever empties it, while others are still closing."""
    pools = Pools(Slow, free=asyncio.Semaphore(2))
    go = asyncio.Event()
    first, second = (asyncio.create_task(_hold(pools, go)) for _ in range(2))
    await asyncio.sleep(0)
    closing = asyncio.create_task(pools.aclose())
    await asyncio.sleep(0)

    second.cancel()
    await asyncio.wait((second,))
    await asyncio.wait((closing, first))

    assert second.cancelled()
    assert isinstance(first.exception(), anyio.ClosedResourceError)


async def test_pools_close_together() -> None:
    """Hundreds of servers that say no goodbye must not be waited for in turn."""
    made: list[Slow] = []

    def make() -> Slow:
        made.append(Slow())
        return made[-1]

    pools = Pools(make, free=asyncio.Semaphore(9))
    go = asyncio.Event()
    held = [asyncio.create_task(_hold(pools, go)) for _ in range(9)]
    await asyncio.sleep(0)
    go.set()
    await asyncio.wait(held)

    closing = asyncio.create_task(pools.aclose())
    for _ in range(6):
        await asyncio.sleep(0)

    assert [each.is_closed for each in made] == [True] * 9
    await closing
