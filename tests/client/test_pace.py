"""Turns: never too many in a second, never fewer than there may be."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callauth import ConfigurationError, ManualClock
from callauth.client.pace import Pace, Turns
from callauth.protocol.message import Replay
from tests.support.refusals import refused

_RATES = st.one_of(
    st.floats(0.05, 1.0), st.floats(1.0, 60.0), st.integers(1, 60).map(float)
)
# Crowds at one moment, trickles and long pauses.
_GAPS = st.lists(
    st.one_of(st.just(0.0), st.floats(0.0, 0.1), st.floats(0.0, 5.0)),
    min_size=1,
    max_size=120,
)


class LateClock(ManualClock):
    """Ring every alarm a little late, as a busy machine does."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds + 0.01)


@given(rate=_RATES, gaps=_GAPS)
def test_no_second_has_more_than_the_rate(rate: float, gaps: Sequence[float]) -> None:
    """However they arrive, and wherever the second begins."""
    passed = asyncio.run(_passed(rate, gaps))

    assert len(passed) == len(gaps)
    assert _most_in(passed, 1.0) <= max(1, math.floor(rate))


@given(rate=st.floats(0.05, 0.99), gaps=_GAPS)
def test_below_one_per_second_each_waits_its_whole_pause(
    rate: float, gaps: Sequence[float]
) -> None:
    """One call in ten seconds is not two in ten."""
    passed = asyncio.run(_passed(rate, gaps[:20]))

    assert _most_in(passed, 1 / rate) == 1


@pytest.mark.parametrize("rate", [0.5, 1.0, 7.0, 50.0, 200.0])
async def test_no_throughput_is_lost(rate: float) -> None:
    """Whoever pays for fifty per second gets fifty per second."""
    crowd = round(rate * 20)
    passed = await _passed(rate, [0.0] * crowd)

    assert passed[-1] <= 20.0 * 1.01


async def test_timers_that_ring_late_cost_nothing() -> None:
    """A pause of 10 ms is never 10 ms long on a busy machine."""
    passed = await _passed(100.0, [0.0] * 1000, LateClock())

    assert passed[-1] <= 10.0 * 1.02
    assert _most_in(passed, 1.0) <= 100


async def test_they_are_spread_over_the_second() -> None:
    """A second's worth at once is what providers turn away."""
    passed = await _passed(50.0, [0.0] * 200)

    assert _most_in(passed, 0.1) <= 8


async def test_without_a_limit_nobody_waits() -> None:
    """None is no limit."""
    assert set(await _passed(None, [0.0] * 500)) == {0.0}


async def test_slow_down_halves_the_rate_and_it_recovers() -> None:
    """A thirtieth of the rate comes back with each second."""
    clock = ManualClock()
    turns = Turns(clock, 60.0)
    turns.slow_down()
    passed = await _taken(turns, clock, until=30.0)

    by_second = [sum(n <= at < n + 1 for at in passed) for n in range(30)]
    assert 28 <= by_second[0] <= 34
    assert by_second[:14] == sorted(by_second[:14])
    assert min(by_second[16:]) >= 59
    assert _most_in(passed, 1.0) <= 60


async def test_each_slow_down_halves_again() -> None:
    """But it never stands still, so that it can recover."""
    clock = ManualClock()
    turns = Turns(clock, 64.0)
    for _ in range(2):
        turns.slow_down()
    quarter = await _taken(turns, clock, until=1.0)
    for _ in range(100):
        turns.slow_down()
    crawl = await _taken(turns, clock, until=3.0)

    assert 14 <= len(quarter) <= 20
    assert 1 <= len(crawl) <= 12


async def test_without_a_limit_it_slows_down_from_what_went_through() -> None:
    """The provider's limit is somewhere below that; later there is none again."""
    clock = ManualClock()
    turns = Turns(clock, None)
    for _ in range(100):
        await turns.turn()
        await clock.sleep(0.01)
    turns.slow_down()
    began = clock.monotonic()
    passed = await _taken(turns, clock, until=began + 1.0)
    await clock.sleep(30.0)
    later = clock.monotonic()
    for _ in range(500):
        await turns.turn()

    assert 45 <= len(passed) <= 60
    assert clock.monotonic() - later < 0.1


async def test_who_came_first_goes_first() -> None:
    """Nobody overtakes."""
    clock = ManualClock()
    turns = Turns(clock, 5.0)
    order: list[int] = []

    async def one(number: int) -> None:
        await turns.turn()
        order.append(number)

    await asyncio.gather(*(one(number) for number in range(30)))

    assert order == list(range(30))


async def test_a_waiter_who_leaves_takes_no_turn_with_him() -> None:
    """The others go as if he had never come."""
    clock = ManualClock()
    turns = Turns(clock, 5.0)
    passed: list[float] = []

    async def one() -> None:
        await turns.turn()
        passed.append(clock.monotonic())

    tasks = [asyncio.create_task(one()) for _ in range(21)]
    await clock.sleep(0.05)
    for leaving in tasks[1::2]:
        leaving.cancel()
    await asyncio.wait(tasks)

    assert passed == pytest.approx(await _passed(5.0, [0.0] * 11))


async def test_soon_is_as_fast_as_turns_and_takes_none() -> None:
    """Who waits for soon does so before he writes that he calls."""
    clock = ManualClock()
    turns = Turns(clock, 50.0)
    passed: list[float] = []

    async def one() -> None:
        await turns.soon()
        await turns.turn()
        passed.append(clock.monotonic())

    await asyncio.gather(*(one() for _ in range(200)))
    for _ in range(200):
        await turns.soon()

    assert passed[-1] <= 4.0 * 1.01
    assert _most_in(passed, 1.0) <= 50


def test_questions_have_turns_of_their_own() -> None:
    """Polling must not take the calls' turns."""
    pace = Pace(ManualClock(), calls_per_second=1.0, checks_per_second=None)

    checks = {pace.turns(Replay.SAFE), pace.turns(Replay.CONSUMING)}
    calls = {
        pace.turns(Replay.KEYED),
        pace.turns(Replay.ONCE_MORE),
        pace.turns(Replay.UNSENT_ONLY),
    }
    assert (checks, calls) == ({pace.checks}, {pace.calls})


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan, math.inf, True])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    """Zero would wait for ever."""
    with refused(ConfigurationError, match="^expected a rate above 0 per second$"):
        Turns(ManualClock(), rate)


async def _passed(
    rate: float | None, gaps: Sequence[float], clock: ManualClock | None = None
) -> list[float]:
    """Let people arrive after those gaps; return when each had his turn."""
    clock = clock or ManualClock()
    turns = Turns(clock, rate)
    passed: list[float] = []

    async def one() -> None:
        await turns.turn()
        passed.append(clock.monotonic())

    async with asyncio.TaskGroup() as group:
        for gap in gaps:
            if gap:
                await clock.sleep(gap)
            group.create_task(one())
    return passed


async def _taken(turns: Turns, clock: ManualClock, *, until: float) -> list[float]:
    passed: list[float] = []
    while True:
        await turns.turn()
        if clock.monotonic() >= until:
            return passed
        passed.append(clock.monotonic())


def _most_in(passed: Sequence[float], seconds: float) -> int:
    """Return how many there were at most in a window without its end."""
    most = first = 0
    for last, at in enumerate(passed):
        while passed[first] <= at - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
