from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from callauth import (
    ConfigurationError,
    Confirmed,
    FlashCall,
    Limit,
    MemoryStore,
    Method,
    Pending,
    PhoneNumber,
    PinChallenge,
    ReverseCall,
    TooManyAttempts,
    VerificationPolicy,
    Verifier,
    VoiceOtp,
)
from callauth.protocol.callpass import Version
from callauth.verification import Channel
from tests.support.refusals import refused

from .own import Bell, Desk
from .world import World


async def test_a_provider_of_ones_own_is_a_channel(
    world: World, bell: Bell, desk: Desk
) -> None:
    """A class of twenty lines, with plain attributes."""
    verifier = await world.verifier([bell, desk])
    attempt = await verifier.start(world.phone())

    assert isinstance(await verifier.submit(attempt.id, "1000"), Confirmed)


@pytest.mark.parametrize(("version", "digits"), [("v1.0", 4), ("v2.0", 4), ("v3.0", 7)])
async def test_a_flash_call_shows_as_many_digits_as_the_version_has(
    version: Version, digits: int, world: World, phone: PhoneNumber
) -> None:
    """Seven of v3 are a thousand times harder to guess."""
    verifier = await world.verifier([FlashCall(world.callpass_of(version))])
    if version != "v3.0":
        world.sandbox.callpass.next_codes.clear()

    attempt = await verifier.start(phone)

    assert isinstance(attempt.challenge, PinChallenge)
    assert attempt.challenge.digits == digits
    await world.clock.sleep(5)
    typed = world.typed(attempt)
    assert isinstance(await verifier.submit(attempt.id, typed), Confirmed)


@pytest.mark.parametrize("digits", [4, 5, 7])
async def test_fewer_digits_may_be_asked_for(
    digits: int, world: World, phone: PhoneNumber
) -> None:
    """The last ones of the number that called."""
    verifier = await world.verifier([FlashCall(world.callpass, digits=digits)])
    attempt = await verifier.start(phone)
    shown = world.sandbox.network.seen(phone)[-1].national

    assert isinstance(attempt.challenge, PinChallenge)
    assert attempt.challenge.digits == digits
    if digits < 7:
        assert await verifier.submit(attempt.id, shown[-7:]) == Pending()
    assert isinstance(await verifier.submit(attempt.id, shown[-digits:]), Confirmed)


async def test_the_whole_number_may_be_pasted_for_fewer_digits(
    world: World, phone: PhoneNumber
) -> None:
    """It ends with them."""
    verifier = await world.verifier([FlashCall(world.callpass, digits=4)])
    attempt = await verifier.start(phone)
    shown = world.sandbox.network.seen(phone)[-1].e164

    assert isinstance(await verifier.submit(attempt.id, shown), Confirmed)


@pytest.mark.parametrize(
    ("version", "digits"), [("v3.0", 3), ("v3.0", 8), ("v2.0", 5), ("v3.0", 0)]
)
async def test_digits_that_do_not_come_cannot_be_asked_for(
    version: Version, digits: int, world: World
) -> None:
    """Nor so few that they are guessed."""
    with refused(ConfigurationError):
        FlashCall(world.callpass_of(version), digits=digits)


async def test_a_channel_is_given_once(world: World) -> None:
    """A person who got no call would get the same again."""
    twice = [
        [FlashCall(world.callpass), FlashCall(world.callpass, digits=4)],
        [VoiceOtp(world.nerotech)] * 2,
        [ReverseCall(world.telefonip), ReverseCall(world.telefonip)],
        [Bell(world.clock), Desk(world.clock, name="bell")],
    ]
    for channels in twice:
        with refused(ConfigurationError):
            Verifier(channels)  # type: ignore[arg-type] # lists of each kind


def test_no_channels_is_refused() -> None:
    """Nobody can be verified by nothing."""
    with refused(ConfigurationError):
        Verifier([])


async def test_what_is_no_channel_is_refused(world: World) -> None:
    """A client is not bound to a method yet."""
    wrong = [world.callpass, None, "flash_call", FlashCall, MemoryStore()]
    for each in wrong:
        with refused(ConfigurationError):
            Verifier([each])  # type: ignore[list-item] # wrong on purpose


async def test_a_channel_stands_on_its_own_client(world: World) -> None:
    """Or the mistake would be found when the first person logs in."""
    made: list[tuple[Callable[[Any], Channel], object]] = [
        (FlashCall, world.nerotech),
        (VoiceOtp, world.telefonip),
        (ReverseCall, world.callpass),
        (VoiceOtp, None),
    ]
    for make, client in made:
        with refused(ConfigurationError):
            make(client)


