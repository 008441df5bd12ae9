from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest
from attrs import evolve

from callauth import (
    AttemptSettled,
    Confirmed,
    DialInChallenge,
    Expired,
    Limit,
    Method,
    NoChannelLeft,
    NotSent,
    NumberBlocked,
    NumberLease,
    Pending,
    PhoneNumber,
    Rejected,
    RingLocked,
    TooManyAttempts,
    Unknown,
    VerificationPolicy,
)
from callauth.sandbox import Answer
from callauth.verification import ChallengeIssued, Channel
from tests.support.refusals import refused

from .own import SERVICE_NUMBER, Bell, Desk, Nowhere, raises
from .world import World


async def test_the_next_channel_is_asked_for_the_same_attempt(
    world: World, phone: PhoneNumber
) -> None:
    """The person got no call, and another provider may reach him."""
    verifier = await world.verifier()
    attempt = await verifier.start(phone)
    await world.clock.sleep(31)

    after = await verifier.next_channel(attempt.id)

    assert (after.id, after.channel) == (attempt.id, "reverse_call:telefonip")
    assert isinstance(after.challenge, DialInChallenge)
    assert (after.started_at, after.tries_left) == (attempt.started_at, None)


async def test_all_channels_are_asked_in_their_order(
    world: World, phone: PhoneNumber
) -> None:
    """Until one reaches the person, or none is left."""
    verifier = await world.verifier()
    attempt = await verifier.start(phone)
    asked = [attempt.channel]
    for _ in range(3):
        await world.clock.sleep(61)
        asked.append((await verifier.next_channel(attempt.id)).channel)

    assert asked == [channel.name for channel in world.channels]
    with refused(NoChannelLeft):
        await verifier.next_channel(attempt.id)


async def test_a_phone_that_may_ring_is_not_rung(
    world: World, bell: Bell, phone: PhoneNumber
) -> None:
    """Two calls at once are what people complain of."""
    other = Bell(world.clock, name="other")
    verifier = await world.verifier(
        [bell, other], policy=VerificationPolicy(cool_down=())
    )
    attempt = await verifier.start(phone)
    await world.clock.sleep(5)

    with refused(RingLocked) as refusal:
        await verifier.next_channel(attempt.id)

    assert refusal.error.retry_after == 15
    assert await verifier.get(attempt.id) == attempt
    await world.clock.sleep(15)
    assert (await verifier.next_channel(attempt.id)).channel == "other"


async def test_a_reverse_call_needs_no_wait(
    world: World, bell: Bell, desk: Desk, phone: PhoneNumber
) -> None:
    """It rings nobody."""
    verifier = await world.verifier([bell, desk])
    attempt = await verifier.start(phone)

    assert (await verifier.next_channel(attempt.id)).channel == "desk"


async def test_the_old_pin_is_void(world: World, bell: Bell) -> None:
    """It is that of another call."""
    other = Bell(world.clock, name="other")
    other.rung = [world.phone()] * 5
    verifier = await world.verifier([bell, other])
    attempt = await verifier.start(world.phone())
    await world.clock.sleep(30)
    await verifier.next_channel(attempt.id)

    assert await verifier.submit(attempt.id, "1000") == Pending()
    assert isinstance(await verifier.submit(attempt.id, "1005"), Confirmed)


async def test_the_old_number_is_void(world: World, bell: Bell, desk: Desk) -> None:
    """Who dials it now proves nothing any more."""
    verifier = await world.verifier([desk, bell])
    phone = world.phone()
    attempt = await verifier.start(phone)
    after = await verifier.next_channel(attempt.id)
    desk.dial(phone)
    await world.clock.sleep(20)

    assert await verifier.get(attempt.id) == after
    assert isinstance(await verifier.submit(attempt.id, "1000"), Confirmed)


async def test_tries_begin_anew_with_a_new_pin(world: World, bell: Bell) -> None:
    """Three per pin; how many per phone is counted apart."""
    other = Bell(world.clock, name="other")
    verifier = await world.verifier([bell, other])
    attempt = await verifier.start(world.phone())
    await verifier.submit(attempt.id, "9999")
    await world.clock.sleep(30)

    assert (await verifier.next_channel(attempt.id)).tries_left == 3


@pytest.mark.parametrize("answers", [Answer.BUSY, Answer.NO_ANSWER, Answer.ANSWERS])
async def test_a_flash_call_that_was_not_answered_is_enough(
    answers: Answer, world: World
) -> None:
    """The number was shown: nobody calls again by himself."""
    phone = world.phone(answers=answers)
    verifier = await world.verifier()
    attempt = await verifier.start(phone)
    await world.clock.sleep(110)

    assert (await verifier.get(attempt.id)).channel == attempt.channel
    assert world.rings(phone) == 1
    typed = world.typed(attempt)
    assert isinstance(await verifier.submit(attempt.id, typed), Confirmed)


