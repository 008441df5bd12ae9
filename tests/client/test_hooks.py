"""What a client tells its hooks, and what a broken hook cannot break."""

from __future__ import annotations

import logging

import pytest

from callauth import (
    AnswerLost,
    CallSettled,
    ContractWarning,
    Event,
    ManualClock,
    NotSent,
    RequestSettled,
    SuspiciousAnswer,
)
from tests.support.answers import answer
from tests.support.canaries import Canaries
from tests.support.refusals import refused

from .asking import ROWS, Row
from .world import World

_ROWS = pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))


@_ROWS
async def test_a_hook_that_raises_loses_nothing(
    row: Row, world: World, caplog: pytest.LogCaptureFixture, canaries: Canaries
) -> None:
    """A broken dashboard must not lose the pin of a phone that rings."""
    secret = canaries.secret().reveal()

    def broken(event: Event) -> None:
        raise LookupError(secret)

    class Broken(World):
        def _options(self, options):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - as World
            return {
                **super()._options(options),
                "hooks": [broken, self.events.append],
            }

    trouble = Broken(world.canaries, world.clock, world.sandbox)
    async with row.open(trouble, trouble.phone()) as ask:
        await ask()

    assert trouble.seen(RequestSettled)[-1].operation.startswith(row.operation[:8])
    errors = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert {record.getMessage() for record in errors} == {"hook failed: LookupError"}


async def test_every_hook_is_told_in_turn(world: World) -> None:
    """One counts, another one stores."""
    seen: list[str] = []
    hooks = [lambda _: seen.append("first"), lambda _: seen.append("second")]
    async with world.telefonip(hooks=hooks) as client:
        await client.reverse_auth_phone_get(world.phone())

    assert seen == ["first", "second"] * 2


async def test_a_number_for_a_code_is_mended_and_told(world: World) -> None:
    """A number has lost its leading zeros; the application should hear of it."""
    world.script([answer({"status": True, "id": 103000, "code": 77})])
    async with world.nerotech() as client:
        call = await client.voicemail(world.canaries.phone())

    assert call.pin.reveal() == "0077"
    (warning,) = world.seen(ContractWarning)
    assert (warning.provider, warning.operation) == ("nerotech", "voicemail")


@_ROWS
async def test_every_operation_settles_once(row: Row, world: World) -> None:
    """Whoever counts requests must count each once."""
    async with row.open(world, world.phone()) as ask:
        before = len(world.seen(RequestSettled))
        await ask()

    settled = world.seen(RequestSettled)[before:]
    drain = ["incoming/verify"] if row.operation == "incoming/init" else []
    assert [event.operation for event in settled] == [row.operation, *drain]


async def test_a_defect_is_not_taken_for_a_closed_client(world: World) -> None:
    """Whoever reads "closed" would look in the wrong place, and the phone may ring."""

    class Broken(ManualClock):
        async def sleep(self, seconds: float) -> None:
            raise TypeError

    world.script([NotSent])
    async with world.callpass(clock=Broken()) as client:
        with refused(TypeError):
            await client.start_call_password(world.phone())

    (settled,) = world.seen(CallSettled)
    assert type(settled.error) is AnswerLost
    assert settled.error.clause == "a defect, see the exception"


async def test_events_show_no_number_and_no_pin(world: World) -> None:
    """Somebody will log them; the canaries listen."""
    async with world.nerotech() as client:
        await client.voicemail(world.phone())
        lease = await client.incoming_init(world.phone(dials_after_seconds=1))
        world.sandbox.nerotech.refuse_next(13, operation="incoming/verify")
        await client.incoming_verify(lease)

    assert len(world.seen(CallSettled)) == 2
    assert len(world.seen(SuspiciousAnswer)) == 1
    for event in world.events:
        world.canaries.scan(f"{event!r} {event}")


async def test_nothing_is_logged_above_debug_when_all_is_well(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A warning is for a person who should act."""
    async with world.nerotech() as client:
        await client.voicemail(world.phone())

    assert [r for r in caplog.records if r.levelno > logging.DEBUG] == []
    assert {r.name for r in caplog.records if r.name.startswith("call")} == {"callauth"}


async def test_without_debug_logging_the_hooks_are_told_all_the_same(
    world: World,
) -> None:
    """Production does not log at DEBUG."""
    logger = logging.getLogger("callauth")
    level = logger.level
    logger.setLevel(logging.INFO)
    try:
        async with world.nerotech() as client:
            await client.voicemail(world.phone())
    finally:
        logger.setLevel(level)

    assert len(world.seen(CallSettled)) == 1