async def test_our_channels_have_names_of_their_own(world: World) -> None:
    """Events and stored attempts name them."""
    assert [each.name for each in world.channels] == [
        "flash_call:callpass",
        "reverse_call:telefonip",
        "voice_otp:nerotech",
        "reverse_call:nerotech",
    ]


async def test_each_channel_has_its_cost(world: World) -> None:
    """In the unit of the spend limit: kopecks, say."""
    channels: list[Channel] = [
        VoiceOtp(world.nerotech, cost=100),
        FlashCall(world.callpass, cost=30),
        ReverseCall(world.telefonip, cost=5),
    ]
    policy = VerificationPolicy(spend=Limit(135))
    verifier = await world.verifier(channels, policy=policy)
    attempt = await verifier.start(world.phone())
    for _ in range(2):
        await world.clock.sleep(60)
        attempt = await verifier.next_channel(attempt.id)
    assert attempt.channel == "reverse_call:telefonip"

    with refused(TooManyAttempts) as refusal:
        await verifier.start(world.phone())

    assert refusal.error.limit == "spend"


async def test_a_voice_call_rings_once_per_attempt(
    world: World, phone: PhoneNumber
) -> None:
    """Its key makes a second request the same call."""
    verifier = await world.verifier([VoiceOtp(world.nerotech)])
    attempt = await verifier.start(phone)
    await world.clock.sleep(15)

    typed = world.typed(attempt)
    assert isinstance(await verifier.submit(attempt.id, typed), Confirmed)
    assert world.rings(phone) == 1


async def test_the_time_that_a_phone_rings_is_the_channels(
    world: World, phone: PhoneNumber
) -> None:
    """The lock lasts as long, and no longer."""
    channel = FlashCall(world.callpass, ring_seconds=10)
    policy = VerificationPolicy(cool_down=())
    verifier = await world.verifier([channel], policy=policy)
    await verifier.start(phone)
    await world.clock.sleep(10)

    assert (await verifier.start(phone)).challenge is not None


@pytest.mark.parametrize("seconds", [0, 1, 100, 200])
async def test_a_ring_is_as_long_as_the_provider_allows(
    seconds: int, world: World
) -> None:
    """Found out at once, and not by a channel that nobody is rung through."""
    with refused(ConfigurationError, match="2 to 99"):
        FlashCall(world.callpass, ring_seconds=seconds)


class _Deaf(Bell):
    def on_suspicion(self, told: object) -> None:
        """Return nothing that ends it."""


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": None},
        {"name": ""},
        {"name": 5},
        {"cost": None},
        {"cost": -1},
        {"cost": 1.5},
        {"method": "flash_call"},
        {"method": Method.REVERSE_CALL},
        {"digits": None},
        {"digits": "4"},
        {"ring_seconds": None},
        {"ring_seconds": "30"},
        {"ring_seconds": -1.0},
        {"ring_seconds": 601.0},
        {"ring_seconds": math.inf},
        {"ring_seconds": math.nan},
    ],
    ids=str,
)
async def test_a_channel_with_a_member_of_another_type_is_refused(
    wrong: dict[str, Any], world: World
) -> None:
    """When the application starts, and not after a phone has rung for nothing."""
    with refused(ConfigurationError, match="a channel with members of their types"):
        Verifier([Bell(world.clock, **wrong)])


@pytest.mark.parametrize("wrong", [{"name": ""}, {"cost": -1}], ids=str)
async def test_a_desk_with_a_member_of_another_type_is_refused(
    wrong: dict[str, Any], world: World
) -> None:
    """It rings nobody, but is named and paid all the same."""
    with refused(ConfigurationError, match="a channel with members of their types"):
        Verifier([Desk(world.clock, **wrong)])


@pytest.mark.parametrize("channel", [Bell, Desk])
async def test_a_class_is_no_channel(channel: type) -> None:
    """Somebody forgot the brackets."""
    with refused(ConfigurationError, match="expected channels"):
        Verifier([channel])  # type: ignore[list-item] # wrong on purpose


async def test_suspicions_that_cannot_be_ended_are_refused(world: World) -> None:
    """Found out at once, and not when the server stops and must close its store."""
    with refused(ConfigurationError, match="on_suspicion"):
        Verifier([_Deaf(world.clock)])
