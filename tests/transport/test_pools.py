from __future__ import annotations

import asyncio

import httpx
import pytest
from attrs import define, field

from callauth.transport.pools import Pools


@define(eq=False)
class _Inner(httpx.AsyncBaseTransport):
    """Stand in for a pool of httpx, and note when it is closed."""

    number: int
    closed: int = 0

    async def aclose(self) -> None:
        self.closed += 1


@define(eq=False)
class _Lent:
    """Hold pools, what they were made of, and who has a connection."""

    most: int = 100
    made: list[_Inner] = field(factory=list)
    pools: Pools = field(init=False)
    _ends: dict[int, asyncio.Event] = field(factory=dict)
    tasks: dict[int, asyncio.Task[None]] = field(factory=dict)
    used: dict[int, int] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        free = asyncio.Semaphore(self.most)
        self.pools = Pools(self._make, free=free)

    def _make(self) -> _Inner:
        self.made.append(_Inner(len(self.made)))
        return self.made[-1]

    async def take(self, *names: int) -> None:
        """Let each of these take a connection, and keep it."""
        for name in names:
            self._ends[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._hold(name))
            await asyncio.sleep(0)

    async def give_back(self, *names: int) -> None:
        """Let each of these give its connection back."""
        for name in names:
            self._ends[name].set()
            await self.tasks[name]
            await asyncio.sleep(0)

    async def interrupt(self, name: int) -> None:
        """Cancel one of them in the middle of its request."""
        self.tasks[name].cancel()
        await asyncio.gather(self.tasks[name], return_exceptions=True)

    async def _hold(self, name: int) -> None:
        async with self.pools.connection("http://x.example") as inner:
            assert isinstance(inner, _Inner)
            self.used[name] = inner.number
            await self._ends[name].wait()


async def test_each_pool_carries_one_request() -> None:
    """The work of httpx's pool grows with its connections."""
    lent = _Lent()

    await lent.take(*range(3))

    assert lent.used == {0: 0, 1: 1, 2: 2}


async def test_the_pool_that_was_used_last_comes_first() -> None:
    """The others grow old, and are closed."""
    lent = _Lent()
    await lent.take(0, 1, 2)
    await lent.give_back(0, 2, 1)

    await lent.take(3, 4)

    assert [lent.used[name] for name in (3, 4)] == [1, 2]


async def test_a_pool_that_nobody_needs_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its server has closed the other end by then."""
    lent = _Lent()
    await lent.take(0, 1, 2)
    await lent.give_back(0, 1)
    loop = asyncio.get_running_loop()
    later = loop.time() + 6.0
    monkeypatch.setattr(loop, "time", lambda: later)

    # Nobody asks for anything any more.
    for _ in range(3):
        await asyncio.sleep(0)

    assert [inner.closed for inner in lent.made] == [1, 1, 0]


async def test_those_who_wait_come_in_their_order() -> None:
    """Whoever came first has the shortest time left."""
    lent = _Lent(most=2)
    await lent.take(0, 1, 2, 3, 4)
    order = []

    for name in (0, 1, 2):
        await lent.give_back(name)
        order.append(sorted(lent.used))

    assert order == [[0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4]]


async def test_whoever_stops_waiting_takes_no_connection() -> None:
    """A connection that is lost at each time-out ends in a standstill."""
    lent = _Lent(most=1)
    await lent.take(0, 1, 2)

    await lent.interrupt(1)
    await lent.give_back(0)

    assert sorted(lent.used) == [0, 2]


async def test_a_pool_with_an_interruption_is_closed() -> None:
    """Httpx loses a connection for good when its request is interrupted."""
    lent = _Lent()
    await lent.take(0, 1)

    await lent.interrupt(0)
    await lent.take(2)

    assert [lent.used[name] for name in (1, 2)] == [1, 2]
    assert [inner.closed for inner in lent.made] == [1, 0, 0]


async def test_a_pool_without_interruption_stays_open() -> None:
    """A connection that works is worth keeping."""
    lent = _Lent()
    await lent.take(0, 1)

    await lent.give_back(0, 1)

    assert [inner.closed for inner in lent.made] == [0, 0]


async def test_closing_twice_closes_once() -> None:
    """Whoever is not sure that it is closed closes it again."""
    lent = _Lent()
    await lent.take(0)
    await lent.give_back(0)

    await lent.pools.aclose()
    await lent.pools.aclose()

    assert [inner.closed for inner in lent.made] == [1]
