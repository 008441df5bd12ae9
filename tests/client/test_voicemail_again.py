"""The call that has a key: exact sequences of tries, their waits and their end."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from callauth import (
    AnswerLost,
    CallInProgress,
    CallSettled,
    ConfigurationError,
    IdempotencyKey,
    InsufficientFunds,
    NotSent,
    NumberBlocked,
    NumberInvalid,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    Response,
    RetryPolicy,
    RetryScheduled,
)
from callauth.sandbox import ResetAfter
from callauth.transport.scripted import Step
from tests.support.answers import answer
from tests.support.refusals import refused

from .world import World

_PLACED = answer({"status": True, "id": 103000, "code": "0777"})


def _no(code: int) -> Response:
    return answer({"status": False, "error": code})


async def _unknown(world: World, *steps: Step) -> None:
    script = world.script(steps)
    async with world.nerotech() as client:
        with refused(AnswerLost):
            await client.voicemail(world.canaries.phone())
    assert len(script.requests) == len(steps)


async def test_our_own_call_in_progress_is_waited_for(world: World) -> None:
    """The robot still speaks: its call is ours, and its pin is told later."""
    phone = world.phone()
    world.sandbox.nerotech.busy_while_ringing = True
    world.sandbox.faults.add(ResetAfter(), operation="voicemail")

    async with world.nerotech() as client:
        call = await client.voicemail(phone)

    (ring,) = world.sandbox.ledger.rings(phone)
    assert call.pin == ring.code
    assert len({sent.fields["idempotency_key"] for sent in world.wire.sent}) == 1
    assert world.wire.gaps()[1:] == [5, 10]


async def test_a_call_in_progress_is_asked_for_three_times(world: World) -> None:
    """After 35 seconds nobody is still being dictated four digits."""
    world.script([AnswerLost, *[_no(9)] * 4])

    async with world.nerotech() as client:
        with refused(AnswerLost, match="earlier answer was lost"):
            await client.voicemail(world.canaries.phone())

    assert world.wire.gaps()[0] >= 1.5
    assert world.wire.gaps()[1:] == [5, 10, 20]
    assert [event.reason for event in world.seen(RetryScheduled)] == [
        "answer lost",
        *["a call is in progress"] * 3,
    ]


async def test_a_call_in_progress_of_somebody_else_is_a_refusal(world: World) -> None:
    """Nothing of ours was lost, so the call that is under way is not ours."""
    script = world.script([_no(9)])

    async with world.nerotech() as client:
        with refused(CallInProgress) as refusal:
            await client.voicemail(world.canaries.phone())

    assert refusal.error.code == 9
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    "steps",
    [
        [AnswerLost, NotSent, NotSent],
        [NotSent, AnswerLost, NotSent],
        [AnswerLost, answer(status=429, body=b""), answer(status=429, body=b"")],
        [answer(status=502, body=b""), _no(9), NotSent],
        [AnswerLost, _no(9), AnswerLost],
        [AnswerLost, AnswerLost, NotSent],
    ],
)
async def test_one_lost_answer_outlives_what_follows(
    steps: list[Step], world: World
) -> None:
    """The first request may have rung; no later failure takes that back."""
    await _unknown(world, *steps)


@pytest.mark.parametrize("code", [1, 3, 6, 7, 8, 10, 11, 99])
async def test_a_refusal_after_a_lost_answer_is_unknown(
    code: int, world: World
) -> None:
    """Our own first call may have used up the balance or the limit: it may ring."""
    await _unknown(world, AnswerLost, _no(code))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (2, NumberInvalid),
        (4, ProviderUnavailable),
        (12, NumberBlocked),
    ],
)
async def test_a_refusal_that_excludes_a_call_is_a_refusal_even_then(
    code: int, expected: type[ProviderError], world: World
) -> None:
    """A number that is refused now was refused a second ago."""
    world.script([AnswerLost, _no(code)])

    async with world.nerotech() as client:
        with refused(expected):
            await client.voicemail(world.canaries.phone())


@pytest.mark.parametrize(
    ("code", "expected"),
    [(2, NumberInvalid), (7, InsufficientFunds), (11, RateLimited)],
)
async def test_a_refusal_after_what_was_not_sent_is_a_refusal(
    code: int, expected: type[ProviderError], world: World
) -> None:
    """Nothing had left before, so the provider's word stands."""
    script = world.script([NotSent, _no(code)])

    async with world.nerotech() as client:
        with refused(expected) as refusal:
            await client.voicemail(world.canaries.phone())

    assert refusal.error.code == code
    assert len(script.requests) == 2


