from __future__ import annotations

from typing import Any

import pytest

from callauth import (
    ConfigurationError,
    FlashCall,
    Limit,
    Method,
    NoChannelLeft,
    PhoneNumber,
    Unknown,
    VerificationPolicy,
)
from callauth.verification.policy import number_type
from tests.support.refusals import refused

from .own import Bell, Desk
from .world import World


@pytest.mark.parametrize("purpose", ["recovery", "payment"])
async def test_a_caller_id_is_too_weak_for_some_purposes(
    purpose: str, world: World, phone: PhoneNumber
) -> None:
    """It can be forged."""
    verifier = await world.verifier()

    with refused(NoChannelLeft):
        await verifier.start(phone, purpose=purpose, method=Method.REVERSE_CALL)
    attempt = await verifier.start(phone, purpose=purpose)
    await world.clock.sleep(60)
    after = await verifier.next_channel(attempt.id)

    assert after.channel == "voice_otp:nerotech"
    await world.clock.sleep(60)
    with refused(NoChannelLeft):
        await verifier.next_channel(attempt.id)


async def test_the_application_names_such_purposes(
    world: World, phone: PhoneNumber, desk: Desk
) -> None:
    """It knows what is at stake."""
    policy = VerificationPolicy(without_caller_id=frozenset({"vote"}))
    verifier = await world.verifier([desk], policy=policy)

    with refused(NoChannelLeft):
        await verifier.start(phone, purpose="vote")
    assert (await verifier.start(phone, purpose="recovery")).channel == "desk"


@pytest.mark.parametrize(
    ("least", "channel"),
    [(4, "bell"), (5, "flash_call:callpass"), (7, "flash_call:callpass")],
)
async def test_short_pins_are_left_out(
    least: int, channel: str, world: World, phone: PhoneNumber, bell: Bell
) -> None:
    """Four digits are guessed once in 10,000."""
    policy = VerificationPolicy(least_pin_digits=least)
    verifier = await world.verifier([bell, FlashCall(world.callpass)], policy=policy)

    assert (await verifier.start(phone)).channel == channel


async def test_a_pin_lives_as_long_as_the_policy_says(
    world: World, phone: PhoneNumber, bell: Bell
) -> None:
    """Up to ten minutes."""
    policy = VerificationPolicy(pin_seconds=600.0)
    verifier = await world.verifier([bell], policy=policy)

    attempt = await verifier.start(phone)

    assert attempt.challenge is not None
    assert (attempt.challenge.expires_at - world.clock.now()).total_seconds() == 600


@pytest.mark.parametrize(
    "wrong",
    [
        {"pin_seconds": 0.0},
        {"pin_seconds": 600.5},
        {"pin_seconds": float("nan")},
        {"tries_per_pin": 0},
        {"cool_down": (30.0, -1.0)},
        {"least_pin_digits": 3},
        {"least_pin_digits": 8},
        {"keep_seconds": 599.0},
        {"failures_per_phone": None},
        {"starts_per_phone": 5},
        {"starts_per_client_ip": 30},
        {"starts_per_prefix": 30},
        {"starts": 1000},
        {"spend": 1000.0},
        {"number_types": {"mobile", "landline"}},
        {"number_types": "mobile"},
        {"without_caller_id": "payment"},
    ],
)
def test_a_policy_out_of_its_range_is_refused(wrong: dict[str, Any]) -> None:
    """When the program starts, not when somebody logs in."""
    with refused(ConfigurationError):
        VerificationPolicy(**wrong)


@pytest.mark.parametrize(
    ("times", "seconds"),
    [(0, 60.0), (-1, 60.0), (1, 0.0), (1, 0.5), (1, float("nan")), (1.5, 60.0)],
)
def test_a_limit_that_allows_nothing_is_refused(times: int, seconds: float) -> None:
    """Leave a limit out with None, and a channel by not giving it."""
    with refused(ConfigurationError):
        Limit(times, seconds=seconds)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+79991234567", "mobile"),
        ("+74951234567", "fixed"),
        ("+77011234567", "fixed"),
        ("+4915112345678", "foreign"),
    ],
)
def test_the_type_of_a_number(number: str, expected: str) -> None:
    """Mobiles begin with 9, in Russia."""
    assert number_type(PhoneNumber(number)) == expected


async def test_a_pin_that_is_shorter_than_promised_verifies_nobody(
    world: World, bell: Bell
) -> None:
    """The provider decides how long it is, and the phone rings already."""
    bell.digits = 7
    policy = VerificationPolicy(least_pin_digits=7)
    verifier = await world.verifier([bell], policy=policy)

    attempt = await verifier.start(world.phone())

    assert isinstance(attempt.outcome, Unknown)
    assert len(bell.rung) == 1
