"""Polling for a crowd: one pace, one timer, nobody forgotten."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import Counter
from itertools import pairwise

import pytest

from callauth import (
    Confirmed,
    Expired,
    ManualClock,
    NumberLease,
    PhoneNumber,
    PollSchedule,
    TelefonIPClient,
)
from callauth.client.poller import Done, Poller
from callauth.client.tasks import Tasks
from callauth.sandbox import Latency, Subscriber
from tests.support.refusals import refused

from .world import World

_CHECK = "reverse_auth_phone_check"


class _Pending:
    """Be pending until the end, and note when somebody asked."""

    def __init__(self, clock: ManualClock, last: float, seconds: float = 0.0) -> None:
        self.last_check_at = last
        self.asked: list[float] = []
        self.was_last = False
        self._clock = clock
        self._seconds = seconds

    async def check(self, *, is_last: bool) -> Done[str] | None:
        """Take a while to say no."""
        self.asked.append(self._clock.monotonic())
        if self._seconds:
            await self._clock.sleep(self._seconds)
        self.was_last = is_last
        return Done("over") if is_last else None

    def over(self) -> str:
        """End without having been asked."""
        return "over"


def _most_within_a_second(times: list[float]) -> int:
    times = sorted(times)
    return max(
        index + 1 - bisect_left(times, moment - 1.0 + 1e-6)
        for index, moment in enumerate(times)
    )


async def _crowd(
    clock: ManualClock, schedule: PollSchedule, watches: list[_Pending]
) -> Tasks:
    """Wait for all of them at once."""
    tasks = Tasks("telefonip", clock)
    poller = Poller(clock, schedule, tasks)
    await asyncio.gather(*(poller.wait(watch) for watch in watches))
    return tasks


@pytest.mark.parametrize("first", [9.9, 9.995, 10.0])
async def test_the_last_check_is_never_early(first: float) -> None:
    """Whoever dials in the last moment is still heard."""
    clock = ManualClock()
    schedule = PollSchedule(
        first_seconds=first, growth=1.0, longest_seconds=first, jitter=0.0
    )
    watch = _Pending(clock, 10.0)
    await _crowd(clock, schedule, [watch])

    assert watch.was_last
    assert watch.asked[-1] == pytest.approx(10.0, abs=1e-6)
    assert len(watch.asked) == (2 if first == 9.9 else 1)


async def test_ten_thousand_pending_are_asked_at_the_pace_of_one_client() -> None:
    """A provider that allows fifty questions a second gets fifty."""
    clock = ManualClock()
    watches = [_Pending(clock, 300.0) for _ in range(10_000)]

    await _crowd(clock, PollSchedule(), watches)

    times = [m for watch in watches for m in watch.asked if m < 300]
    assert _most_within_a_second(times) <= 50
    within = [moment for moment in times if moment >= 1.2]
    assert len(within) >= 0.98 * 50 * (300 - 1.2)


async def test_ten_thousand_pending_are_asked_in_turn() -> None:
    """Nobody is asked about a second time before everybody was asked about once."""
    clock = ManualClock()
    watches = [_Pending(clock, 600.0) for _ in range(10_000)]

    await _crowd(clock, PollSchedule(), watches)

    firsts = [watch.asked[0] for watch in watches]
    seconds = [watch.asked[1] for watch in watches]
    assert max(firsts) <= min(seconds)
    counts = Counter(len([m for m in w.asked if m < 600]) for w in watches)
    assert max(counts) - min(counts) <= 1
    assert clock.monotonic() <= 605.1


async def test_pending_entries_cost_no_task_each() -> None:
    """Only a check on its way is a task."""
    clock = ManualClock(autojump=False)
    tasks = Tasks("telefonip", clock)
    poller = Poller(clock, PollSchedule(checks_in_flight=7), tasks)
    watches = [_Pending(clock, 500.0, seconds=3.0) for _ in range(2000)]
    waits = [asyncio.ensure_future(poller.wait(watch)) for watch in watches]
    before = len(asyncio.all_tasks())
    most = 0
    for _ in range(60):
        await clock.advance(0.25)
        most = max(most, len(asyncio.all_tasks()) - before)

    assert most == 7
    for wait in waits:
        wait.cancel()
    await asyncio.wait(waits)
    await clock.advance(10)
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize(
    ("in_flight", "seconds", "most"), [(1, 2.0, 1), (20, 0.9, 20), (3, 0.01, 1)]
)
async def test_never_more_checks_are_on_their_way_than_allowed(
    in_flight: int, seconds: float, most: int, world: World
) -> None:
    """A slow provider is not buried under questions."""
    world.sandbox.faults.add(Latency(seconds), operation=_CHECK, times=None)
    schedule = PollSchedule(checks_in_flight=in_flight)
    async with world.telefonip(poll=schedule) as client:
        leases = [await _lease(client, world) for _ in range(100)]
        world.wire.most_in_flight = 0
        outcomes = await asyncio.gather(*(client.wait_call(lease) for lease in leases))

    assert {type(outcome) for outcome in outcomes} == {Expired}
    assert world.wire.most_in_flight == most


@pytest.mark.parametrize("rate", [0.5, 3.0, 50.0])
async def test_no_more_checks_begin_in_a_second_than_allowed(
    rate: float, world: World
) -> None:
    """In any second, not only in those of the clock on the wall."""
    schedule = PollSchedule(checks_per_second=rate)
    async with world.telefonip(poll=schedule) as client:
        leases = [await _lease(client, world) for _ in range(100)]
        await asyncio.gather(*(client.wait_call(lease) for lease in leases))

    gaps = [b - a for a, b in pairwise(world.wire.times(_CHECK))]
    assert min(gaps) >= 1 / rate - 1e-6
    assert _most_within_a_second(world.wire.times(_CHECK)) <= max(1, rate)


async def _lease(
    client: TelefonIPClient, world: World, dials_after: float | None = None
) -> NumberLease:
    phone: PhoneNumber = world.stranger()
    world.sandbox.network.subscribers[phone] = Subscriber(
        dials_after_seconds=dials_after
    )
    return await client.reverse_auth_phone_get(phone)


async def test_all_of_a_crowd_are_confirmed_in_time(world: World) -> None:
    """Five hundred people dial, and five hundred are let in."""
    world.sandbox.telefonip.numbers.extend(
        PhoneNumber(f"+7964000{number:04}") for number in range(600)
    )
    async with world.telefonip() as client:
        leases = [await _lease(client, world, 20.0) for _ in range(500)]
        outcomes = await asyncio.gather(*(client.wait_call(lease) for lease in leases))

    assert Counter(type(outcome) for outcome in outcomes) == {Confirmed: 500}
    assert world.clock.monotonic() <= 20 + 500 / 50 + 6


async def test_the_pauses_grow_and_are_jittered(world: World) -> None:
    """Whoever dials soon is seen soon; whoever does not costs little."""
    async with world.telefonip() as client:
        lease = await _lease(client, world)
        await client.wait_call(lease)
    gaps = [b - a for a, b in pairwise([0.0, *world.wire.times(_CHECK)])]

    for index, gap in enumerate(gaps[:-1]):
        planned = min(5.0, 1.3**index)
        assert planned * 0.9 <= gap <= planned * 1.1
    assert len({round(gap / min(5.0, 1.3**i), 6) for i, gap in enumerate(gaps)}) > 5
    assert 25 <= len(gaps) <= 40


async def test_without_jitter_the_pauses_are_the_plan(world: World) -> None:
    """Somebody may want to know exactly."""
    schedule = PollSchedule(jitter=0.0, growth=1.0, first_seconds=10.0)
    async with world.telefonip(poll=schedule) as client:
        await client.wait_call(await _lease(client, world))

    assert world.wire.times(_CHECK)[:3] == [5.0, 10.0, 15.0]


class _Broken(_Pending):
    async def check(self, *, is_last: bool) -> Done[str] | None:
        """Fail as only a bug does."""
        raise ZeroDivisionError


async def test_a_defect_in_a_check_reaches_whoever_waits() -> None:
    """A bug that is swallowed looks like a person who did not call."""
    clock = ManualClock()

    with refused(ZeroDivisionError):
        await _crowd(clock, PollSchedule(), [_Broken(clock, 600.0)])


class _BrokenInTheEnd(_Pending):
    def over(self) -> str:
        """Fail as only a bug does."""
        raise ZeroDivisionError


async def test_a_defect_in_the_end_reaches_whoever_waits() -> None:
    """A wait that nobody ends is one without a deadline."""
    clock = ManualClock()
    schedule = PollSchedule(checks_in_flight=1)
    watches = [_Pending(clock, 10.0, 100.0), _BrokenInTheEnd(clock, 10.0)]

    with refused(ZeroDivisionError):
        await asyncio.wait_for(_crowd(clock, schedule, watches), timeout=10.0)


async def test_many_who_left_are_skipped_without_a_question(world: World) -> None:
    """A thousand closed pages do not slow down the one that is open."""
    async with world.telefonip() as client:
        gone = [
            asyncio.ensure_future(client.wait_call(await _lease(client, world)))
            for _ in range(1000)
        ]
        await asyncio.sleep(0)
        for wait in gone:
            wait.cancel()
        await asyncio.wait(gone)
        began = world.clock.monotonic()
        lease = await _lease(client, world, 0.5)

        assert type(await client.wait_call(lease)) is Confirmed

    assert world.clock.monotonic() - began <= 1.2
    assert len(world.wire.times(_CHECK)) == 1


async def test_waits_that_begin_later_do_not_wait_for_those_that_pause(
    world: World,
) -> None:
    """The first check of a new wait comes before the fortieth of an old one."""
    async with world.telefonip() as client:
        old = asyncio.ensure_future(client.wait_call(await _lease(client, world)))
        await world.clock.sleep(60)
        began = world.clock.monotonic()
        await client.wait_call(await _lease(client, world, 0.5))

        assert world.clock.monotonic() - began <= 1.2
        assert type(await old) is Expired


async def test_a_crowd_that_nobody_could_ask_about_expires_in_time(
    world: World,
) -> None:
    """What is over is over, whether or not there was time to ask."""
    async with world.telefonip() as client:
        leases = [await _lease(client, world) for _ in range(400)]
        outcomes = await asyncio.gather(*(client.wait_call(lease) for lease in leases))

    assert {type(outcome) for outcome in outcomes} == {Expired}
    assert world.clock.monotonic() <= 135.3
