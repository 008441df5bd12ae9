"""One phone is waited for once, whatever the attempt goes through."""

from __future__ import annotations

import asyncio

import pytest

from callauth import Method, NotSent, RingLocked
from callauth.verification import ChallengeIssued, Channel
from tests.support.refusals import refused

from .own import Bell, Desk, raises
from .watched import Watched
from .world import World


@pytest.mark.parametrize("has_ids", [True, False])
async def test_a_second_number_is_refused_while_the_first_counts(
    world: World, desk: Desk, *, has_ids: bool
) -> None:
    """One call of the person must not answer two questions."""
    desk.has_ids = has_ids
    other = Desk(world.clock, name="other")
    verifier = await world.verifier([desk, other])
    attempt = await verifier.start(world.phone())

    with refused(RingLocked) as refusal:
        await verifier.next_channel(attempt.id)

    assert refusal.error.retry_after == 135
    assert await verifier.get(attempt.id) == attempt


async def test_a_second_number_is_passed_over_for_a_pin(
    world: World, desk: Desk, bell: Bell
) -> None:
    """A person who cannot dial must not be stuck."""
    other = Desk(world.clock, name="other")
    verifier = await world.verifier([desk, other, bell])
    attempt = await verifier.start(world.phone())

    assert (await verifier.next_channel(attempt.id)).channel == "bell"


async def test_a_number_is_passed_over_when_another_attempt_waits(
    world: World, desk: Desk, bell: Bell
) -> None:
    """Also when the channel before it placed nothing."""
    other = Bell(world.clock, name="other")
    verifier = await world.verifier([bell, desk, other])
    phone = world.phone()
    await verifier.start(phone, method=Method.REVERSE_CALL)
    bell.fate = raises(NotSent("bell", "ring", "x"))

    assert (await verifier.start(phone)).channel == "other"


@pytest.mark.parametrize("has_ids", [True, False])
async def test_only_an_id_frees_the_phone_early(
    world: World, desk: Desk, bell: Bell, *, has_ids: bool
) -> None:
    """Without one a call to the old number would confirm a new attempt."""
    desk.has_ids = has_ids
    verifier = await world.verifier([desk, bell])
    phone = world.phone()
    attempt = await verifier.start(phone)
    await verifier.next_channel(attempt.id)
    await verifier.cancel(attempt.id)
    if not has_ids:
        await world.clock.sleep(134)
        with refused(RingLocked):
            await verifier.start(phone)
        await world.clock.sleep(1)

    assert (await verifier.start(phone)).channel == "desk"


@pytest.mark.parametrize("others", [0, 1])
async def test_one_who_loses_the_race_leaves_the_winners_lock(
    others: int, world: World, desk: Desk
) -> None:
    """Two workers were asked for the next channel, and one of them is slow."""
    store, slow = Watched(), [True]
    spare = [Bell(world.clock, name=f"spare {each}") for each in range(others)]
    channels: list[Channel] = [Bell(world.clock, name="x"), desk, *spare]
    verifier = await world.verifier(channels, store=store)
    phone = world.phone()
    attempt = await verifier.start(phone)
    await world.clock.sleep(100)

    async def before(operation: str, about: str) -> None:
        if operation == "charge" and "starts" in about and slow:
            slow.clear()
            await world.clock.sleep(2)

    store.before = before
    asked = [verifier.next_channel(attempt.id) for _ in range(2)]
    await asyncio.gather(*asked, return_exceptions=True)

    live = await verifier.get(attempt.id)
    assert live.challenge is not None
    assert len(world.seen(ChallengeIssued)) == 2
    if live.method is Method.REVERSE_CALL:
        with refused(RingLocked):
            await verifier.start(phone, method=Method.REVERSE_CALL)
