from __future__ import annotations

import asyncio

import pytest

from callauth import (
    AttemptSettled,
    Confirmed,
    Limit,
    Pending,
    PhoneNumber,
    Rejected,
    RingLocked,
    TooManyAttempts,
    VerificationPolicy,
    Verifier,
)
from tests.support.refusals import refused

from .own import Bell, Desk, raises
from .watched import Watched
from .world import World


async def _guess(verifier: Verifier, phone: PhoneNumber, times: int) -> list[object]:
    attempt = await verifier.start(phone)
    return [await verifier.submit(attempt.id, "9999") for _ in range(times)]


async def test_failures_count_over_attempts(world: World, bell: Bell) -> None:
    """Ten guesses a day, in however many sessions."""
    policy = VerificationPolicy(
        cool_down=(), starts_per_phone=None, failures_per_phone=Limit(4)
    )
    verifier = await world.verifier([bell], policy=policy)
    phone = world.phone()
    assert isinstance((await _guess(verifier, phone, 3))[-1], Rejected)
    await world.clock.sleep(20)
    assert isinstance((await _guess(verifier, phone, 1))[-1], Rejected)
    await world.clock.sleep(20)

    with refused(TooManyAttempts) as refusal:
        await verifier.start(phone)

    assert refusal.error.limit == "failures/phone"
    # Nobody knows whether others type what they may: it could be sooner.
    assert refusal.error.retry_after == 120
    await world.clock.sleep(24 * 3600 - 40)
    assert (await verifier.start(phone)).tries_left == 3


async def test_tries_that_were_not_used_are_given_back(
    world: World, bell: Bell
) -> None:
    """Only wrong pins count, not the calls in which they could have been typed."""
    policy = VerificationPolicy(
        cool_down=(), starts_per_phone=None, failures_per_phone=Limit(4)
    )
    verifier = await world.verifier([bell], policy=policy)
    phone = world.phone()
    for number in range(6):
        attempt = await verifier.start(phone)
        match number % 3:
            case 0:
                await verifier.submit(attempt.id, f"{1000 + number}")
            case 1:
                await verifier.cancel(attempt.id)
            case 2:
                await world.end(verifier, attempt.id)
        await world.clock.sleep(20)

    assert (await verifier.start(phone)).tries_left == 3


async def test_tries_of_a_challenge_that_was_given_up_are_given_back(
    world: World, bell: Bell, desk: Desk
) -> None:
    """The next channel began anew."""
    policy = VerificationPolicy(cool_down=(), failures_per_phone=Limit(4))
    verifier = await world.verifier([bell, desk], policy=policy)
    phone = world.phone()
    attempt = await verifier.start(phone)
    await verifier.submit(attempt.id, "9999")
    await verifier.next_channel(attempt.id)
    await world.clock.sleep(20)

    again = await verifier.start(phone)

    assert again.tries_left == 3


@pytest.mark.parametrize("error", [ValueError("x"), None])
async def test_tries_of_what_was_not_placed_are_given_back(
    error: Exception | None, world: World, bell: Bell
) -> None:
    """Nobody could type anything."""
    policy = VerificationPolicy(cool_down=(), failures_per_phone=Limit(3))
    bell.fate = raises(error or RingLocked("x", retry_after=1.0))
    verifier = await world.verifier([bell], policy=policy)
    phone = world.phone()
    await verifier.start(phone)
    bell.fate = None
    await world.clock.sleep(50)

    assert (await verifier.start(phone)).tries_left == 3


async def test_a_guesser_with_many_sessions_has_ten_guesses(world: World) -> None:
    """Over sessions, Verifiers and a day."""
    store, phone = Watched(yields=True), world.phone()
    policy = VerificationPolicy(cool_down=(), starts_per_phone=None)
    bells = [Bell(world.clock, ring_seconds=0.0) for _ in range(2)]
    verifiers = [
        await world.verifier([bell], store=store, policy=policy) for bell in bells
    ]
    guesses = 0
    for number in range(40):
        verifier = verifiers[number % 2]
        try:
            attempt = await verifier.start(phone)
        except TooManyAttempts:
            continue
        answers = await asyncio.gather(
            *(verifiers[each % 2].submit(attempt.id, "9999") for each in range(8)),
            return_exceptions=True,
        )
        guesses += sum(isinstance(each, Pending | Rejected) for each in answers)
        await world.clock.sleep(130)

    assert guesses == 10


async def test_a_guesser_does_not_lock_out_the_victim(world: World) -> None:
    """Whatever he does, the attempt that is live goes on."""
    bell = Bell(world.clock, ring_seconds=0.0)
    policy = VerificationPolicy(cool_down=())
    verifier = await world.verifier([bell], policy=policy)
    phone = world.phone()
    victim = await verifier.start(phone)
    for _ in range(100):
        try:
            attempt = await verifier.start(phone)
            await verifier.submit(attempt.id, "9999")
        except (TooManyAttempts, AttemptSettled):
            await asyncio.sleep(0)

    assert isinstance(await verifier.submit(victim.id, "1000"), Confirmed)


@pytest.mark.parametrize("giving_up", ["cancel", "next_channel", "expiry"])
async def test_who_gives_up_early_has_no_more_guesses(
    giving_up: str, world: World, bell: Bell, desk: Desk
) -> None:
    """What was typed stays counted when the rest is given back."""
    policy = VerificationPolicy(cool_down=(), starts_per_phone=None)
    verifier = await world.verifier([bell, desk], policy=policy)
    phone, guesses = world.phone(), 0
    for _ in range(20):
        try:
            attempt = await verifier.start(phone)
        except TooManyAttempts:
            break
        outcome = await verifier.submit(attempt.id, "9999")
        guesses += 1
        match giving_up if isinstance(outcome, Pending) else "rejected":
            case "cancel":
                await verifier.cancel(attempt.id)
            case "next_channel":
                await verifier.next_channel(attempt.id)
                await verifier.cancel(attempt.id)
            case "expiry":
                await world.end(verifier, attempt.id)
        await world.clock.sleep(20)

    assert guesses == 10
