"""What a channel says when it is asked who called, and what it fails to say."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import NoReturn

import pytest

from callauth import (
    AnswerLost,
    AuthenticationFailed,
    Confirmed,
    Expired,
    NotSent,
    PhoneNumber,
    ProviderUnavailable,
    RateLimited,
    ReverseCall,
    Unknown,
)
from callauth.sandbox import ResetAfter

from .own import Desk, raises
from .world import World


def _in_turn(
    *steps: Callable[[], PhoneNumber | None],
) -> Callable[[], PhoneNumber | None]:
    left = list(steps)

    def answers() -> PhoneNumber | None:
        return left.pop(0)() if len(left) > 1 else left[0]()

    return answers


def _nobody() -> None:
    return None


_LOST = raises(AnswerLost("desk", "check", "x"))


@pytest.mark.parametrize(
    ("error", "is_unsure"),
    [
        (AnswerLost("desk", "check", "x"), True),
        (ProviderUnavailable("desk", "check", None, "x"), True),
        (ValueError("x"), True),
        (NotSent("desk", "check", "x"), False),
        (AuthenticationFailed("desk", "check", None, "x"), False),
        (RateLimited("desk", "check", None, "x"), False),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_a_lost_answer_of_one_who_tells_once_makes_it_unknown(
    error: Exception, world: World, desk: Desk, *, is_unsure: bool
) -> None:
    """It could have been the success."""
    desk.tells_once = True
    desk.answers = _in_turn(raises(error), _nobody)
    verifier = await world.verifier([desk])
    attempt = await verifier.start(world.phone())

    outcome = await world.end(verifier, attempt.id)

    assert type(outcome) is (Unknown if is_unsure else Expired)


@pytest.mark.parametrize("tells_once", [True, False])
async def test_a_check_that_was_cancelled_inside_is_a_lost_answer(
    world: World, desk: Desk, *, tells_once: bool
) -> None:
    """A provider's own client gave it up, and the person has called all the same."""
    phone = world.phone()

    def cancelled() -> NoReturn:
        raise asyncio.CancelledError

    desk.tells_once = tells_once
    desk.answers = _in_turn(cancelled, _nobody if tells_once else lambda: phone)
    verifier = await world.verifier([desk])
    attempt = await verifier.start(phone)

    outcome = await world.end(verifier, attempt.id)

    assert type(outcome) is (Unknown if tells_once else Confirmed)


async def test_a_lost_answer_that_can_be_asked_for_again_is_asked_for(
    world: World, desk: Desk
) -> None:
    """One who tells again and again tells it the next time."""
    phone = world.phone()
    desk.answers = _in_turn(_LOST, _LOST, lambda: phone)
    verifier = await world.verifier([desk])
    attempt = await verifier.start(phone)

    assert isinstance(await world.end(verifier, attempt.id), Confirmed)


async def test_answers_that_were_lost_once_and_heard_later_leave_nothing(
    world: World, desk: Desk
) -> None:
    """The last answer was heard: nobody has called."""
    desk.answers = _in_turn(_LOST, _nobody)
    verifier = await world.verifier([desk])
    attempt = await verifier.start(world.phone())

    assert isinstance(await world.end(verifier, attempt.id), Expired)


@pytest.mark.parametrize("error", [_LOST, raises(RateLimited("d", "c", None, "x"))])
async def test_a_provider_that_is_never_heard_leaves_it_unknown(
    error: Callable[[], NoReturn], world: World, desk: Desk
) -> None:
    """The person may have called all the same."""
    desk.answers = error
    verifier = await world.verifier([desk])
    attempt = await verifier.start(world.phone())

    assert isinstance(await world.end(verifier, attempt.id), Unknown)


async def test_a_provider_that_is_busy_is_left_alone(world: World, desk: Desk) -> None:
    """For as long as it says, 30 seconds at most."""
    busy = RateLimited("desk", "check", None, "x", retry_after=20.0)
    desk.answers = _in_turn(raises(busy), _nobody)
    verifier = await world.verifier([desk])
    await verifier.start(world.phone())
    await world.clock.sleep(20.9)

    assert desk.checks == 1


async def test_a_check_that_hangs_ends_with_the_attempt(world: World) -> None:
    """A provider that never answers holds nobody for ever."""

    class Hanging(Desk):
        async def check(self, lease: object) -> None:
            await self.clock.sleep(1e6)

    verifier = await world.verifier([Hanging(world.clock)])
    attempt = await verifier.start(world.phone())

    assert isinstance(await world.end(verifier, attempt.id), Unknown)

    assert world.clock.monotonic() <= 145.3


async def test_a_lost_success_of_nerotech_is_not_lost(world: World) -> None:
    """Its answer was cut off, and the next one says 13: that was ours."""
    phone = world.phone(dials_after_seconds=5.0)
    world.sandbox.nerotech.repeated_verify = 13
    world.sandbox.faults.add(
        ResetAfter(), operation="incoming/verify", skip=6, phone=phone
    )
    verifier = await world.verifier([ReverseCall(world.nerotech)])
    attempt = await verifier.start(phone)

    outcome = await world.end(verifier, attempt.id)

    assert isinstance(outcome, Confirmed)


@pytest.mark.parametrize("tells", ["7", "+79997650002", 5, True])
async def test_nonsense_for_a_caller_confirms_nobody(
    tells: object, world: World, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """It says nothing of the person either; the log tells whoever wrote the channel."""
    desk.answers = lambda: tells  # type: ignore[assignment] # wrong on purpose
    verifier = await world.verifier([desk])
    attempt = await verifier.start(world.phone())

    outcome = await world.end(verifier, attempt.id)

    assert isinstance(outcome, Unknown)
    clause = "channel failed: desk: expected a PhoneNumber or None of check"
    assert _told(caplog) == {clause}


@pytest.mark.parametrize(
    ("error", "clauses"),
    [
        (KeyError("+79997650002"), {"channel failed: desk: KeyError"}),
        (TimeoutError(), set[str]()),
        (AnswerLost("desk", "check", "x"), set[str]()),
    ],
    ids=["a defect", "late", "lost"],
)
async def test_the_log_tells_of_a_check_with_a_defect(
    error: Exception,
    clauses: set[str],
    world: World,
    desk: Desk,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And not of what a provider may do to anybody."""
    desk.answers = raises(error)
    verifier = await world.verifier([desk])
    attempt = await verifier.start(world.phone())

    await world.end(verifier, attempt.id)

    assert _told(caplog) == clauses


def _told(caplog: pytest.LogCaptureFixture) -> set[str]:
    return {each.message for each in caplog.records if each.levelno > logging.INFO}
