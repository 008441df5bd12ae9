from __future__ import annotations

import asyncio

import pytest

from callauth import (
    AnswerLost,
    AttemptSettled,
    Confirmed,
    Expired,
    Limit,
    MemoryStore,
    Method,
    Pending,
    PhoneNumber,
    ReverseCall,
    RingLocked,
    StoreError,
    Unknown,
    VerificationPolicy,
)
from callauth.verification import AttemptEnded, AttemptStarted, Record
from tests.support.refusals import refused

from .own import Bell, Called, Desk
from .watched import Watched
from .world import World


@pytest.mark.parametrize("is_closed", [True, False])
async def test_a_pin_outlives_its_verifier(
    world: World, bell: Bell, store: MemoryStore, *, is_closed: bool
) -> None:
    """The server was restarted while the phone rang."""
    first = await world.verifier([bell], store=store)
    attempt = await first.start(world.phone())
    if is_closed:
        await first.aclose()
    second = await world.verifier([bell], store=store)

    assert await second.get(attempt.id) == attempt
    assert isinstance(await second.submit(attempt.id, "1000"), Confirmed)


@pytest.mark.parametrize(
    ("channel", "kind", "seconds"), [(Bell, Expired, 120), (Desk, Expired, 130)]
)
async def test_what_was_left_expires_in_time(
    channel: type[Bell | Desk],
    kind: type,
    seconds: float,
    world: World,
    store: MemoryStore,
) -> None:
    """Every attempt reaches its outcome, whoever began it."""
    own = channel(world.clock)
    first = await world.verifier([own], store=store)
    attempt = await first.start(world.phone())
    await world.clock.sleep(40)
    await first.aclose()
    second = await world.verifier([own], store=store)

    assert type(await world.end(second, attempt.id)) is kind
    assert world.clock.monotonic() == pytest.approx(seconds, abs=0.3)


async def test_what_expired_meanwhile_is_ended_at_once(
    world: World, bell: Bell, desk: Desk, store: MemoryStore
) -> None:
    """The server was down for an hour."""
    first = await world.verifier([bell, desk], store=store)
    attempts = [
        await first.start(world.phone(), method=m) for m in (None, Method.REVERSE_CALL)
    ]
    await first.aclose()
    await world.clock.sleep(3600)
    second = await world.verifier([bell, desk], store=store)

    outcomes = [await world.end(second, each.id) for each in attempts]

    assert [type(each) for each in outcomes] == [Expired, Unknown]
    assert world.clock.monotonic() < 3602


@pytest.mark.parametrize("while_down", [True, False])
async def test_a_call_is_found_after_a_restart(
    world: World, desk: Desk, store: MemoryStore, *, while_down: bool
) -> None:
    """The person dialled while nobody asked."""
    first = await world.verifier([desk], store=store)
    phone = world.phone()
    attempt = await first.start(phone)
    await first.aclose()
    if while_down:
        desk.dial(phone)
    await world.clock.sleep(30)
    second = await world.verifier([desk], store=store)
    desk.dial(phone)

    assert isinstance(await world.end(second, attempt.id), Confirmed)
    assert world.clock.monotonic() <= 31.3


async def test_a_call_to_nerotech_is_found_after_a_restart(
    world: World, store: MemoryStore
) -> None:
    """Its lease has no id, and is known by the pair of numbers."""
    phone = world.phone(dials_after_seconds=40.0)
    channel = ReverseCall(world.nerotech)
    first = await world.verifier([channel], store=store)
    attempt = await first.start(phone)
    await first.aclose()
    await world.clock.sleep(30)
    second = await world.verifier([channel], store=store)

    assert isinstance(await world.end(second, attempt.id), Confirmed)


async def test_a_success_that_is_told_once_may_have_been_told_to_the_dead(
    world: World, desk: Desk, store: MemoryStore
) -> None:
    """So nobody can say that the person has not called."""
    desk.tells_once = True
    first = await world.verifier([desk], store=store)
    attempt = await first.start(world.phone())
    await first.aclose()
    second = await world.verifier([desk], store=store)

    assert isinstance(await world.end(second, attempt.id), Unknown)


async def test_a_start_that_was_cut_off_is_unknown(
    world: World, store: MemoryStore
) -> None:
    """The phone may have rung; it is not rung again."""

    class Slow(Bell):
        async def ring(self, phone: PhoneNumber, key: object) -> Called:
            await super().ring(phone, key)  # type: ignore[arg-type] # a key
            await self.clock.sleep(60)
            raise AssertionError

    slow = Slow(world.clock)
    first = await world.verifier([slow], store=store)
    phone = world.phone()
    starting = asyncio.create_task(first.start(phone))
    await world.clock.sleep(1)
    await first.aclose()
    with refused(AnswerLost):
        await starting
    (started,) = world.seen(AttemptStarted)
    assert (await first.get(started.attempt_id)).outcome == Pending()
    second = await world.verifier([slow], store=store)

    outcome = await world.end(second, started.attempt_id)

    assert isinstance(outcome, Unknown)
    with refused(RingLocked):
        await second.start(phone)
    assert slow.rung == [phone]