async def test_a_backend_failure_is_not_tried_again(world: World) -> None:
    """Code 4 does not say whether it rang."""
    script = world.script([_no(4)])

    async with world.nerotech() as client:
        with refused(ProviderUnavailable):
            await client.voicemail(world.canaries.phone())

    assert len(script.requests) == 1


async def test_success_after_trouble_of_every_kind(world: World) -> None:
    """All tries carry one key, so the phone has rung once."""
    world.script([NotSent, AnswerLost, _no(9), _PLACED])

    async with world.nerotech() as client:
        call = await client.voicemail(world.canaries.phone())

    assert call.pin.reveal() == "0777"
    assert {sent.fields["idempotency_key"] for sent in world.wire.sent} == {
        call.idempotency_key.text
    }
    (settled,) = world.seen(CallSettled)
    assert settled.result == call


async def test_every_repeat_after_a_loss_is_at_least_a_second_and_a_half_later(
    world: World,
) -> None:
    """The provider needs a moment to know the key of the call it has just placed."""
    world.script([AnswerLost, AnswerLost, _PLACED] * 7)

    async with world.nerotech() as client:
        for _ in range(5):
            await client.voicemail(world.canaries.phone())
            first, second, third = world.wire.times("voicemail")[-3:]
            assert min(second - first, third - second) >= 1.5


@pytest.mark.parametrize(
    ("age", "tries"), [(0, 2), (23 * 3600 - 2, 2), (23 * 3600 - 1, 1)]
)
async def test_a_key_is_not_sent_again_once_it_is_23_hours_old(
    age: float, tries: int, world: World
) -> None:
    """After 24 hours the same key rings again."""
    script = world.script([AnswerLost, _PLACED])
    used = world.clock.now() - timedelta(seconds=age)
    key = IdempotencyKey("stored-before", used)

    async with world.nerotech() as client:
        try:
            await client.voicemail(world.canaries.phone(), idempotency_key=key)
        except AnswerLost as error:
            world.canaries.watch(error)

    assert len(script.requests) == tries


@pytest.mark.parametrize("age", [23 * 3600, 24 * 3600, 10**7, -6])
async def test_an_old_key_is_refused_before_anything_is_sent(
    age: float, world: World
) -> None:
    """A clock that went backwards does not make a key young."""
    script = world.script([_PLACED])
    key = IdempotencyKey("stored-before", world.clock.now() - timedelta(seconds=age))

    async with world.nerotech() as client:
        with refused(ConfigurationError, match="23 hours"):
            await client.voicemail(world.canaries.phone(), idempotency_key=key)

    assert script.requests == []


@pytest.mark.parametrize("step_hours", [-2, 2, 30])
async def test_a_wall_clock_that_is_set_meanwhile_rings_nobody_twice(
    step_hours: int, world: World
) -> None:
    """An old key may be a new one to the provider; then nothing is sent again."""
    script = world.script([AnswerLost, _PLACED])
    async with world.nerotech(retry=RetryPolicy()) as client:
        world.clock.call_later(
            1.0, lambda: world.clock.step_wall(timedelta(hours=step_hours))
        )
        key = IdempotencyKey("stored", world.clock.now() - timedelta(hours=1))
        try:
            await client.voicemail(world.canaries.phone(), idempotency_key=key)
        except AnswerLost as error:
            world.canaries.watch(error)

    assert 1 <= len(script.requests) <= 2
    assert {sent.fields["idempotency_key"] for sent in world.wire.sent} == {"stored"}


async def test_a_stored_key_survives_a_crash(world: World) -> None:
    """A client that comes back with the same key is told of the same call."""
    phone = world.phone()
    key = IdempotencyKey.new().used(world.clock.now())
    async with world.nerotech() as client:
        first = await client.voicemail(phone, idempotency_key=key)
    world.clock.step_wall(timedelta(hours=22))

    async with world.nerotech() as client:
        second = await client.voicemail(phone, idempotency_key=key)

    assert second.call_id == first.call_id
    assert second.pin == first.pin
    assert len(world.sandbox.ledger.rings(phone)) == 1


async def test_each_call_has_a_key_of_its_own(world: World) -> None:
    """A key that is used for two attempts would answer the second with the first."""
    async with world.nerotech() as client:
        calls = [await client.voicemail(world.phone()) for _ in range(20)]

    assert len({call.idempotency_key.text for call in calls}) == 20
    assert all(a.pin is not b.pin for a, b in pairwise(calls))
