"""May it be sent again? Each operation under each fault, judged by the ledger."""

from __future__ import annotations

import pytest

from callauth import (
    AnswerLost,
    CallAuthError,
    NotSent,
    ProtocolError,
    ProviderError,
    RateLimited,
    RequestSettled,
)
from callauth.sandbox import (
    CutBody,
    Fault,
    Garbage,
    Hang,
    Latency,
    Refused,
    ResetAfter,
    ResetBefore,
    ServerError,
    TooMany,
)

from .asking import ROWS, Ask, Row
from .world import World

_LOST: dict[str, Fault] = {
    "reset before": ResetBefore(),
    "reset after": ResetAfter(),
    "cut": CutBody(),
    "garbage": Garbage(),
    "garbage, not processed": Garbage(processed=False),
    "another document": Garbage(body=b'{"hello": 1}'),
    "empty": Garbage(body=b""),
    "too long": Garbage(body=b" " * 70_000),
    "500": ServerError(status=500),
    "502, processed": ServerError(processed=True),
    "hang": Hang(),
    "hang, processed": Hang(processed=True),
    "late answer": Latency(1000.0),
    "late arrival": Latency(50.0, late_arrival=True),
}
_ROWS = pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))
_FAULTS = pytest.mark.parametrize("fault", _LOST.values(), ids=list(_LOST))


def _plan(world: World, row: Row, fault: Fault, times: int | None = 1) -> None:
    world.sandbox.faults.add(fault, operation=row.operation, times=times)


async def _fails(
    world: World, row: Row, fault: Fault, *expected: type[CallAuthError]
) -> CallAuthError:
    """Return the error when the fault never ends."""
    phone = world.phone()
    async with row.open(world, phone) as ask:
        _plan(world, row, fault, None)
        try:
            await ask()
        except expected as error:
            world.canaries.watch(error)
            assert len(world.sandbox.ledger.rings(phone)) <= 1
            return error
    raise AssertionError("nothing was raised")


@_ROWS
async def test_what_was_not_sent_is_sent_again(row: Row, world: World) -> None:
    """No byte left, so nothing happened: even a call may be tried again."""
    phone = world.phone()
    async with row.open(world, phone) as ask:
        before = len(world.sandbox.ledger.rings(phone))
        _plan(world, row, Refused(), 2)

        await ask()

    first, second, third = world.wire.times(row.operation)[:3]
    assert 0 <= second - first <= 0.25
    assert 0 <= third - second <= 0.5
    assert len(world.sandbox.ledger.rings(phone)) == before + row.rings


@_ROWS
async def test_what_is_never_sent_ends_as_not_sent(row: Row, world: World) -> None:
    """The application may try another provider: nothing happened."""
    await _fails(world, row, Refused(), NotSent)

    assert len(world.wire.of(row.operation)) == 3
    assert world.received(row.operation) == 0


@_ROWS
@_FAULTS
async def test_a_lost_answer_is_asked_for_as_the_table_says(
    row: Row, fault: Fault, world: World
) -> None:
    """A call without a key would ring twice if it were sent twice."""
    phone = world.phone()
    async with row.open(world, phone) as ask:
        _plan(world, row, fault)
        if row.lost > 1:
            await ask()
        else:
            await _is_lost(world, ask)
        # What was late on its way arrives now.
        await world.clock.sleep(60)

    assert len(world.wire.of(row.operation)) == min(row.lost, 2)
    assert len(world.sandbox.ledger.rings(phone)) <= 1


@_ROWS
@_FAULTS
async def test_answers_that_are_always_lost_end_as_unknown(
    row: Row, fault: Fault, world: World
) -> None:
    """Nobody may take a phone that could be ringing for one that is not."""
    await _fails(world, row, fault, AnswerLost, ProtocolError)

    assert len(world.wire.of(row.operation)) == row.lost
    (settled,) = [e for e in world.seen(RequestSettled) if e.error is not None]
    assert settled.tries == row.lost


@_ROWS
async def test_429_is_waited_for_as_the_table_says(row: Row, world: World) -> None:
    """The provider says how often it wants to be asked."""
    error = await _fails(world, row, TooMany(), RateLimited)

    assert isinstance(error, RateLimited)
    assert error.code is None
    assert len(world.wire.of(row.operation)) == row.limited


@_ROWS
@pytest.mark.parametrize("seconds", [1, 7, 14])
async def test_retry_after_is_honoured(row: Row, seconds: int, world: World) -> None:
    """To come earlier is to be turned away again."""
    phone = world.phone()
    async with row.open(world, phone) as ask:
        _plan(world, row, TooMany(seconds))
        await ask()

    first, second = world.wire.times(row.operation)[:2]
    assert seconds <= second - first <= seconds + 0.25


@_ROWS
@pytest.mark.parametrize("seconds", [31, 3600])
async def test_a_long_retry_after_ends_the_tries(
    row: Row, seconds: int, world: World
) -> None:
    """Nobody waits half a minute for a login; the error says how long it takes."""
    error = await _fails(world, row, TooMany(seconds), RateLimited)

    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds
    assert len(world.wire.of(row.operation)) == 1


@pytest.mark.parametrize("name", ["checkCode", "init", "verify", "get", "check"])
async def test_a_retry_after_beyond_the_deadline_ends_the_tries(
    name: str, world: World
) -> None:
    """A wait that outlasts the deadline is a wait for nothing."""
    await _fails(world, ROWS[name], TooMany(30), RateLimited)

    assert len(world.wire.of(ROWS[name].operation)) == 1


@_ROWS
async def test_a_refusal_is_final(row: Row, world: World) -> None:
    """A "no" does not become a "yes" by asking again."""
    phone = world.phone()
    async with row.open(world, phone) as ask:
        _refuse_next(world, row)
        try:
            await ask()
        except ProviderError as error:
            world.canaries.watch(error)
        else:
            assert row.operation == "reverse_auth_phone_check"

    assert len(world.wire.of(row.operation)) == 1
    assert len(world.sandbox.ledger.rings(phone)) <= 1


def _refuse_next(world: World, row: Row) -> None:
    operation = row.operation
    if operation in ("voicemail", "checkCode", "incoming/init", "incoming/verify"):
        world.sandbox.nerotech.refuse_next(7, operation=operation)
    elif operation.startswith("reverse"):
        world.sandbox.telefonip.refuse_next("no", operation=operation)
    else:
        world.sandbox.callpass.refuse_next("no", operation=operation)


async def _is_lost(world: World, ask: Ask) -> None:
    try:
        await ask()
    except (AnswerLost, ProtocolError) as error:
        world.canaries.watch(error)
        return
    raise AssertionError("nothing was raised")