@pytest.mark.parametrize("channel", [Bell, Desk])
async def test_a_start_that_ends_while_it_is_closed_is_stored(
    channel: type[Bell | Desk], world: World, store: MemoryStore
) -> None:
    """Calls on their way end first."""
    slow = channel(world.clock, seconds=4.0)
    first = await world.verifier([slow], store=store)
    starting = asyncio.create_task(first.start(world.phone()))
    await world.clock.sleep(1)
    await first.aclose()
    attempt = await starting
    assert attempt.challenge is not None
    # Timers that were left over would ring now.
    await world.clock.sleep(50)
    second = await world.verifier([slow], store=store)

    assert isinstance(await world.end(second, attempt.id), Expired)


async def test_a_closed_verifier_leaves_its_locks(
    world: World, bell: Bell, store: MemoryStore
) -> None:
    """The phone rings on."""
    first = await world.verifier([bell], store=store)
    phone = world.phone()
    await first.start(phone)
    await first.aclose()
    second = await world.verifier([bell], store=store)

    with refused(RingLocked):
        await second.start(phone)


async def test_a_channel_that_is_gone_leaves_it_unknown(
    world: World, desk: Desk, bell: Bell, store: MemoryStore
) -> None:
    """The new release has other channels: nobody can ask who has called."""
    first = await world.verifier([desk], store=store)
    attempt = await first.start(world.phone())
    await first.aclose()
    second = await world.verifier([bell], store=store)

    assert isinstance(await world.end(second, attempt.id), Unknown)


async def test_a_pin_of_a_channel_that_is_gone_counts(
    world: World, desk: Desk, bell: Bell, store: MemoryStore
) -> None:
    """It is in the store."""
    first = await world.verifier([bell], store=store)
    attempt = await first.start(world.phone())
    await first.aclose()
    second = await world.verifier([desk], store=store)

    assert isinstance(await second.submit(attempt.id, "1000"), Confirmed)


async def test_the_next_channel_may_be_asked_by_another_process(
    world: World, desk: Desk, bell: Bell, store: MemoryStore
) -> None:
    """Whichever takes the request."""
    first = await world.verifier([bell, desk], store=store)
    second = await world.verifier([bell, desk], store=store)
    phone = world.phone()
    attempt = await first.start(phone)
    await second.next_channel(attempt.id)
    await first.aclose()
    desk.dial(phone)

    assert isinstance(await world.end(second, attempt.id), Confirmed)


async def test_a_winner_whose_store_fails_afterwards_is_a_winner(
    world: World, bell: Bell
) -> None:
    """What is only counted must not hide that the person was verified."""
    store = Watched()
    store.failing.add("refund")
    verifier = await world.verifier([bell], store=store)
    attempt = await verifier.start(world.phone())
    waiting = asyncio.create_task(verifier.wait(attempt.id))
    await asyncio.sleep(0)

    outcome = await verifier.submit(attempt.id, "1000")

    assert isinstance(outcome, Confirmed)
    assert await waiting == outcome
    assert len(world.seen(AttemptEnded)) == 1


async def test_an_id_that_is_taken_is_an_error(world: World, bell: Bell) -> None:
    """Never two attempts under one name."""

    class Taken(MemoryStore):
        async def insert(self, record: Record) -> bool:
            return False

    verifier = await world.verifier([bell], store=Taken())

    with refused(StoreError):
        await verifier.start(world.phone())

    assert bell.rung == []


@pytest.mark.parametrize(("pin", "is_settled"), [("9999", False), ("1000", True)])
async def test_a_lost_race_for_the_next_channel_leaves_what_won(
    pin: str, world: World, bell: Bell, desk: Desk, *, is_settled: bool
) -> None:
    """The pin was typed while the next channel was being reserved."""
    store = Watched()
    policy = VerificationPolicy(starts_per_phone=Limit(2))
    verifier = await world.verifier([bell, desk], store=store, policy=policy)
    attempt = await verifier.start(world.phone())
    typed = [pin]

    async def before(operation: str, about: str) -> None:
        if operation == "charge" and typed:
            await verifier.submit(attempt.id, typed.pop())

    store.before = before
    if is_settled:
        with refused(AttemptSettled):
            await verifier.next_channel(attempt.id)
    else:
        # It was not counted as two starts.
        assert (await verifier.next_channel(attempt.id)).channel == "desk"

    assert len(desk.leases) == (0 if is_settled else 1)