@pytest.mark.parametrize("seconds", [120, 300])
async def test_an_expired_attempt_has_no_next_channel(
    seconds: float, world: World, phone: PhoneNumber
) -> None:
    """A new start is counted as one."""
    verifier = await world.verifier()
    attempt = await verifier.start(phone)
    await world.clock.sleep(seconds)

    with refused(AttemptSettled):
        await verifier.next_channel(attempt.id)


async def test_a_settled_attempt_has_no_next_channel(
    world: World, phone: PhoneNumber
) -> None:
    """Nobody is called who is known already."""
    verifier = await world.verifier()
    attempt = await verifier.start(phone)
    await verifier.submit(attempt.id, world.typed(attempt))

    with refused(AttemptSettled):
        await verifier.next_channel(attempt.id)

    assert world.rings(phone) == 1


async def test_an_answer_that_is_lost_ends_the_attempt(
    world: World, bell: Bell, phone: PhoneNumber
) -> None:
    """The second call may ring, and nobody knows its pin."""
    other = Bell(world.clock, name="other", fate=raises(ValueError("x")))
    verifier = await world.verifier([bell, other])
    attempt = await verifier.start(phone)
    await world.clock.sleep(30)

    after = await verifier.next_channel(attempt.id)

    assert isinstance(after.outcome, Unknown)


async def test_a_refusal_of_the_next_provider_rejects(
    world: World, bell: Bell, phone: PhoneNumber
) -> None:
    """The old challenge was given up before the provider was asked."""
    refusal = NumberBlocked("other", "ring", 12, "BLOCKED_PHONE")
    other = Bell(world.clock, name="other", fate=raises(refusal))
    verifier = await world.verifier([bell, other])
    attempt = await verifier.start(phone)
    await world.clock.sleep(30)

    with refused(NumberBlocked):
        await verifier.next_channel(attempt.id)

    assert isinstance((await verifier.get(attempt.id)).outcome, Rejected)


async def test_a_channel_that_cannot_is_passed_by(
    world: World, bell: Bell, desk: Desk, phone: PhoneNumber
) -> None:
    """The one after it is asked at once."""
    broken = Bell(world.clock, name="x", fate=raises(NotSent("x", "ring", "x")))
    asleep = Bell(world.clock, name="asleep", is_ready=False)
    verifier = await world.verifier([bell, broken, asleep, desk])
    attempt = await verifier.start(phone)
    await world.clock.sleep(30)

    assert (await verifier.next_channel(attempt.id)).channel == "desk"


async def test_a_next_channel_counts_as_a_start(
    world: World, bell: Bell, desk: Desk, phone: PhoneNumber
) -> None:
    """Otherwise it would be the way around the limit."""
    policy = VerificationPolicy(starts_per_phone=Limit(1))
    verifier = await world.verifier([bell, desk], policy=policy)
    attempt = await verifier.start(phone)

    with refused(TooManyAttempts) as refusal:
        await verifier.next_channel(attempt.id)

    assert refusal.error.limit == "starts/phone"
    assert await verifier.get(attempt.id) == attempt
    assert isinstance(await verifier.submit(attempt.id, "1000"), Confirmed)


async def test_a_storm_of_them_rings_once(
    world: World, bell: Bell, phone: PhoneNumber
) -> None:
    """Impatient people press the button again and again."""
    others = [Bell(world.clock, name=f"bell {each}") for each in range(5)]
    verifier = await world.verifier([bell, *others])
    attempt = await verifier.start(phone)
    await world.clock.sleep(30)

    await asyncio.gather(
        *(verifier.next_channel(attempt.id) for _ in range(64)),
        return_exceptions=True,
    )

    assert sum(len(each.rung) for each in others) == 1
    assert len(world.seen(ChallengeIssued)) == 2


async def test_a_method_stays_asked_for(world: World, phone: PhoneNumber) -> None:
    """A person who cannot dial is not asked to."""
    verifier = await world.verifier()
    attempt = await verifier.start(phone, method=Method.FLASH_CALL)
    await world.clock.sleep(60)

    with refused(NoChannelLeft):
        await verifier.next_channel(attempt.id)

    assert await verifier.get(attempt.id) == attempt


