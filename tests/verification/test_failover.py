from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

import pytest

from callauth import (
    AnswerLost,
    AuthenticationFailed,
    CallAuthError,
    CallInProgress,
    ConfigurationError,
    Confirmed,
    InsufficientFunds,
    Method,
    NoChannelLeft,
    NotSent,
    NumberBlocked,
    NumberInvalid,
    PhoneNumber,
    Pin,
    ProtocolError,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    Rejected,
    RingLocked,
    TestModeRefused,
    TooManyAttempts,
    Unknown,
    VerificationPolicy,
)
from callauth.sandbox import Garbage, Hang, Refused, ResetAfter, ServerError
from callauth.verification import AttemptEnded, AttemptStarted, ChannelPassed
from tests.support.refusals import refused

from .own import Bell, Called, Desk, Nowhere, raises
from .world import World

_BY_THEM = ("bell", "ring", None, "x")
_PASSED_ON = [
    NotSent("bell", "ring", "x"),
    AuthenticationFailed(*_BY_THEM),
    InsufficientFunds(*_BY_THEM),
]
_REFUSALS = [
    NumberInvalid(*_BY_THEM),
    NumberBlocked(*_BY_THEM),
    RateLimited(*_BY_THEM),
    CallInProgress(*_BY_THEM),
    ProviderError(*_BY_THEM),
    TestModeRefused(*_BY_THEM),
]
_LOSSES = [
    AnswerLost("bell", "ring", "x"),
    ProtocolError("bell", "ring", "x"),
    # Of a pin that is none, it may be: the phone has rung.
    ConfigurationError("x"),
    ProviderUnavailable(*_BY_THEM),
    NoChannelLeft("not ours"),
    CallAuthError("x"),
    ValueError("nonsense"),
    KeyError(5),
    TimeoutError(),
    ZeroDivisionError(),
]


def _name(error: object) -> str:
    return type(error).__name__


@pytest.mark.parametrize("error", _PASSED_ON, ids=_name)
async def test_the_next_channel_is_asked_when_nothing_was_placed(
    error: CallAuthError, world: World, phone: PhoneNumber, bell: Bell
) -> None:
    """The person shall not notice that an account is empty."""
    bell.fate = raises(error)
    other = Bell(world.clock, name="other")
    verifier = await world.verifier([bell, other])

    attempt = await verifier.start(phone)

    assert (attempt.channel, other.rung, attempt.tries_left) == ("other", [phone], 3)
    (passed,) = world.seen(ChannelPassed)
    assert (passed.channel, passed.reason) == ("bell", type(error).__name__)
    assert isinstance(await verifier.submit(attempt.id, "1000"), Confirmed)


@pytest.mark.parametrize("error", _REFUSALS, ids=_name)
async def test_a_refusal_is_final(
    error: ProviderError, world: World, phone: PhoneNumber, bell: Bell
) -> None:
    """A number that one provider blocks is not tried at the others."""
    bell.fate = raises(error)
    other = Bell(world.clock, name="other")
    verifier = await world.verifier([bell, other])

    with refused(type(error)):
        await verifier.start(phone)

    assert other.rung == []
    (ended,) = world.seen(AttemptEnded)
    assert ended.outcome == Rejected(at=world.clock.now(), reason=_name(error))


@pytest.mark.parametrize("error", _REFUSALS, ids=_name)
async def test_a_refusal_leaves_the_phone_free(
    error: ProviderError, world: World, phone: PhoneNumber, bell: Bell
) -> None:
    """Nothing rang, so nobody has to wait."""
    bell.fate = raises(error)
    verifier = await world.verifier([bell])
    with refused(type(error)):
        await verifier.start(phone)
    bell.fate = None

    assert (await verifier.start(phone)).tries_left == 3


@pytest.mark.parametrize("error", _LOSSES, ids=_name)
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


@pytest.mark.parametrize("error", _LOSSES, ids=_name)
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
        (raises(ProviderUnavailable(*_BY_THEM)), []),
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


async def test_a_lease_that_is_none_is_passed_on(
    world: World, phone: PhoneNumber, bell: Bell, desk: Desk
) -> None:
    """A number that nobody knows is dialled by nobody."""
    desk.fate = lambda: None  # type: ignore[assignment] # wrong on purpose
    verifier = await world.verifier([desk, bell])

    assert (await verifier.start(phone)).channel == "bell"


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
    "error", [AnswerLost("desk", "lease", "x"), ValueError(), *_PASSED_ON], ids=_name
)
async def test_a_lease_that_did_not_come_harms_nobody(
    error: Exception, world: World, phone: PhoneNumber, bell: Bell, desk: Desk
) -> None:
    """Nothing rings, so another channel may be asked even after a lost answer."""
    desk.fate = raises(error)
    verifier = await world.verifier([desk, bell])

    attempt = await verifier.start(phone)

    assert attempt.channel == "bell"
    desk.fate = None
    again = await verifier.start(phone, method=Method.REVERSE_CALL)
    assert again.channel == "desk"


