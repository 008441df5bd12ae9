"""How a missed call ended, as far as CallPass tells."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from attrs import evolve

from callauth import (
    AuthenticationFailed,
    CallPassClient,
    ConfigurationError,
    HangupCause,
    Pin,
    PlacedCall,
    ProviderError,
)
from callauth.protocol.callpass import Version
from callauth.sandbox import Answer, BeforeEnd, Hang, Latency, ResetAfter, ServerError
from tests.support.refusals import refused

from .world import World

_STATUS = "get-call-password-status"
_VERSIONS = pytest.mark.parametrize("version", ["v2.0", "v3.0"])


@_VERSIONS
@pytest.mark.parametrize("before_end", BeforeEnd)
async def test_every_form_of_not_yet_is_pending(
    before_end: BeforeEnd, version: Version, world: World
) -> None:
    """The document prints "null" as a text; others would leave it out."""
    world.sandbox.callpass.before_end = before_end
    async with world.callpass(version) as client:
        call = await client.start_call_password(world.phone(answers_after_seconds=9))
        assert call.cause is None
        assert await client.get_call_password_status(call.call_id) is None

        assert await client.wait_status(call) == HangupCause("NORMAL_CLEARING")


@pytest.mark.parametrize(
    ("answers", "cause", "shows"),
    [
        (Answer.ANSWERS, "NORMAL_CLEARING", True),
        (Answer.BUSY, "USER_BUSY", True),
        (Answer.NO_ANSWER, "NO_ANSWER", True),
        (Answer.UNREACHABLE, "DESTINATION_OUT_OF_ORDER", False),
        (Answer.SWITCHED_OFF, "SUBSCRIBER_ABSENT", False),
    ],
)
async def test_a_cause_is_told_as_it_came(
    answers: Answer, cause: str, *, shows: bool, world: World
) -> None:
    """None of them is a failure of the call, and none makes another one."""
    phone = world.phone(answers=answers)
    async with world.callpass() as client:
        call = await client.start_call_password(phone)
        learned = await client.wait_status(call)

    assert learned == HangupCause(cause)
    assert learned.shows_caller_id is shows
    assert len(world.sandbox.ledger.rings(phone)) == 1


@pytest.mark.parametrize("version", ["v1.0", "v2.0", "v3.0"])
async def test_a_synchronous_call_needs_no_question(
    version: Version, world: World
) -> None:
    """Its answer has come with the call, even in the version without a status."""
    async with world.callpass(version) as client:
        call = await client.start_call_password(
            world.phone(answers=Answer.BUSY), asynchronous=False
        )

        assert call.cause == HangupCause("USER_BUSY")
        assert await client.wait_status(call) == call.cause

    assert world.received(_STATUS) == 0


@pytest.mark.parametrize(("known_after", "found"), [(4.5, True), (60.0, False)])
async def test_a_call_that_is_not_found_at_first_is_pending_for_five_seconds(
    known_after: float, *, found: bool, world: World
) -> None:
    """The provider may not know the call yet that it has just placed."""
    world.sandbox.callpass.known_after_seconds = known_after
    async with world.callpass() as client:
        call = await client.start_call_password(world.phone(answers_after_seconds=6))

        cause = await client.wait_status(call)

    assert (cause is not None) is found
    assert (world.clock.monotonic() > 5) is True
    assert world.clock.monotonic() < 12


@pytest.mark.parametrize(
    ("seconds", "pending"), [(0, True), (4.9, True), (5, True), (5.1, False)]
)
async def test_a_single_question_about_an_unknown_call(
    seconds: float, *, pending: bool, world: World
) -> None:
    """Later than five seconds it is unknown for good."""
    world.sandbox.callpass.known_after_seconds = 60
    async with world.callpass() as client:
        call = await client.start_call_password(world.phone())
        await world.clock.sleep(seconds)
        if pending:
            assert await client.get_call_password_status(call.call_id) is None
            return
        with refused(ProviderError) as refusal:
            await client.get_call_password_status(call.call_id)

    assert refusal.error.meaning == "CALL_NOT_FOUND"


async def test_an_id_that_this_client_did_not_get_is_not_pending(
    world: World,
) -> None:
    """When it was started is not known here."""
    async with world.callpass() as client:
        with refused(ProviderError) as refusal:
            await client.get_call_password_status("8f3b2c32")

    assert refusal.error.meaning == "CALL_NOT_FOUND"


@pytest.mark.parametrize("ring", [2, 30, 99])
async def test_the_wait_ends_thirty_seconds_after_the_longest_ring(
    ring: int, world: World
) -> None:
    """The pin is as good without knowing how the call ended."""
    async with world.callpass() as client:
        call = await client.start_call_password(world.phone(), timeout_seconds=ring)
        world.sandbox.faults.add(ServerError(), operation=_STATUS, times=None)

        assert await client.wait_status(call) is None

    assert ring + 30 <= world.clock.monotonic() <= ring + 35
    assert world.wire.times(_STATUS)[-1] <= ring + 35


async def test_the_wait_ends_when_no_answer_comes_at_all(world: World) -> None:
    """A silent provider holds nobody up for ever."""
    async with world.callpass() as client:
        call = await client.start_call_password(world.phone())
        world.sandbox.faults.add(Hang(), operation=_STATUS, times=None)

        assert await client.wait_status(call) is None

    assert world.clock.monotonic() <= 60 + 11


async def test_a_wait_that_begins_too_late_asks_nothing(world: World) -> None:
    """Nobody needs to know any more."""
    async with world.callpass() as client:
        call = await client.start_call_password(world.phone())
        await world.clock.sleep(70)

        assert await client.wait_status(call) is None

    assert world.received(_STATUS) == 0


@pytest.mark.parametrize("step_seconds", [3600, -3600, 100, -100])
async def test_a_wall_clock_that_is_set_changes_nothing(
    step_seconds: float, world: World
) -> None:
    """Waiting goes by a clock that nobody can set."""
    async with world.callpass() as client:
        call = await client.start_call_password(world.phone(answers=Answer.NO_ANSWER))
        world.clock.step_wall(timedelta(seconds=step_seconds))

        assert await client.wait_status(call) == HangupCause("NO_ANSWER")


async def test_trouble_that_passes_does_not_end_the_wait(world: World) -> None:
    """A status is a plain read: the next one answers as well."""
    async with world.callpass() as client:
        call = await client.start_call_password(world.phone())
        world.sandbox.faults.add(ResetAfter(), operation=_STATUS, times=3)

        assert await client.wait_status(call) == HangupCause("NORMAL_CLEARING")


async def test_a_refused_token_ends_the_wait(world: World) -> None:
    """A wrong token, or an address that is not served, is as wrong in a minute."""
    async with world.callpass() as client:
        call = await client.start_call_password(world.phone())
        world.sandbox.callpass.allowed_ips = set()

        with refused(AuthenticationFailed, match="IP allow-list"):
            await client.wait_status(call)

    assert world.received(_STATUS) == 1


async def test_another_refusal_ends_the_wait(world: World) -> None:
    """Words that nobody documented do not change by waiting."""
    async with world.callpass() as client:
        call = await client.start_call_password(world.phone())
        world.sandbox.callpass.refuse_next("no", operation=_STATUS)

        with refused(ProviderError):
            await client.wait_status(call)


async def test_a_call_of_another_process_is_waited_for(world: World) -> None:
    """One process calls, another one answers the page."""
    async with world.callpass() as ours, world.callpass() as theirs:
        call = await theirs.start_call_password(world.phone())

        assert await ours.wait_status(call) == HangupCause("NORMAL_CLEARING")


async def test_a_call_without_a_time_zone_is_refused(world: World) -> None:
    """A naive time is another moment on another machine."""
    with refused(ConfigurationError, match="time zone"):
        PlacedCall(
            call_id="x",
            pin=Pin("2214610"),
            sent_at=datetime(2026, 1, 1),  # noqa: DTZ001 - the point of the test
            ring_seconds=30,
        )


async def test_version_1_has_no_status(world: World) -> None:
    """There is no endpoint to ask."""
    async with world.callpass("v3.0") as later:
        call = await later.start_call_password(world.phone())
    async with world.callpass("v1.0") as client:
        for asking in (_ask_once, CallPassClient.wait_status):
            with refused(ConfigurationError, match="know a status"):
                await asking(client, evolve(call, cause=None))

    assert world.received(_STATUS) == 0


async def _ask_once(client: CallPassClient, call: PlacedCall) -> object:
    return await client.get_call_password_status(call.call_id)


async def test_a_wait_that_was_cancelled_leaves_nothing(world: World) -> None:
    """A page that was closed costs the provider no more questions."""
    world.sandbox.faults.add(Latency(0.5), operation=_STATUS, times=None)
    async with world.callpass() as client:
        call = await client.start_call_password(world.phone(answers=Answer.NO_ANSWER))
        wait = asyncio.create_task(client.wait_status(call))
        await world.clock.sleep(10)
        wait.cancel()
        await asyncio.wait([wait])
        await world.clock.sleep(1)
        asked = world.received(_STATUS)

        await world.clock.sleep(30)

    assert world.received(_STATUS) == asked
