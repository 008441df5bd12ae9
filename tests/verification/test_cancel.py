from __future__ import annotations

import asyncio

import pytest

from callauth import (
    AnswerLost,
    AttemptSettled,
    Confirmed,
    Method,
    NotSent,
    NumberBlocked,
    PhoneNumber,
    Rejected,
    RingLocked,
)
from callauth.verification import AttemptEnded, AttemptStarted
from tests.support.refusals import refused

from .own import Bell, Desk, raises
from .world import World


@pytest.mark.parametrize("method", [Method.FLASH_CALL, Method.REVERSE_CALL])
async def test_a_cancelled_attempt_is_rejected(
    method: Method, world: World, phone: PhoneNumber
) -> None:
    """The application wants no outcome any more."""
    verifier = await world.verifier()
    attempt = await verifier.start(phone, method=method)

    after = await verifier.cancel(attempt.id)

    assert after.outcome == Rejected(at=world.clock.now(), reason="cancelled")
    assert after.challenge is None


async def test_the_pin_of_a_cancelled_attempt_is_void(
    world: World, phone: PhoneNumber
) -> None:
    """Nothing that comes later confirms it."""
    verifier = await world.verifier()
    attempt = await verifier.start(phone)
    await verifier.cancel(attempt.id)

    with refused(AttemptSettled):
        await verifier.submit(attempt.id, world.typed(attempt))


async def test_a_call_for_a_cancelled_attempt_is_void(world: World, desk: Desk) -> None:
    """The person dials what he saw a moment ago."""
    verifier = await world.verifier([desk])
    phone = world.phone()
    attempt = await verifier.start(phone)
    await verifier.cancel(attempt.id)
    desk.dial(phone)
    await world.clock.sleep(200)

    outcome = (await verifier.get(attempt.id)).outcome
    assert isinstance(outcome, Rejected)
    assert len(world.seen(AttemptEnded)) == 1


async def test_a_second_cancel_is_refused(world: World, phone: PhoneNumber) -> None:
    """It has its outcome."""
    verifier = await world.verifier()
    attempt = await verifier.start(phone)
    await verifier.cancel(attempt.id)

    with refused(AttemptSettled):
        await verifier.cancel(attempt.id)


async def test_a_confirmed_attempt_cannot_be_cancelled(
    world: World, phone: PhoneNumber
) -> None:
    """It was acknowledged."""
    verifier = await world.verifier()
    attempt = await verifier.start(phone)
    outcome = await verifier.submit(attempt.id, world.typed(attempt))

    with refused(AttemptSettled):
        await verifier.cancel(attempt.id)

    assert (await verifier.get(attempt.id)).outcome == outcome


async def test_a_cancelled_attempt_rings_on(world: World, bell: Bell) -> None:
    """The lock is that of the phone, which nobody can cancel."""
    verifier = await world.verifier([bell])
    phone = world.phone()
    await verifier.cancel((await verifier.start(phone)).id)

    with refused(RingLocked):
        await verifier.start(phone)


_FATES = [
    None,
    AnswerLost("bell", "ring", "x"),
    NotSent("bell", "ring", "x"),
    NumberBlocked("bell", "ring", 12, "BLOCKED_PHONE"),
]


@pytest.mark.parametrize("error", _FATES, ids=lambda error: type(error).__name__)
async def test_a_cancel_while_a_channel_is_asked_stays(
    error: Exception | None, world: World, bell: Bell
) -> None:
    """Whatever the channel answers afterwards, and no other one is asked."""
    bell.seconds, bell.fate = 5.0, None if error is None else raises(error)
    other = Bell(world.clock, name="other")
    verifier = await world.verifier([bell, other])
    starting = asyncio.create_task(verifier.start(world.phone()))
    await world.clock.sleep(1)
    (begun,) = [event.attempt_id for event in world.seen(AttemptStarted)]
    await verifier.cancel(begun)

    await asyncio.wait([starting])

    assert isinstance((await verifier.get(begun)).outcome, Rejected)
    assert (other.rung, len(world.seen(AttemptEnded))) == ([], 1)
    with refused(AttemptSettled):
        await verifier.submit(begun, "1000")
    if isinstance(error, NumberBlocked):
        assert isinstance(starting.exception(), NumberBlocked)
    else:
        assert starting.result() == await verifier.get(begun)


@pytest.mark.parametrize(("at", "dials"), [(2.0, True), (130.5, False), (130.5, True)])
async def test_a_cancel_while_we_ask_who_called_stays(
    at: float, world: World, desk: Desk, *, dials: bool
) -> None:
    """The answer comes a moment too late."""
    desk.check_seconds = 1.5
    verifier = await world.verifier([desk])
    phone = world.phone()
    attempt = await verifier.start(phone)
    await world.clock.sleep(at)
    checks = desk.checks
    if dials:
        desk.dial(phone)
    outcome = (await verifier.cancel(attempt.id)).outcome
    await world.clock.sleep(20)

    assert (await verifier.get(attempt.id)).outcome == outcome
    assert desk.checks == checks


async def test_a_cancel_and_a_submit_at_once_have_one_winner(world: World) -> None:
    """Whichever is first; the other learns that it is over."""
    for order in (0, 1):
        bell = Bell(world.clock)
        verifier = await world.verifier([bell])
        attempt = await verifier.start(world.phone())
        both = [verifier.cancel(attempt.id), verifier.submit(attempt.id, "1000")]
        answers = await asyncio.gather(
            *(both[::-1] if order else both), return_exceptions=True
        )

        assert sum(isinstance(each, AttemptSettled) for each in answers) == 1
        outcome = (await verifier.get(attempt.id)).outcome
        assert isinstance(outcome, Confirmed | Rejected)
