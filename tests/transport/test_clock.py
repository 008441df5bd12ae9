from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callauth.errors import ConfigurationError
from callauth.transport.clock import ManualClock, SystemClock, sleep
from callauth.transport.port import Clock
from tests.support.refusals import refused

_START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that jumps."""
    return ManualClock(_START)


@pytest.fixture
def hand() -> ManualClock:
    """Return a clock that moves only by hand."""
    return ManualClock(_START, autojump=False)


async def _turns(number: int = 10) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def _idle() -> None:
    """Leave the loop with nothing to do for a moment: then a clock jumps."""
    await asyncio.sleep(0.001)


async def test_a_sleep_of_an_hour_takes_no_time(clock: ManualClock) -> None:
    """Nothing in a test waits for real."""
    await clock.sleep(3600)

    assert clock.monotonic() == 3600.0
    assert clock.now() == _START + timedelta(hours=1)


async def test_sleepers_wake_in_the_order_of_their_time(clock: ManualClock) -> None:
    """As they would on a clock that runs."""
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.monotonic()))

    await asyncio.gather(sleeper("c", 3), sleeper("a", 1), sleeper("b", 2))

    assert woken == [("a", 1.0), ("b", 2.0), ("c", 3.0)]


async def test_sleepers_of_one_moment_wake_in_the_order_they_fell_asleep(
    clock: ManualClock,
) -> None:
    """Two runs of a test must be alike."""
    woken: list[int] = []

    async def sleeper(number: int) -> None:
        await clock.sleep(1)
        woken.append(number)

    await asyncio.gather(*(sleeper(number) for number in range(20)))

    assert woken == list(range(20))


async def test_it_does_not_jump_while_anything_can_run(clock: ManualClock) -> None:
    """A task that works takes no time."""
    sleeper = asyncio.ensure_future(clock.sleep(5))

    for _ in range(100):
        await asyncio.sleep(0)
        assert clock.monotonic() == 0.0
        asyncio.get_running_loop().call_soon(lambda: None)

    await sleeper
    assert clock.monotonic() == 5.0


async def test_a_sleep_within_a_sleep_adds_up(clock: ManualClock) -> None:
    """Each starts where the one before has ended."""
    await clock.sleep(1.5)
    await clock.sleep(0)
    await clock.sleep(-3)
    await clock.sleep(2)

    assert clock.monotonic() == 3.5


async def test_a_call_comes_once_at_its_time(clock: ManualClock) -> None:
    """That is how a lease runs out."""
    calls: list[float] = []
    clock.call_later(2, lambda: calls.append(clock.monotonic()))

    await clock.sleep(10)

    assert calls == [2.0]


async def test_a_call_that_was_called_off_never_comes(clock: ManualClock) -> None:
    """Neither does the clock jump to it."""
    calls: list[int] = []
    timer = clock.call_later(100, lambda: calls.append(1))
    timer.cancel()
    timer.cancel()

    await clock.sleep(1)
    await _idle()

    assert (calls, clock.monotonic()) == ([], 1.0)


async def test_calling_off_too_late_is_no_error(clock: ManualClock) -> None:
    """A callback may call off its own timer."""
    calls: list[int] = []
    timer = clock.call_later(1, lambda: calls.append(1))

    await clock.sleep(2)
    timer.cancel()

    assert calls == [1]


async def test_one_callback_may_call_off_another_of_the_same_moment(
    clock: ManualClock,
) -> None:
    """The first of two events makes the second harmless."""
    calls: list[str] = []

    def first() -> None:
        calls.append("first")
        second.cancel()

    clock.call_later(1, first)
    second = clock.call_later(1, lambda: calls.append("second"))

    await clock.sleep(2)

    assert calls == ["first"]


async def test_a_cancelled_sleep_leaves_no_alarm(clock: ManualClock) -> None:
    """Otherwise the clock would jump to a moment that nobody waits for."""
    sleeper = asyncio.ensure_future(clock.sleep(1000))
    await asyncio.sleep(0)
    sleeper.cancel()
    with refused(asyncio.CancelledError):
        await sleeper

    await clock.sleep(1)
    await _idle()

    assert clock.monotonic() == 1.0


async def test_a_sleep_that_is_cancelled_as_it_wakes_is_cancelled(
    hand: ManualClock,
) -> None:
    """Cancellation is never swallowed, and the alarm finds nobody to wake."""
    sleeper = asyncio.ensure_future(hand.sleep(1))
    hand.call_later(1, sleeper.cancel)
    await hand.advance(2)

    with refused(asyncio.CancelledError):
        await sleeper


async def test_an_alarm_that_comes_after_the_cancellation_wakes_nobody() -> None:
    """The alarm may be on its way when the sleeper is cancelled."""
    late = _LateClock()
    sleeper = asyncio.ensure_future(sleep(late, 1))
    await asyncio.sleep(0)
    sleeper.cancel()
    with refused(asyncio.CancelledError):
        await sleeper

    late.ring()

    assert sleeper.cancelled()


class _LateClock(SystemClock):
    """Ring even what was called off."""

    def __init__(self) -> None:
        self.ring: Callable[[], object] = lambda: None

    def call_later(
        self, seconds: float, callback: Callable[[], object]
    ) -> asyncio.TimerHandle:
        self.ring = callback
        return asyncio.get_running_loop().call_later(0, lambda: None)


async def test_by_hand_it_moves_only_when_advanced(hand: ManualClock) -> None:
    """A test stops the time to look around."""
    sleeper = asyncio.ensure_future(hand.sleep(5))
    await _turns(50)
    assert (hand.monotonic(), sleeper.done()) == (0.0, False)

    await hand.advance(4.9)
    assert (hand.monotonic(), sleeper.done()) == (4.9, False)

    await hand.advance(0.2)
    assert hand.monotonic() == pytest.approx(5.1)
    assert sleeper.done()


async def test_whatever_is_due_happens_at_its_time_while_advancing(
    hand: ManualClock,
) -> None:
    """Also what was asked for meanwhile."""
    seen: list[float] = []

    async def poll() -> None:
        while True:
            await hand.sleep(1)
            seen.append(hand.monotonic())

    poller = asyncio.ensure_future(poll())
    await hand.advance(3.5)
    poller.cancel()

    assert seen == [1.0, 2.0, 3.0]
    assert hand.monotonic() == 3.5


async def test_advancing_by_nothing_lets_what_is_ready_run(hand: ManualClock) -> None:
    """What is due now happens now."""
    calls: list[int] = []
    hand.call_later(0, lambda: calls.append(1))

    await hand.advance(0)

    assert (calls, hand.monotonic()) == ([1], 0.0)


async def test_what_a_callback_sets_off_ends_before_the_next_one(
    hand: ManualClock,
) -> None:
    """Work takes no time on this clock, however many turns of the loop it takes."""
    seen: list[float] = []

    async def work() -> None:
        await hand.sleep(1)
        await _turns(20)
        seen.append(hand.monotonic())

    worker = asyncio.ensure_future(work())
    hand.call_later(2, lambda: seen.append(hand.monotonic()))
    await hand.advance(3)

    assert seen == [1.0, 2.0]
    assert worker.done()


@pytest.mark.parametrize("seconds", [-1.0, -1e-9, math.nan, -math.inf])
async def test_it_never_runs_backwards(seconds: float, hand: ManualClock) -> None:
    """Seconds that only ever grow are what waiting is built on."""
    await hand.advance(5)

    with refused(ConfigurationError):
        await hand.advance(seconds)

    assert hand.monotonic() == 5.0


async def test_a_jumping_clock_can_be_advanced_as_well(clock: ManualClock) -> None:
    """It stops where it was told to, and goes on jumping afterwards."""
    sleeper = asyncio.ensure_future(clock.sleep(50))
    calls: list[float] = []
    clock.call_later(3, lambda: calls.append(clock.monotonic()))

    async with asyncio.timeout(5):
        await clock.advance(10)

    assert (calls, clock.monotonic(), sleeper.done()) == ([3.0], 10.0, False)
    await sleeper
    assert clock.monotonic() == 50.0


async def test_two_cannot_turn_it_at_once(hand: ManualClock) -> None:
    """Each would wait for the other to be idle."""
    first = asyncio.ensure_future(hand.advance(10))
    await asyncio.sleep(0)

    with refused(ConfigurationError):
        await hand.advance(5)

    await first
    assert hand.monotonic() == 10.0


async def test_the_wall_clock_can_be_set_off(clock: ManualClock) -> None:
    """A time server steps it; waiting goes on undisturbed."""
    clock.step_wall(timedelta(hours=-1))
    await clock.sleep(60)
    clock.step_wall(timedelta(hours=3))

    assert clock.monotonic() == 60.0
    assert clock.now() == _START + timedelta(hours=2, seconds=60)


def test_a_clock_starts_on_a_fixed_day() -> None:
    """Two runs of a test must be alike."""
    assert ManualClock().now() == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_start_without_a_time_zone_is_refused() -> None:
    """Leases are compared with it."""
    with refused(ConfigurationError, match="time zone"):
        ManualClock(_START.replace(tzinfo=None))


class _OtherLoop(asyncio.SelectorEventLoop):
    """Stand in for an event loop written in another language."""

    def __init__(self) -> None:
        super().__init__()
        self.close()
        vars(self).pop("_ready")


def test_another_event_loop_is_refused_where_it_is_asked() -> None:
    """Complaining in a callback of the loop would leave the sleeper asleep for ever."""
    asyncio._set_running_loop(_OtherLoop())
    try:
        with refused(ConfigurationError, match="asyncio's own event loop"):
            ManualClock().call_later(1, lambda: None)
    finally:
        asyncio._set_running_loop(None)


@given(st.lists(st.floats(0, 1e6), max_size=8), st.lists(st.floats(0, 1e6), max_size=8))
def test_any_timers_ring_in_order(waits: list[float], turns: list[float]) -> None:
    """However it is turned, the time grows and each timer rings at its moment."""
    rung: list[tuple[float, float]] = []

    def note(hand: ManualClock, wait: float) -> None:
        rung.append((wait, hand.monotonic()))

    async def run() -> ManualClock:
        hand = ManualClock(autojump=False)
        for wait in waits:
            hand.call_later(wait, partial(note, hand, wait))
        for turn in (0.0, *turns):
            await hand.advance(turn)
        return hand

    hand = asyncio.run(run())

    assert [at for _, at in rung] == sorted(wait for wait, _ in rung)
    assert all(wait == at for wait, at in rung)
    assert {wait for wait, _ in rung} == {w for w in waits if w <= hand.monotonic()}


async def test_the_clock_of_the_machine_tells_utc() -> None:
    """What is stored is compared on other machines."""
    clock: Clock = SystemClock()
    before = datetime.now(UTC)

    now = clock.now()

    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC


async def test_the_clock_of_the_machine_passes_the_time() -> None:
    """It is the one that production waits with."""
    clock: Clock = SystemClock()
    woken = asyncio.Event()
    before = clock.monotonic()
    clock.call_later(0.001, woken.set)

    await clock.sleep(0.001)
    await woken.wait()

    assert clock.monotonic() - before >= 0.0009
