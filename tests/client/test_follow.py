"""Following: what nobody awaits is checked by its key until it ends."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable

import pytest

from callauth import ManualClock, NotSent, PollSchedule
from callauth.client.poller import Done, Later, Poller
from callauth.client.tasks import Tasks
from callauth.errors import ConfigurationError
from callauth.transport.port import Timer
from tests.support.refusals import refused
from tests.support.tracked import tracked

_EVERY_SECOND = PollSchedule(growth=1.0, jitter=0.0)


class _Asker:
    """Answer as told, and note who was asked when and who was not."""

    def __init__(self, clock: ManualClock) -> None:
        self.asked: list[tuple[str, float, bool]] = []
        self.unasked: list[tuple[str, float]] = []
        self.answers: dict[str, Done[None] | Later | Exception] = {}
        self._clock = clock

    async def check(self, key: str, *, is_last: bool) -> Done[None] | Later | None:
        """Say what was told, and else that it is pending."""
        self.asked.append((key, self._clock.monotonic(), is_last))
        answer = self.answers.get(key)
        if isinstance(answer, Exception):
            raise answer
        return answer or (Done(None) if is_last else None)

    def over(self, key: str) -> None:
        """Note that nobody asked."""
        self.unasked.append((key, self._clock.monotonic()))

    def times(self, key: str) -> list[float]:
        """Return when that one was asked about."""
        return [at for asked, at, _ in self.asked if asked == key]


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that moves only by hand."""
    return ManualClock(autojump=False)


@pytest.fixture
def asker(clock: ManualClock) -> _Asker:
    """Return one who asks about all of them."""
    return _Asker(clock)


def _poller(clock: ManualClock, schedule: PollSchedule = _EVERY_SECOND) -> Poller:
    return Poller(clock, schedule, Tasks("telefonip", clock))


async def test_each_is_checked_until_its_own_end(
    clock: ManualClock, asker: _Asker
) -> None:
    """One asker for all of them, and to each its own time."""
    poller = _poller(clock)
    poller.follow(asker, "short", last_check_at=2.5)
    poller.follow(asker, "long", last_check_at=4.0)
    assert len(poller) == 2

    await clock.advance(20)

    assert asker.times("short") == pytest.approx([1, 2, 2.5], abs=0.1)
    assert asker.times("long") == pytest.approx([1, 2, 3, 4], abs=0.1)
    lasts = [(key, round(at, 1)) for key, at, is_last in asker.asked if is_last]
    assert lasts == [("short", 2.5), ("long", 4.0)]
    assert (len(poller), asker.unasked) == (0, [])


async def test_what_is_done_is_asked_about_no_more(
    clock: ManualClock, asker: _Asker
) -> None:
    """Neither checked again, nor over a second time."""
    poller = _poller(clock)
    asker.answers["done"] = Done(None)
    poller.follow(asker, "done", last_check_at=10.0)

    await clock.advance(30)

    assert (asker.times("done"), asker.unasked) == ([1.0], [])


async def test_a_pause_that_is_asked_for_is_made(
    clock: ManualClock, asker: _Asker
) -> None:
    """As long as the provider wants, but never beyond the last check."""
    poller = _poller(clock)
    asker.answers["later"] = Later(4.0)
    poller.follow(asker, "later", last_check_at=7.0)

    await clock.advance(7.5)

    assert asker.times("later")[:3] == [1.0, 5.0, 7.0]


@pytest.mark.parametrize(
    ("error", "reported"), [(ZeroDivisionError(), 1), (NotSent("x", "y", "z"), 0)]
)
async def test_what_a_check_raises_ends_that_one_alone(
    error: Exception, reported: int, clock: ManualClock, asker: _Asker
) -> None:
    """A defect is told to the loop, since nobody awaits it."""
    heard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: heard.append(context["exception"])
    )
    poller = _poller(clock)
    asker.answers["broken"] = error
    poller.follow(asker, "broken", last_check_at=10.0)
    poller.follow(asker, "whole", last_check_at=3.0)

    await clock.advance(20)

    assert heard == [error] * reported
    assert len(asker.times("broken")) == 1
    assert len(asker.times("whole")) == 3
    assert len(poller) == 0


async def test_a_crowd_without_turns_is_over_in_time(
    clock: ManualClock, asker: _Asker
) -> None:
    """Each five seconds after its last check was due, whoever was asked about."""
    poller = _poller(clock, PollSchedule(checks_per_second=0.5))
    for number in range(300):
        poller.follow(asker, str(number), last_check_at=number / 10)

    await clock.advance(60)

    late = [at - int(key) / 10 - 5.0 for key, at in asker.unasked]
    assert len(late) > 250
    assert min(late) >= -0.011
    assert max(late) <= 0.001
    assert {key for key, _ in asker.unasked} | {
        key for key, _, is_last in asker.asked if is_last
    } == {str(number) for number in range(300)}