async def test_a_channel_that_is_not_ready_is_left_out(
    world: World, phone: PhoneNumber, bell: Bell
) -> None:
    """A provider that keeps failing would only cost time."""
    bell.is_ready = False
    other = Bell(world.clock, name="other")
    verifier = await world.verifier([bell, other])

    assert (await verifier.start(phone)).channel == "other"

    assert [passed.channel for passed in world.seen(ChannelPassed)] == ["bell"]


async def test_no_channel_that_is_ready_is_refused(
    world: World, phone: PhoneNumber, bell: Bell
) -> None:
    """An error of ours, at once."""
    bell.is_ready = False
    verifier = await world.verifier([bell])

    with refused(NoChannelLeft):
        await verifier.start(phone)

    assert world.events == []


async def test_all_channels_without_a_call_reject_the_attempt(
    world: World, phone: PhoneNumber, bell: Bell
) -> None:
    """What was begun has an outcome."""
    bell.fate = raises(NotSent("bell", "ring", "x"))
    verifier = await world.verifier([bell])

    with refused(NoChannelLeft):
        await verifier.start(phone)

    (ended,) = world.seen(AttemptEnded)
    assert isinstance(ended.outcome, Rejected)
    bell.fate = None
    assert (await verifier.start(phone)).challenge is not None


async def test_a_lock_in_the_way_of_the_next_channel_rejects_the_attempt(
    world: World, phone: PhoneNumber, bell: Bell, desk: Desk
) -> None:
    """The reverse call of another tab goes on, and this attempt has an outcome."""
    verifier = await world.verifier([bell, desk])
    first = await verifier.start(phone, method=Method.REVERSE_CALL)
    bell.fate = raises(NotSent("bell", "ring", "x"))

    with refused(RingLocked):
        await verifier.start(phone)

    (ended,) = world.seen(AttemptEnded)
    assert ended.outcome == Rejected(at=world.clock.now(), reason="RingLocked")
    assert (await verifier.get(first.id)).challenge is not None


async def test_an_open_breaker_is_passed_by(world: World) -> None:
    """Five failures in a row, and the next person is served by another provider."""
    world.sandbox.faults.add(Refused(), provider="callpass", times=None)
    verifier = await world.verifier(policy=VerificationPolicy(starts_per_prefix=None))

    attempts = [await verifier.start(world.phone()) for _ in range(6)]

    assert {each.channel for each in attempts} == {"reverse_call:telefonip"}
    asked = world.received("start-call-password")
    assert (asked, world.callpass.is_ready) == (0, False)
    assert world.seen(ChannelPassed)[-1].reason != "NotSent"


@pytest.mark.parametrize(
    "fault", [ResetAfter(), Garbage(), ServerError(), Hang()], ids=_name
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


async def test_an_empty_account_is_noticed_by_nobody(
    world: World, phone: PhoneNumber
) -> None:
    """NeroTech says 7, and the person is called all the same."""
    world.sandbox.nerotech.refuse_next(7)
    channels = [world.channels[2], world.channels[0]]
    verifier = await world.verifier(channels)

    attempt = await verifier.start(phone)

    assert attempt.channel == "flash_call:callpass"
    assert world.rings(phone) == 1


async def test_a_failure_inside_a_provider_is_a_call_perhaps(
    world: World, phone: PhoneNumber
) -> None:
    """NeroTech's 4 does not say whether it rang."""
    world.sandbox.nerotech.refuse_next(4, rings=True)
    verifier = await world.verifier([world.channels[2], world.channels[0]])

    assert isinstance((await verifier.start(phone)).outcome, Unknown)

    assert world.rings(phone) == 1


async def test_a_fail_over_costs_one_call(
    world: World, phone: PhoneNumber, bell: Bell
) -> None:
    """What was counted for a call that did not happen is given back."""
    bell.fate = raises(NotSent("bell", "ring", "x"))
    other = Bell(world.clock, name="other")
    verifier = await world.verifier([bell, other])
    await verifier.start(phone)
    await world.clock.sleep(20)

    with refused(TooManyAttempts) as refusal:
        await verifier.start(phone)

    assert (refusal.error.limit, refusal.error.retry_after) == ("rings/phone", 10)


async def test_the_pin_of_a_test_call_verifies_nobody(
    world: World, phone: PhoneNumber, bell: Bell
) -> None:
    """Test mode that was left switched on must not open every door."""
    bell.pins = [Pin("1234", verifies=False)]
    verifier = await world.verifier([bell])

    with refused(TestModeRefused):
        await verifier.start(phone)
