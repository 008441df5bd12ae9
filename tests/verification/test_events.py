from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from callauth import (
    AttemptId,
    ConfigurationError,
    Confirmed,
    Expired,
    Method,
    NotSent,
    PhoneNumber,
    Rejected,
    Unknown,
    Verifier,
)
from callauth.verification import (
    AttemptEnded,
    AttemptStarted,
    ChallengeIssued,
    ChannelPassed,
    StartLimited,
    SuspiciousAttempt,
)
from tests.support.refusals import refused

from .own import Bell, Desk, raises
from .world import World


def _kinds(world: World) -> list[str]:
    return [type(each).__name__ for each in world.events]


async def _typed(verifier: Verifier, attempt_id: AttemptId, *pins: str) -> None:
    for pin in pins:
        await verifier.submit(attempt_id, pin)


@pytest.mark.parametrize(
    ("pins", "kind"),
    [(["1000"], Confirmed), (["9999", "1000"], Confirmed), (["9999"] * 3, Rejected)],
)
async def test_an_attempt_is_told_from_its_start_to_its_end(
    pins: list[str], kind: type, world: World, bell: Bell
) -> None:
    """Each once, and in this order."""
    verifier = await world.verifier([bell])
    attempt = await verifier.start(world.phone(), purpose="sign-up")
    await _typed(verifier, attempt.id, *pins)
    await world.clock.sleep(200)

    outcome = (await verifier.get(attempt.id)).outcome
    common: dict[str, Any] = {
        "attempt_id": attempt.id,
        "phone": attempt.phone,
        "channel": "bell",
    }
    assert world.events == [
        AttemptStarted(**common, purpose="sign-up"),
        ChallengeIssued(**common),
        AttemptEnded(**common, purpose="sign-up", outcome=outcome),
    ]
    assert type(outcome) is kind


async def test_the_expiry_is_told_when_it_comes(world: World, bell: Bell) -> None:
    """Even when nobody waits or asks."""
    verifier = await world.verifier([bell])
    attempt = await verifier.start(world.phone())
    await world.clock.sleep(120.01)

    (ended,) = world.seen(AttemptEnded)
    assert (ended.attempt_id, type(ended.outcome)) == (attempt.id, Expired)


async def test_a_loss_is_told_without_a_challenge(world: World, bell: Bell) -> None:
    """The alarm for the operator: somebody may have been called for nothing."""
    bell.fate = raises(ValueError())
    verifier = await world.verifier([bell])
    await verifier.start(world.phone())

    assert _kinds(world) == ["AttemptStarted", "AttemptEnded"]
    assert isinstance(world.seen(AttemptEnded)[0].outcome, Unknown)


async def test_a_fail_over_is_told(world: World, bell: Bell, desk: Desk) -> None:
    """An account that is empty should not stay so."""
    bell.fate = raises(NotSent("bell", "ring", "x"))
    asleep = Bell(world.clock, name="asleep", is_ready=False)
    verifier = await world.verifier([asleep, bell, desk])
    attempt = await verifier.start(world.phone())

    assert _kinds(world) == [
        "AttemptStarted",
        "ChannelPassed",
        "ChannelPassed",
        "ChallengeIssued",
    ]
    assert [each.channel for each in world.seen(ChannelPassed)] == ["asleep", "bell"]
    assert {each.attempt_id for each in world.seen(ChannelPassed)} == {attempt.id}


async def test_the_next_channel_is_told(world: World, bell: Bell, desk: Desk) -> None:
    """A person who presses the button is one who got no call."""
    verifier = await world.verifier([bell, desk])
    attempt = await verifier.start(world.phone())
    await verifier.next_channel(attempt.id)

    issued = [each.channel for each in world.seen(ChallengeIssued)]
    assert issued == ["bell", "desk"]
    assert len(world.seen(AttemptStarted)) == 1
    (passed,) = world.seen(ChannelPassed)
    assert (passed.channel, passed.reason) == ("bell", "the next one was asked for")


