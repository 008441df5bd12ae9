"""Nobody knows what a channel did: the phone may ring, and nobody else rings it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

import pytest

from callauth import (
    AnswerLost,
    CallAuthError,
    ConfigurationError,
    NoChannelLeft,
    PhoneNumber,
    Pin,
    ProtocolError,
    ProviderUnavailable,
    RingLocked,
    Unknown,
    VerificationPolicy,
)
from callauth.sandbox import Garbage, Hang, ResetAfter, ServerError
from callauth.verification import AttemptStarted
from tests.support.refusals import refused

from .own import Bell, Called, Nowhere, raises
from .world import World

_LOSSES = [
    AnswerLost("bell", "ring", "x"),
    ProtocolError("bell", "ring", "x"),
    # Of a pin that is none, it may be: the phone has rung.
    ConfigurationError("x"),
    ProviderUnavailable("bell", "ring", None, "x"),
    NoChannelLeft("not ours"),
    CallAuthError("x"),
    ValueError("nonsense"),
    KeyError(5),
    TimeoutError(),
    ZeroDivisionError(),
]


@pytest.mark.parametrize("error", _LOSSES, ids=lambda error: type(error).__name__)
async def test_a_lost_answer_is_unknown_and_nobody_else_rings(
    error: Exception, world: World, phone: PhoneNumber, bell: Bell
) -> None:
    """The phone may be ringing: a second call is what must never be."""
    bell.fate = raises(error)
    other = Bell(world.clock, name="other")
    verifier = await world.verifier([bell, other])

    attempt = await verifier.start(phone)

    assert isinstance(attempt.outcome, Unknown)
    assert (attempt.challenge, other.rung) == (None, [])


@pytest.mark.parametrize("error", _LOSSES, ids=lambda error: type(error).__name__)
async def test_after_a_loss_the_phone_is_locked(
    error: Exception, world: World, phone: PhoneNumber, bell: Bell
) -> None:
    """For as long as it rings and 30 seconds more."""
    bell.fate = raises(error)
    verifier = await world.verifier([bell], policy=VerificationPolicy(cool_down=()))
    await verifier.start(phone)
    bell.fate = None

    with refused(RingLocked) as refusal:
        await verifier.start(phone)
    assert refusal.error.retry_after == 50

    await world.clock.sleep(49.9)
    with refused(RingLocked):
        await verifier.start(phone)
    await world.clock.sleep(0.1)
    assert (await verifier.start(phone)).challenge is not None


@pytest.mark.parametrize(
    "answer",
    [
        None,
        5,
        "1234",
        Called("1234", None),  # type: ignore[arg-type] # wrong on purpose
        Called(Pin("1234"), None),  # type: ignore[arg-type] # wrong on purpose
        Called(Pin("1234"), datetime(2026, 1, 1, tzinfo=Nowhere())),
    ],
    ids=["None", "5", "text", "a text for a pin", "no moment", "no offset"],
)
async def test_an_answer_that_is_none_is_unknown(
    answer: object, world: World, phone: PhoneNumber, bell: Bell
) -> None:
    """A provider of one's own is written in a hurry, too."""
    bell.fate = lambda: answer  # type: ignore[assignment] # wrong on purpose
    verifier = await world.verifier([bell])

    assert isinstance((await verifier.start(phone)).outcome, Unknown)

    with refused(RingLocked) as refusal:
        await verifier.start(phone)
    assert refusal.error.retry_after == 50


@pytest.mark.parametrize(
    ("fate", "clauses"),
    [
        (raises(KeyError("+79991234567")), ["KeyError"]),
        (raises(ConfigurationError("x")), ["ConfigurationError"]),
        (lambda: Called("1234", None), ["expected a Pin, and an aware sent_at"]),  # type: ignore[arg-type] # wrong on purpose
        (raises(AnswerLost("bell", "ring", "x")), []),
        (raises(ProviderUnavailable("bell", "ring", None, "x")), []),
    ],
    ids=["a defect", "no pin", "a text for a pin", "lost", "unavailable"],
)
async def test_the_log_tells_what_is_wrong_with_a_channel(
    fate: Callable[[], Called],
    clauses: list[str],
    world: World,
    bell: Bell,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whoever wrote it sees unknown attempts; a text may hold the number."""
    bell.fate = fate
    await (await world.verifier([bell])).start(world.phone())

    told = [each.message for each in caplog.records if each.levelno > logging.INFO]
    assert told == [f"channel failed: bell: {clause}" for clause in clauses]


async def test_a_channel_that_hangs_is_given_up(
    world: World, phone: PhoneNumber
) -> None:
    """After 150 seconds nobody waits for it any more, and nobody knows what it did."""

    class Hanging(Bell):
        async def ring(self, phone: PhoneNumber, key: object) -> Called:
            await asyncio.get_running_loop().create_future()
            raise AssertionError

    verifier = await world.verifier([Hanging(world.clock)])

    attempt = await verifier.start(phone)

    assert isinstance(attempt.outcome, Unknown)
    assert world.clock.monotonic() == 150


async def test_a_cancelled_provider_is_an_attempt_that_ends(world: World) -> None:
    """Whatever is cancelled inside a channel, the attempt reaches an outcome."""

    class Cancelling(Bell):
        async def ring(self, phone: PhoneNumber, key: object) -> Called:
            raise asyncio.CancelledError

    verifier = await world.verifier([Cancelling(world.clock)])
    with refused(AnswerLost):
        await verifier.start(world.phone())
    (started,) = world.seen(AttemptStarted)

    assert isinstance(await world.end(verifier, started.attempt_id), Unknown)


@pytest.mark.parametrize(
    "fault",
    [ResetAfter(), Garbage(), ServerError(), Hang()],
    ids=lambda fault: type(fault).__name__,
)
async def test_our_channels_do_not_ring_twice_either(
    fault: ResetAfter, world: World, phone: PhoneNumber
) -> None:
    """An answer that is lost on the way from CallPass is one that rang, perhaps."""
    world.sandbox.faults.add(fault, provider="callpass")
    verifier = await world.verifier()

    attempt = await verifier.start(phone)

    assert isinstance(attempt.outcome, Unknown)
    assert world.rings(phone) <= 1
    with refused(RingLocked) as refusal:
        await verifier.start(phone)
    assert refusal.error.retry_after == pytest.approx(60, abs=1)


async def test_a_failure_inside_a_provider_is_a_call_perhaps(
    world: World, phone: PhoneNumber
) -> None:
    """NeroTech's 4 does not say whether it rang."""
    world.sandbox.nerotech.refuse_next(4, rings=True)
    verifier = await world.verifier([world.channels[2], world.channels[0]])

    assert isinstance((await verifier.start(phone)).outcome, Unknown)

    assert world.rings(phone) == 1
