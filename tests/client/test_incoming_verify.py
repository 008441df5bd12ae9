"""A check of NeroTech's reverse call: which success is believed, and how it is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from attrs import evolve

from callauth import AnswerLost, Confirmed, Expired, NotSent, SuspiciousAnswer, Unknown
from callauth.sandbox import CutBody, Latency, ResetAfter
from callauth.transport.scripted import Step
from tests.support.answers import answer
from tests.support.refusals import refused

from .incoming import VERIFY, YES, leased, no, waited
from .world import World


@pytest.mark.parametrize("seconds", [119, 120, 121, 129.9, 130])
async def test_a_success_is_believed_until_the_last_check(
    seconds: float, world: World
) -> None:
    """Ten seconds after the lease the provider is asked for the last time."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=110))
        await world.clock.sleep(seconds)

        assert await client.incoming_verify(lease)


@pytest.mark.parametrize("seconds", [131, 135.1, 136, 150, 3600])
@pytest.mark.parametrize("step_hours", [0, 1, -1])
@pytest.mark.parametrize("step_seconds", [0, -100, 100])
async def test_after_the_last_check_nothing_is_believed_nor_asked(
    seconds: float, step_hours: int, step_seconds: int, world: World
) -> None:
    """A clock that is set does not bring a dead lease back to life."""
    world.sandbox.nerotech.dial_window_seconds = None
    async with world.nerotech() as client:
        lease = await client.incoming_init(
            world.phone(dials_after_seconds=seconds - 0.5)
        )
        await world.clock.sleep(seconds)
        world.clock.step_wall(timedelta(hours=step_hours, seconds=step_seconds))
        asked = world.received(VERIFY)

        assert not await client.incoming_verify(lease)
        if seconds > 135:
            assert await waited(client, world, lease) is Expired

    assert world.received(VERIFY) == asked


async def test_a_lost_success_is_found_by_code_13(world: World) -> None:
    """Our own check took the only success, and its answer went astray."""
    phone = world.phone(dials_after_seconds=3)
    world.sandbox.nerotech.repeated_verify = 13
    async with world.nerotech() as client:
        lease = await client.incoming_init(phone)
        world.sandbox.faults.add(CutBody(), operation=VERIFY, skip=2, times=1)

        assert await waited(client, world, lease) is Confirmed

    assert world.seen(SuspiciousAnswer) == []


async def test_a_lost_success_that_is_not_found_again_is_unknown(
    world: World,
) -> None:
    """Neither yes nor no: the call may have come, and nobody can tell."""
    phone = world.phone(dials_after_seconds=3)
    async with world.nerotech() as client:
        lease = await client.incoming_init(phone)
        world.sandbox.faults.add(ResetAfter(), operation=VERIFY, times=4)

        assert await waited(client, world, lease) is Unknown

    assert world.sandbox.ledger.backs(phone)


@pytest.mark.parametrize(
    ("drain", "steps", "confirmed", "suspicious"),
    [
        (True, [AnswerLost, no(13)], True, False),
        (True, [answer(status=502, body=b""), no(13)], True, False),
        (True, [answer(body=b"garbage"), no(13)], True, False),
        (True, [answer(YES.body.decode(), status=500), no(13)], True, False),
        (True, [NotSent, no(13)], False, True),
        (True, [answer(status=429, body=b""), no(13)], False, True),
        (True, [no(13)], False, True),
        (False, [no(13)], False, True),
        (False, [AnswerLost, no(13)], False, True),
        (True, [no(6)], False, False),
        (True, [AnswerLost, no(6)], False, False),
    ],
)
async def test_code_13_confirms_only_our_own_lost_success(
    *,
    drain: bool,
    steps: list[Step],
    confirmed: bool,
    suspicious: bool,
    world: World,
) -> None:
    """Somebody else's success is no proof for this person."""
    script = world.script([leased(), no(6)] if drain else [leased()])
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.canaries.phone(), drain=drain)
        script.add(*steps)

        assert await client.incoming_verify(lease) is confirmed

    assert bool(world.seen(SuspiciousAnswer)) is suspicious


async def test_an_answer_lost_in_an_earlier_check_counts(world: World) -> None:
    """The checks of one attempt are one dialogue."""
    script = world.script([leased(), no(6), *[AnswerLost] * 3, no(6), no(13)])
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.canaries.phone())
        with refused(AnswerLost):
            await client.incoming_verify(lease)

        assert not await client.incoming_verify(lease)
        assert await client.incoming_verify(lease)
        assert await client.incoming_verify(lease)

    assert len(script.requests) == 7


async def test_an_answer_lost_in_the_drain_is_none_of_the_attempt(
    world: World,
) -> None:
    """What the drain used up was the call of an earlier attempt."""
    script = world.script([leased(), AnswerLost, no(6), no(13)])
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.canaries.phone())

        assert not await client.incoming_verify(lease)

    assert len(script.requests) == 4
    assert len(world.seen(SuspiciousAnswer)) == 1


async def test_a_success_is_remembered_for_the_lease(world: World) -> None:
    """The provider tells it once; a web page asks many times."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=1))
        await world.clock.sleep(2)
        assert await client.incoming_verify(lease)
        asked = world.received(VERIFY)

        assert await client.incoming_verify(lease)
        assert await waited(client, world, lease) is Confirmed

    assert world.received(VERIFY) == asked


async def test_a_success_is_remembered_when_its_caller_was_cancelled(
    world: World,
) -> None:
    """The browser went away; the person comes back a second later."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=1))
        await world.clock.sleep(2)
        asking = asyncio.create_task(client.incoming_verify(lease))
        await _until(lambda: world.received(VERIFY) == 2)
        asking.cancel()
        await asyncio.wait([asking])

        assert await client.incoming_verify(lease)

    assert world.received(VERIFY) == 2


async def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - a ledger announces nothing
        await asyncio.sleep(0)


async def test_questions_at_once_are_asked_one_after_another(world: World) -> None:
    """A second question could take the success of the first."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=1))
        await world.clock.sleep(2)

        answers = await asyncio.gather(
            *(client.incoming_verify(lease) for _ in range(10))
        )

    assert answers == [True] * 10
    assert world.received(VERIFY) == 2


async def test_a_confirmed_lease_never_takes_the_call_of_the_next(
    world: World,
) -> None:
    """A page that still shows the first attempt must not use up the second."""
    phone = world.phone(dials_after_seconds=2)
    del world.sandbox.nerotech.numbers[1:]
    async with world.nerotech() as client:
        first = await client.incoming_init(phone)
        assert await waited(client, world, first) is Confirmed
        second = await client.incoming_init(phone)
        await world.clock.sleep(3)

        await client.incoming_verify(first)

        assert await client.incoming_verify(second)


async def test_a_lease_that_was_written_by_hand_is_no_proof(world: World) -> None:
    """Nobody called that number for that phone."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=1))
        await world.clock.sleep(2)

        other = evolve(lease, user=world.phone())
        assert not await client.incoming_verify(other)
        assert await client.incoming_verify(lease)


@pytest.mark.parametrize("seconds", [125, 129.9])
async def test_the_last_question_has_time_for_its_answer(
    seconds: float, world: World
) -> None:
    """The provider takes a moment, and tells its success only once."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=110))
        await world.clock.sleep(seconds)
        world.sandbox.faults.add(Latency(0.5), operation=VERIFY)

        assert await client.incoming_verify(lease)