async def test_why_a_channel_was_passed_over_is_told(
    world: World, bell: Bell, desk: Desk
) -> None:
    """Nobody should be called at night for a provider that is well."""
    second = Desk(world.clock, name="second")
    asleep = Bell(world.clock, name="asleep", is_ready=False)
    verifier = await world.verifier([desk, second, asleep, bell])
    attempt = await verifier.start(world.phone())
    desk.has_ids = False
    await verifier.next_channel(attempt.id)

    assert {each.channel: each.reason for each in world.seen(ChannelPassed)} == {
        "desk": "the next one was asked for",
        "second": "a call of the phone is waited for",
        "asleep": "its provider keeps failing",
    }


async def test_what_a_client_suspects_is_told(world: World) -> None:
    """A call of an earlier attempt still counts at the provider."""
    phone = world.phone()
    nerotech = world.sandbox.nerotech
    nerotech.dial_window_seconds, nerotech.numbers = None, nerotech.numbers[:1]
    world.sandbox.network.dial(phone, nerotech.numbers[0])
    verifier = await world.verifier()
    await verifier.start(phone, method=Method.FLASH_CALL)

    other = await world.verifier([world.channels[3]])
    await other.start(phone)

    # Both Verifiers stand on the same client.
    suspicions = world.seen(SuspiciousAttempt)
    assert {each.phone for each in suspicions} == {phone}


async def test_a_closed_verifier_tells_no_suspicions(world: World) -> None:
    """The client lives on."""
    phone = world.phone()
    nerotech = world.sandbox.nerotech
    nerotech.dial_window_seconds, nerotech.numbers = None, nerotech.numbers[:1]
    world.sandbox.network.dial(phone, nerotech.numbers[0])
    closed = await world.verifier()
    await closed.aclose()

    await world.nerotech.incoming_init(phone)

    assert world.events == []


@pytest.mark.parametrize("error", [ValueError("x"), asyncio.CancelledError()])
async def test_a_hook_that_fails_harms_nobody(
    error: BaseException, world: World, bell: Bell, caplog: pytest.LogCaptureFixture
) -> None:
    """Telemetry must not stop a log-in."""

    def hook(_: object) -> None:
        raise error

    async with Verifier([bell], hooks=[hook], clock=world.clock) as verifier:
        attempt = await verifier.start(world.phone())
        outcome = await verifier.submit(attempt.id, "1000")

    assert isinstance(outcome, Confirmed)
    failures = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert len(failures) == 3


async def _coroutine(_: object) -> None:
    return None


@pytest.mark.parametrize("hook", [None, 5, _coroutine])
def test_a_hook_is_a_plain_function(hook: object, bell: Bell) -> None:
    """One that has to be awaited would never run."""
    with refused(ConfigurationError):
        Verifier([bell], hooks=[hook])  # type: ignore[list-item] # wrong on purpose


def _one_of_each(phone: PhoneNumber) -> list[object]:
    attempt_id = AttemptId("a" * 22)
    common: dict[str, Any] = {
        "attempt_id": attempt_id,
        "phone": phone,
        "channel": "bell",
    }
    return [
        AttemptStarted(**common, purpose="login"),
        ChallengeIssued(**common),
        ChannelPassed(**common, reason="NotSent"),
        StartLimited(phone=phone, limit="starts", retry_after=1.0, is_dry_run=False),
        SuspiciousAttempt(attempt_id=None, phone=phone, clause="x"),
    ]


def test_no_event_shows_a_number(world: World) -> None:
    """They end up in logs."""
    for event in _one_of_each(world.canaries.phone()):
        world.canaries.scan(repr(event))
        assert "•" in repr(event)


async def test_nothing_of_an_attempt_shows_a_number_or_a_pin(
    world: World, phone: PhoneNumber
) -> None:
    """Attempt, challenge, outcome, events and errors: all are printed somewhere."""
    verifier = await world.verifier(webhook_base="https://app.example/")
    attempt = await verifier.start(phone)
    typed = world.typed(attempt)
    reverse = await verifier.start(world.phone(), method=Method.REVERSE_CALL)
    outcome = await verifier.submit(attempt.id, typed)

    for each in (attempt, reverse, outcome, *world.events, verifier):
        world.canaries.scan(repr(each))
        world.canaries.scan(str(each))