class _Counting(_Asker):
    """Count how many end before anything else has a turn."""

    in_one_go: list[int]

    def over(self, key: str) -> None:
        """Ask for a turn with the first of them."""
        super().over(key)
        if not self.in_one_go or self.in_one_go[-1] == 0:
            asyncio.get_running_loop().call_soon(self.in_one_go.append, 0)
            self.in_one_go.append(1)
        else:
            self.in_one_go[-1] += 1


async def test_after_a_suspend_others_have_their_turn_in_between(
    clock: ManualClock,
) -> None:
    """A million that are over at one moment must not stop the loop for a second."""
    asker = _Counting(clock)
    asker.in_one_go = []
    poller = _poller(clock)
    for number in range(5_000):
        poller.follow(asker, str(number), last_check_at=100.0)
    clock.suspend(1_000)

    await clock.advance(1)

    assert sum(asker.in_one_go) == 5_000
    assert max(asker.in_one_go) <= 1_000
    assert asker.asked == []


async def test_what_is_followed_has_no_object_of_its_own(
    clock: ManualClock, asker: _Asker
) -> None:
    """Nothing for a full garbage collection to look at, but for a key that is text."""
    poller = _poller(clock, PollSchedule(checks_per_second=20_000.0))
    poller.follow(asker, "one", last_check_at=150.0)
    before = tracked(poller)
    dice = random.Random(3)
    for number in range(30_000):
        poller.follow(asker, str(number), last_check_at=120 + 20 * dice.random())
    await clock.advance(0.5)

    assert tracked(poller) - before <= 30_000 / 10
    poller.close()


async def test_a_closed_poller_follows_nothing(
    clock: ManualClock, asker: _Asker
) -> None:
    """What was pending is asked about no more, and nothing new is taken."""
    poller = _poller(clock)
    poller.follow(asker, "old", last_check_at=10.0)
    poller.close()

    with refused(ConfigurationError, match="open client"):
        poller.follow(asker, "new", last_check_at=10.0)

    await clock.advance(30)
    assert (asker.asked, asker.unasked, len(poller)) == ([], [], 0)


class _Tardy(ManualClock):
    """Ring every alarm a little late, as the timers of a machine do."""

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Timer:
        """Round up to a millisecond, and take one more."""
        return super().call_later(seconds + 0.002, callback)


async def test_a_rate_of_thousands_is_reached_and_never_exceeded() -> None:
    """In any second, although timers come late and checks in bursts."""
    clock = _Tardy(autojump=False)
    asker = _Asker(clock)
    poller = _poller(clock, PollSchedule(checks_per_second=5_000.0, jitter=0.9))
    for number in range(20_000):
        poller.follow(asker, str(number), last_check_at=600.0)

    await clock.advance(4.5)
    poller.close()

    times = [at for _, at, _ in asker.asked]
    starts = [0.1 * tenth for tenth in range(35)]
    in_a_second = [sum(s <= at < s + 1 for at in times) for s in starts]
    assert max(in_a_second) <= 5_000
    assert min(in_a_second[15:]) >= 0.97 * 5_000


class _Numbered:
    """Be pending until a moment, and then end with a value of its own."""

    def __init__(self, clock: ManualClock, value: int, ends_at: float) -> None:
        self.last_check_at = 60.0
        self.value = value
        self._clock = clock
        self._ends_at = ends_at

    async def check(self, *, is_last: bool) -> Done[int] | None:
        """Take a while."""
        await self._clock.sleep(0.3)
        is_over = is_last or self._clock.monotonic() >= self._ends_at
        return Done(self.value) if is_over else None

    def over(self) -> int:
        """End without having been asked."""
        return self.value


@pytest.mark.parametrize("seed", range(5))
async def test_everybody_who_stays_gets_their_own_answer(seed: int) -> None:
    """However many come and go meanwhile, whose places are taken by others."""
    clock, dice = ManualClock(), random.Random(seed)
    poller = _poller(clock, PollSchedule(checks_per_second=200.0, checks_in_flight=9))

    async def come(value: int) -> str:
        await clock.sleep(dice.uniform(0, 40))
        watch = _Numbered(clock, value, clock.monotonic() + dice.uniform(0, 10))
        waiting = asyncio.ensure_future(poller.wait(watch))
        if dice.random() < 0.5:
            await clock.sleep(dice.choice([0.0, dice.uniform(0, 8)]))
            waiting.cancel()
        await asyncio.wait([waiting])
        if waiting.cancelled():
            return "left"
        return "own" if waiting.result() == value else "another's"

    ends = Counter(await asyncio.gather(*(come(value) for value in range(600))))

    assert set(ends) == {"left", "own"}
    assert len(poller) == 0