async def test_a_second_click_is_told_to_wait(world: World, bell: Bell) -> None:
    """The first one is asking a channel already."""
    other = Bell(world.clock, name="other", seconds=3.0)
    verifier = await world.verifier([bell, other])
    attempt = await verifier.start(world.phone())
    await world.clock.sleep(60)
    first = asyncio.create_task(verifier.next_channel(attempt.id))
    await world.clock.sleep(1)

    with refused(RingLocked) as refusal:
        await verifier.next_channel(attempt.id)

    assert 0 < refusal.error.retry_after <= 180
    assert (await first).channel == "other"
    assert len(other.rung) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"lease_id": "a1b2"},
        {"lease_id": 1.5},
        {"number": SERVICE_NUMBER.e164},
        {"leased_at": datetime(2026, 1, 1, tzinfo=Nowhere())},
        {"expires_at": datetime(2026, 1, 1, tzinfo=Nowhere())},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
async def test_a_lease_that_cannot_be_read_again_is_passed_by(
    wrong: dict[str, Any], world: World, bell: Bell, phone: PhoneNumber
) -> None:
    """Or the person would be left with an attempt that never ends."""

    class Wrong(Desk):
        async def lease(self, phone: PhoneNumber, webhook: str | None) -> NumberLease:
            return evolve(await super().lease(phone, webhook), **wrong)

    verifier = await world.verifier([Wrong(world.clock), bell])

    attempt = await verifier.start(phone)

    assert attempt.channel == "bell"
    assert await verifier.get(attempt.id) == attempt
    assert isinstance(await world.end(verifier, attempt.id), Expired)


async def test_a_page_is_told_when_the_next_channel_may_be_asked(
    world: World, bell: Bell, phone: PhoneNumber
) -> None:
    """To the moment: not a second before, and then at once."""
    other = Bell(world.clock, name="other")
    policy = VerificationPolicy(cool_down=())
    verifier = await world.verifier([bell, other], policy=policy)
    attempt = await verifier.start(phone)
    await world.clock.sleep(5)

    seconds = await verifier.next_in(attempt.id)

    assert seconds == 15
    await world.clock.sleep(seconds - 1)
    with refused(RingLocked):
        await verifier.next_channel(attempt.id)
    await world.clock.sleep(1)
    assert await verifier.next_in(attempt.id) == 0
    await verifier.next_channel(attempt.id)
    assert await verifier.next_in(attempt.id) is None


async def test_the_pause_after_a_call_counts(
    world: World, bell: Bell, phone: PhoneNumber
) -> None:
    """It is longer than the ring."""
    other = Bell(world.clock, name="other")
    verifier = await world.verifier([bell, other])
    attempt = await verifier.start(phone)
    await world.clock.sleep(5)

    assert await verifier.next_in(attempt.id) == 25


@pytest.mark.parametrize("desk_first", [True, False])
async def test_a_number_to_dial_may_be_asked_for_at_once(
    desk_first: bool,  # noqa: FBT001 - both orders
    world: World,
    bell: Bell,
    desk: Desk,
    phone: PhoneNumber,
) -> None:
    """Whatever rings; and it is no reason not to ring."""
    channels: list[Channel] = [desk, bell] if desk_first else [bell, desk]
    verifier = await world.verifier(channels)
    attempt = await verifier.start(phone)

    assert await verifier.next_in(attempt.id) == 0


async def test_channels_that_cannot_be_asked_are_not_waited_for(
    world: World, bell: Bell, desk: Desk, phone: PhoneNumber
) -> None:
    """A second number while the first is live, or a provider that fails."""
    second = Desk(world.clock, name="second")
    other = Bell(world.clock, name="other", is_ready=False)
    verifier = await world.verifier([desk, second, other])
    attempt = await verifier.start(phone)

    seconds = await verifier.next_in(attempt.id)

    assert seconds is not None
    with refused(RingLocked) as refusal:
        await verifier.next_channel(attempt.id)
    assert refusal.error.retry_after == seconds


async def test_what_has_ended_has_no_next_channel(
    world: World, bell: Bell, desk: Desk, phone: PhoneNumber
) -> None:
    """There is nothing to give up for it."""
    verifier = await world.verifier([bell, desk])
    attempt = await verifier.start(phone)
    await verifier.cancel(attempt.id)

    assert await verifier.next_in(attempt.id) is None


async def test_a_verifier_tells_what_may_serve_a_purpose(
    world: World, bell: Bell, desk: Desk
) -> None:
    """By its policy, so that a page offers nothing else."""
    verifier = await world.verifier([bell, desk])

    assert verifier.methods("login") == {Method.FLASH_CALL, Method.REVERSE_CALL}
    assert verifier.methods("payment") == {Method.FLASH_CALL}
    assert verifier.clock is world.clock
