"""A channel that places nothing is passed by, and a refusal is final."""

from __future__ import annotations

import pytest

from callauth import (
    AnswerLost,
    AuthenticationFailed,
    CallAuthError,
    CallInProgress,
    Confirmed,
    InsufficientFunds,
    Method,
    NoChannelLeft,
    NotSent,
    NumberBlocked,
    NumberInvalid,
    PhoneNumber,
    Pin,
    ProviderError,
    RateLimited,
    Rejected,
    RingLocked,
    TestModeRefused,
    TooManyAttempts,
    VerificationPolicy,
)
from callauth.sandbox import Refused
from callauth.verification import AttemptEnded, ChannelPassed
from tests.support.refusals import refused

from .own import Bell, Desk, raises
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


async def test_a_lease_that_is_none_is_passed_on(
    world: World, phone: PhoneNumber, bell: Bell, desk: Desk
) -> None:
    """A number that nobody knows is dialled by nobody."""
    desk.fate = lambda: None  # type: ignore[assignment] # wrong on purpose
    verifier = await world.verifier([desk, bell])

    assert (await verifier.start(phone)).channel == "bell"


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
