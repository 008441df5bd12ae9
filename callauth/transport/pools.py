"""Pools: many small connection pools instead of one large one.

The work that httpx's pool does for one request grows with the number of its
connections, so connections are kept in pools of five and the least loaded pool is
used. The pool also loses a connection for good when a request is interrupted, so a
pool in which that happened takes no new request and is closed once it is empty.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
from attrs import define

if TYPE_CHECKING:
    import httpx

# A connection may wait this long for its peer while it is being closed.
CLOSE_SECONDS = 1.0


@define(eq=False)
class Pool:
    """Hold one httpx transport and how many requests are in it."""

    inner: httpx.AsyncBaseTransport
    in_use: int = 0
    is_retired: bool = False


class Pools:
    """Lend pools of ``size`` connections, as many at once as ``free`` has, in order."""

    def __init__(
        self,
        make: Callable[[], httpx.AsyncBaseTransport],
        *,
        size: int,
        free: asyncio.Semaphore,
    ) -> None:
        self._make = make
        self._size = size
        self._free = free
        self._pools: list[Pool] = []
        self._closing: set[asyncio.Task[None]] = set()
        self._is_closed = False

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[httpx.AsyncBaseTransport]:
        """Lend the least loaded pool for one request.

        Raises anyio's ClosedResourceError when all was closed meanwhile.
        """
        async with self._free:
            if self._is_closed:
                raise anyio.ClosedResourceError
            pool = self._pick()
            pool.in_use += 1
            is_clean = False
            try:
                yield pool.inner
                is_clean = True
            finally:
                pool.in_use -= 1
                await self._give_back(pool, is_clean=is_clean)

    async def aclose(self) -> None:
        """Close all pools; calling it again does nothing."""
        self._is_closed = True
        pools, self._pools = self._pools, []
        for pool in pools:
            pool.is_retired = True
            self._begin_closing(pool)
        if self._closing:
            await asyncio.wait(self._closing)

    def _pick(self) -> Pool:
        pool = min(self._pools, key=lambda pool: pool.in_use, default=None)
        if pool is None or pool.in_use >= self._size:
            pool = Pool(self._make())
            self._pools.append(pool)
        return pool

    async def _give_back(self, pool: Pool, *, is_clean: bool) -> None:
        if not is_clean and not pool.is_retired:
            pool.is_retired = True
            self._pools.remove(pool)
        if pool.is_retired and not pool.in_use:
            await asyncio.wait((self._begin_closing(pool),))

    def _begin_closing(self, pool: Pool) -> asyncio.Task[None]:
        # In a task that nobody cancels: one that is interrupted leaves connections open
        # that nobody knows any more.
        task = asyncio.get_running_loop().create_task(_closed(pool))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        return task


async def _closed(pool: Pool) -> None:
    with anyio.move_on_after(CLOSE_SECONDS):
        await pool.inner.aclose()
