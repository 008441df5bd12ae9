"""The call that has no key: sent twice only when certainly no byte left."""

from __future__ import annotations

import pytest

from callauth import AnswerLost, NotSent, RateLimited, Response
from callauth.transport.scripted import Step
from tests.support.answers import answer, sample
from tests.support.refusals import refused

from .world import World

_TOO_MANY = answer({"message": "too many"}, status=429)
_TOO_MANY_BUT_PLACED = answer(
    {"status": "error", "message": "too many", "data": {"callid": "x"}}, status=429
)


def _with_call_id(status: int, word: str) -> Response:
    document = {"status": word, "message": "no", "callid": "8f3b2c32"}
    return answer(document, status=status)


@pytest.mark.parametrize(
    "refusal",
    [
        _TOO_MANY_BUT_PLACED,
        _with_call_id(429, "error"),
        _with_call_id(200, "error"),
        _with_call_id(200, "success"),
        _with_call_id(403, "error"),
        answer({"status": "success", "data": {"result": "error", "callId": "x"}}),
    ],
)
async def test_a_refusal_that_names_a_call_is_unknown(
    refusal: Response, world: World
) -> None:
    """A "no" that names a call may have rung: neither again nor elsewhere."""
    script = world.script([refusal, sample("callpass/start_v3")])

    async with world.callpass() as client:
        with refused(AnswerLost, match="call id"):
            await client.start_call_password(world.canaries.phone())

    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("steps", "error"),
    [
        ([NotSent, AnswerLost], AnswerLost),
        ([_TOO_MANY, AnswerLost], AnswerLost),
        ([_TOO_MANY, _TOO_MANY], RateLimited),
        ([NotSent, _TOO_MANY, NotSent], NotSent),
        ([NotSent, NotSent, NotSent], NotSent),
        ([_TOO_MANY, NotSent, _TOO_MANY], RateLimited),
    ],
)
async def test_the_tries_end_with(
    steps: list[Step], error: type[Exception], world: World
) -> None:
    """What is told at the end decides whether another provider may ring."""
    script = world.script([*steps, sample("callpass/start_v3")])

    async with world.callpass() as client:
        with refused(error):
            await client.start_call_password(world.canaries.phone())

    assert len(script.requests) == len(steps)


async def test_the_only_try_has_all_the_time_there_is(world: World) -> None:
    """The answer of a synchronous call comes when the call has ended."""
    world.sandbox.network.default = world.sandbox.network.default
    phone = world.phone(answers_after_seconds=98)

    async with world.callpass("v1.0") as client:
        call = await client.start_call_password(phone, timeout_seconds=99)

    assert call.cause is not None
    assert [sent.timeout_seconds for sent in world.wire.sent] == [99 + 15]
    assert world.clock.monotonic() == 98
