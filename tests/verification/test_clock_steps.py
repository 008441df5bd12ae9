"""A clock that is set, and a machine that slept, at every stage of an attempt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from callauth import (
    AnswerLost,
    Attempt,
    Confirmed,
    Expired,
    MemoryStore,
    Method,
    NoChannelLeft,
    NotSent,
    NumberLease,
    PhoneNumber,
    Pin,
    Rejected,
    RingLocked,
    Unknown,
    VerificationPolicy,
)
from callauth.models.lease import LEASE_SECONDS
from callauth.verification import AttemptStarted, Lock
from tests.support.refusals import refused

from .own import SERVICE_NUMBER, Bell, Called, Desk, raises
from .world import World

_HOUR = timedelta(hours=1)
_TWO_DAYS = 48 * 3600.0

_STEPS: dict[str, Callable[[World], object]] = {
    "an hour forward": lambda world: world.clock.step_wall(_HOUR),
    "an hour back": lambda world: world.clock.step_wall(-_HOUR),
    "a minute back": lambda world: world.clock.step_wall(-_HOUR / 60),
    "a moment back": lambda world: world.clock.step_wall(timedelta(milliseconds=-2)),
    "asleep for two days": lambda world: world.clock.suspend(_TWO_DAYS),
}
_WALL = [name for name in _STEPS if "asleep" not in name]


async def _settle(world: World) -> None:
    await world.clock.sleep(0.01)


@pytest.mark.parametrize("step", _WALL)
@pytest.mark.parametrize("at", [0.0, 60.0, 119.0])
async def test_a_step_takes_nothing_from_the_time_for_a_pin(
    step: str, at: float, world: World, bell: Bell
) -> None:
    """Neither does it give any: in one process the wall clock does not matter."""
    verifier = await world.verifier([bell])
    right = await verifier.start(world.phone())
    late = await verifier.start(world.phone())
    await world.clock.sleep(at)
    _STEPS[step](world)

    assert isinstance(await verifier.submit(right.id, "1000"), Confirmed)
    await world.clock.sleep(120.0 - at)
    assert isinstance(await verifier.submit(late.id, "1001"), Expired)


@pytest.mark.parametrize("at", [0.0, 60.0, 119.0])
async def test_what_slept_too_long_is_over(at: float, world: World, bell: Bell) -> None:
    """The laptop was closed over the weekend."""
    verifier = await world.verifier([bell])
    attempt = await verifier.start(world.phone())
    await world.clock.sleep(at)
    world.clock.suspend(_TWO_DAYS)

    assert isinstance(await verifier.submit(attempt.id, "1000"), Expired)


@pytest.mark.parametrize("step", _STEPS)
@pytest.mark.parametrize("at", [0.5, 60.0, 128.0])
@pytest.mark.parametrize("method", [Method.FLASH_CALL, Method.REVERSE_CALL])
async def test_every_attempt_ends_whatever_the_clock_does(
    step: str, at: float, method: Method, world: World, bell: Bell, desk: Desk
) -> None:
    """Nobody waits for ever."""
    verifier = await world.verifier([bell, desk])
    attempt = await verifier.start(world.phone(), method=method)
    await world.clock.sleep(at)
    _STEPS[step](world)

    outcome = await world.end(verifier, attempt.id)

    assert isinstance(outcome, Expired | Unknown)
    if step in _WALL:
        assert world.clock.monotonic() <= 130.5


@pytest.mark.parametrize("step", _WALL)
async def test_a_call_counts_whatever_the_clock_says(
    step: str, world: World, desk: Desk
) -> None:
    """The person dialled in time."""
    verifier = await world.verifier([desk])
    phone = world.phone()
    attempt = await verifier.start(phone)
    await world.clock.sleep(20)
    _STEPS[step](world)
    desk.dial(phone)

    assert isinstance(await world.end(verifier, attempt.id), Confirmed)


async def test_a_call_that_is_heard_of_after_a_long_sleep_is_late(
    world: World, desk: Desk
) -> None:
    """The number was leased to somebody else meanwhile."""
    verifier = await world.verifier([desk])
    phone = world.phone()
    attempt = await verifier.start(phone)
    await world.clock.sleep(20)
    world.clock.suspend(_TWO_DAYS)
    desk.dial(phone)

    assert isinstance(await world.end(verifier, attempt.id), Expired | Unknown)


@pytest.mark.parametrize("step", _STEPS)
@pytest.mark.parametrize("method", [Method.FLASH_CALL, Method.REVERSE_CALL])
async def test_every_attempt_ends_after_a_restart_too(
    step: str, method: Method, world: World, bell: Bell, desk: Desk
) -> None:
    """Another process has the wall clock only."""
    store = MemoryStore()
    first = await world.verifier([bell, desk], store=store)
    attempt = await first.start(world.phone(), method=method)
    await first.aclose()
    second = await world.verifier([bell, desk], store=store)
    await world.clock.sleep(60)
    _STEPS[step](world)

    outcome = await world.end(second, attempt.id)

    assert isinstance(outcome, Expired | Unknown)


@pytest.mark.parametrize("step", ["an hour forward", "an hour back"])
async def test_in_another_process_a_big_step_ends_it(
    step: str, world: World, bell: Bell
) -> None:
    """What cannot be known counts as too late."""
    store = MemoryStore()
    first = await world.verifier([bell], store=store)
    attempt = await first.start(world.phone())
    await first.aclose()
    _STEPS[step](world)
    second = await world.verifier([bell], store=store)

    assert isinstance(await second.submit(attempt.id, "1000"), Expired)


async def _ask(world: World, channel: Bell | Desk) -> tuple[Attempt, object]:
    verifier = await world.verifier([channel])
    attempt = await verifier.start(world.phone())
    return attempt, await world.end(verifier, attempt.id)


@pytest.mark.parametrize("step", _STEPS)
@pytest.mark.parametrize("channel", [Bell, Desk])
async def test_a_step_while_a_channel_is_asked_verifies_nobody_and_ends(
    step: str, channel: type[Bell | Desk], world: World
) -> None:
    """Its answer may come from another day."""
    asking = asyncio.create_task(_ask(world, channel(world.clock, seconds=2.0)))
    await world.clock.sleep(1)
    _STEPS[step](world)

    _, outcome = await asking

    assert isinstance(outcome, Expired | Unknown)


@pytest.mark.parametrize("step", _STEPS)
async def test_a_channel_that_hangs_ends_whatever_the_clock_does(
    step: str, world: World
) -> None:
    """While it is asked the attempt has nothing but the wall clock."""

    class Hanging(Bell):
        async def ring(self, phone: PhoneNumber, key: object) -> Called:
            raise asyncio.CancelledError

    verifier = await world.verifier([Hanging(world.clock)])
    with refused(AnswerLost):
        await verifier.start(world.phone())
    (started,) = world.seen(AttemptStarted)
    await world.clock.sleep(100)
    _STEPS[step](world)

    outcome = await world.end(verifier, started.attempt_id)

    assert isinstance(outcome, Unknown)


@pytest.mark.parametrize("step", _STEPS)
async def test_no_step_gives_more_tries(step: str, world: World, bell: Bell) -> None:
    """Nor fewer wrong pins than were typed, on the same day."""
    policy = VerificationPolicy(starts_per_phone=None, cool_down=())
    verifier = await world.verifier([bell], policy=policy)
    attempt = await verifier.start(world.phone())
    await verifier.submit(attempt.id, "9999")
    await world.clock.sleep(1)
    _STEPS[step](world)
    await _settle(world)

    after = await verifier.submit(attempt.id, "9999")
    last = await verifier.submit(attempt.id, "9999") if step in _WALL else after

    assert isinstance(last, Rejected | Expired)


@pytest.mark.parametrize("is_lost", [False, True])
async def test_a_step_lets_no_phone_ring_again(
    is_lost: bool,  # noqa: FBT001 - a parameter
    world: World,
    bell: Bell,
) -> None:
    """The lock in the store ends by the wall clock, but the phone rings on."""
    if is_lost:
        bell.fate = raises(ValueError())
    other = Bell(world.clock, name="other")
    policy = VerificationPolicy(cool_down=())
    verifier = await world.verifier([bell, other], policy=policy)
    phone = world.phone()
    await verifier.start(phone)
    world.clock.step_wall(_HOUR)

    with refused(RingLocked) as refusal:
        await verifier.start(phone)
    assert refusal.error.retry_after == (50.0 if is_lost else 20.0)
    await world.clock.sleep(refusal.error.retry_after)
    await verifier.start(phone)

    assert len(bell.rung) == 2


async def test_a_call_that_was_not_placed_locks_nothing(
    world: World, bell: Bell
) -> None:
    """Not by the clock that cannot be set, either."""
    bell.fate = raises(NotSent("bell", "ring", "x"))
    verifier = await world.verifier([bell])
    phone = world.phone()
    with refused(NoChannelLeft):
        await verifier.start(phone)
    bell.fate = None

    assert (await verifier.start(phone)).challenge is not None


async def test_a_step_between_two_who_lock_the_phone_lets_one_ring(
    world: World, phone: PhoneNumber, bell: Bell
) -> None:
    """The second finds the lock ended, while the first has yet to hear of it."""

    class Slow(MemoryStore):
        async def lock(
            self, name: str, owner: str, *, until: datetime, now: datetime
        ) -> Lock:
            lock = await super().lock(name, owner, until=until, now=now)
            if name.startswith("ring/"):
                await world.clock.sleep(1)
            return lock

    verifier = await world.verifier([bell], store=Slow())
    starting = asyncio.create_task(verifier.start(phone))
    await world.clock.sleep(0.5)
    world.clock.step_wall(_HOUR)

    with refused(RingLocked) as refusal:
        await verifier.start(phone)

    assert 0 < refusal.error.retry_after <= 200
    await starting
    assert bell.rung == [phone]


@pytest.mark.parametrize(("channel", "seconds"), [(Bell, 120.0), (Desk, 136.0)])
async def test_what_is_adopted_on_an_earlier_day_ends_within_its_life(
    channel: type[Bell | Desk], seconds: float, world: World
) -> None:
    """Its end is ten hours off by a wall clock that was set back; nobody waits so."""
    store, own = MemoryStore(), channel(world.clock)
    first = await world.verifier([own], store=store)
    attempt = await first.start(world.phone())
    await first.aclose()
    world.clock.step_wall(-10 * _HOUR)
    second = await world.verifier([own], store=store)

    outcome = await world.end(second, attempt.id)

    assert isinstance(outcome, Expired | Unknown)
    assert world.clock.monotonic() <= seconds


_TOLD: dict[str, Callable[[datetime], datetime]] = {
    "three hours ahead": lambda now: now + 3 * _HOUR,
    "three hours late": lambda now: now - 3 * _HOUR,
    "the last of all moments": lambda _: datetime.max.replace(tzinfo=UTC),
    "the first of all moments": lambda _: datetime.min.replace(tzinfo=UTC),
}


@pytest.mark.parametrize("told", _TOLD)
async def test_the_clock_of_a_provider_changes_no_pin(
    told: str, world: World, bell: Bell
) -> None:
    """It lives as long as the policy says, in every process, and is kept till then."""
    bell.fate = lambda: Called(Pin("1000"), _TOLD[told](world.clock.now()))
    store = MemoryStore()
    policy = VerificationPolicy(keep_seconds=600.0)
    verifier = await world.verifier([bell], store=store, policy=policy)
    other = await world.verifier([bell], store=store, policy=policy)
    right, late = [await verifier.start(world.phone()) for _ in range(2)]
    await world.clock.sleep(110)
    await store.purge(now=world.clock.now())

    assert isinstance(await other.submit(right.id, "1000"), Confirmed)
    assert isinstance(await world.end(verifier, late.id), Expired)
    assert world.clock.monotonic() <= 120.1


@pytest.mark.parametrize("has_ids", [True, False])
@pytest.mark.parametrize("told", _TOLD)
async def test_the_clock_of_a_provider_changes_no_lease(
    told: str, world: World, phone: PhoneNumber, desk: Desk, *, has_ids: bool
) -> None:
    """Nor does it lock the phone for hours."""

    def lease() -> NumberLease:
        return NumberLease(
            number=SERVICE_NUMBER,
            user=phone,
            lease_id=1 if has_ids else None,
            leased_at=_TOLD[told](world.clock.now()),
            expires_at=world.clock.now() + timedelta(seconds=LEASE_SECONDS),
        )

    desk.fate = lease
    store = MemoryStore()
    policy = VerificationPolicy(cool_down=(), keep_seconds=600.0)
    verifier = await world.verifier([desk], store=store, policy=policy)
    attempt = await verifier.start(phone)
    await world.clock.sleep(100)
    await store.purge(now=world.clock.now())

    assert isinstance(await world.end(verifier, attempt.id), Expired)

    assert world.clock.monotonic() <= 130.3
    await world.clock.sleep(10)
    assert (await verifier.start(phone)).challenge is not None


@pytest.mark.parametrize("off", [3 * _HOUR, -3 * _HOUR])
async def test_the_clock_of_a_provider_is_not_what_a_person_is_told(
    off: timedelta, world: World, phone: PhoneNumber, desk: Desk
) -> None:
    """A page that shows the number for hours lets people dial in vain."""
    desk.fate = lambda: NumberLease.from_sent_at(
        number=SERVICE_NUMBER,
        user=phone,
        lease_id=1,
        sent_at=world.clock.now() + off,
    )
    verifier = await world.verifier([desk])

    attempt = await verifier.start(phone)

    assert attempt.challenge is not None
    left = attempt.challenge.expires_at - world.clock.now()
    assert left.total_seconds() == LEASE_SECONDS
