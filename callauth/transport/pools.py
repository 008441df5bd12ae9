"""Pools: one httpx pool for each connection, instead of a large one for all.

The work that httpx's pool does for one request grows with the number of its
connections: with 32 requests at once a call takes 2,000 µs in one pool, 870 in pools of
five, and 620 in pools of one. A pool also loses a connection for good when a request is
interrupted, so one in which that happened is closed.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
from attrs import define

if TYPE_CHECKING:
    import httpx

# A connection may wait this long for its peer while it is being closed.
CLOSE_SECONDS = 1.0
# As httpx does; a server that closes its end would leave ours open otherwise.
_KEPT_SECONDS = 5.0


@define(eq=False)
class Pool:
    """Hold one httpx transport, when its last request ended, and what ends this one.

    Its connection leads to ``origin``.
    """

    inner: httpx.AsyncBaseTransport
    origin: str
    idle_since: float = 0.0
    in_use: anyio.CancelScope | None = None


class Pools:
    """Lend pools of one connection, as many at once as ``free`` has, in order."""

    def __init__(
        self, make: Callable[[], httpx.AsyncBaseTransport], *, free: asyncio.Semaphore
    ) -> None:
        self._make = make
        self._free = free
        self._pools: set[Pool] = set()
        # By origin; the last used is the last, so those that nobody needs grow old.
        self._idle: defaultdict[str, deque[Pool]] = defaultdict(deque)
        self._closing: set[asyncio.Task[None]] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._is_closed = False

    @asynccontextmanager
    async def connection(self, origin: str) -> AsyncIterator[httpx.AsyncBaseTransport]:
        """Lend the pool that was used last there for one request.

        Raises anyio's ClosedResourceError when all was closed meanwhile.
        """
        async with self._free:
            if self._is_closed:
                raise anyio.ClosedResourceError
            idle = self._idle[origin]
            pool = idle.pop() if idle else self._made(origin)
            with anyio.CancelScope() as pool.in_use:
                is_clean = False
                try:
                    yield pool.inner
                    is_clean = True
                finally:
                    await self._give_back(pool, is_clean=is_clean)
                return
            raise anyio.ClosedResourceError

    def close(self) -> None:
        """Begin to close all pools, and end the requests in them."""
        self._is_closed = True
        self._idle.clear()
        if self._sweep is not None:
            self._sweep.cancel()
        for pool in tuple(self._pools):
            # One that is still connecting has nothing yet that could be closed.
            if pool.in_use is not None:
                pool.in_use.cancel()
            self._begin_closing(pool)

    async def aclose(self) -> None:
        """Close all pools; calling it again does nothing."""
        self.close()
        while self._closing:
            await asyncio.wait(self._closing)

    def _made(self, origin: str) -> Pool:
        pool = Pool(self._make(), origin)
        self._pools.add(pool)
        return pool

    async def _give_back(self, pool: Pool, *, is_clean: bool) -> None:
        pool.in_use = None
        if not is_clean or self._is_closed:
            await asyncio.wait((self._begin_closing(pool),))
            return
        loop = asyncio.get_running_loop()
        pool.idle_since = loop.time()
        self._idle[pool.origin].append(pool)
        if self._sweep is None:
            self._sweep = loop.call_later(_KEPT_SECONDS, self._close_old, loop)

    def _close_old(self, loop: asyncio.AbstractEventLoop) -> None:
        oldest = loop.time() - _KEPT_SECONDS
        for idle in self._idle.values():
            while idle and idle[0].idle_since <= oldest:
                self._begin_closing(idle.popleft())
        self._sweep = None
        if any(self._idle.values()):
            self._sweep = loop.call_later(_KEPT_SECONDS, self._close_old, loop)

    def _begin_closing(self, pool: Pool) -> asyncio.Task[None]:
        self._pools.discard(pool)
        # In a task that nobody cancels: one that is interrupted leaves connections open
        # that nobody knows any more.
        task = asyncio.get_running_loop().create_task(_closed(pool))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        return task


async def _closed(pool: Pool) -> None:
    with anyio.move_on_after(CLOSE_SECONDS):
        await pool.inner.aclose()
