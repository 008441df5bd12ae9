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
    Method,
    NotSent,
    PhoneNumber,
    ProviderUnavailable,
    RateLimited,
    Rejected,
    ReverseCall,
    RingLocked,
    Unknown,
    WebhookHint,
)
from callauth.sandbox import ResetAfter
from callauth.verification import Channel, SuspiciousAttempt
from tests.support.refusals import refused

from .own import Bell, Desk, raises
from .watched import Watched
from .world import World


@pytest.fixture(params=["telefonip", "nerotech"])
def reverse(request: pytest.FixtureRequest, world: World) -> Channel:
    """Give the reverse call of each provider in turn."""
    client = world.telefonip if request.param == "telefonip" else world.nerotech
    return ReverseCall(client)


@pytest.mark.parametrize("seconds", [0.5, 15.0, 110.0])
async def test_who_dials_in_time_is_confirmed(
    seconds: float, world: World, reverse: Channel
) -> None:
    """The caller ID is what proves it, and the outcome says so."""
    phone = world.phone(dials_after_seconds=seconds)
    verifier = await world.verifier([reverse])
    attempt = await verifier.start(phone)

    outcome = await world.end(verifier, attempt.id)

    assert isinstance(outcome, Confirmed)
    assert outcome.assurance == "caller_id"
    assert world.sandbox.ledger.backs(phone, since=attempt.started_at)


async def test_a_call_from_another_phone_confirms_nobody(
    world: World, reverse: Channel
) -> None:
    """Whoever reads the number over a shoulder calls from his own."""
    stranger = world.canaries.phone()
    phone = world.phone(dials_after_seconds=15.0, dials_from=stranger)
    verifier = await world.verifier([reverse])
    attempt = await verifier.start(phone)

    outcome = await world.end(verifier, attempt.id)

    assert isinstance(outcome, Rejected | Expired)


async def test_a_caller_who_is_another_is_suspicious(world: World, desk: Desk) -> None:
    """The provider told who called, so the attempt need not go on."""
    verifier = await world.verifier([desk])
    phone = world.phone()
    attempt = await verifier.start(phone)
    desk.dial(world.phone())

    outcome = await world.end(verifier, attempt.id)

    assert outcome == Rejected(at=world.clock.now(), reason="another phone called")
    (suspicion,) = world.seen(SuspiciousAttempt)
    assert (suspicion.attempt_id, suspicion.phone) == (attempt.id, phone)


async def test_a_late_call_confirms_nobody(world: World, reverse: Channel) -> None:
    """After the lease the number is somebody else's."""
    phone = world.phone(dials_after_seconds=140.0)
    verifier = await world.verifier([reverse])
    attempt = await verifier.start(phone)

    assert isinstance(await world.end(verifier, attempt.id), Expired)

    await world.clock.sleep(60)
    assert isinstance((await verifier.get(attempt.id)).outcome, Expired)


async def test_a_call_before_the_lease_confirms_nobody(world: World) -> None:
    """It is left over from an earlier attempt."""
    phone = world.phone()
    nerotech = world.sandbox.nerotech
    nerotech.dial_window_seconds, nerotech.numbers = None, nerotech.numbers[:1]
    world.sandbox.network.dial(phone, nerotech.numbers[0])
    verifier = await world.verifier([ReverseCall(world.nerotech)])

    attempt = await verifier.start(phone)

    assert isinstance(await world.end(verifier, attempt.id), Expired)
    (suspicion,) = world.seen(SuspiciousAttempt)
    assert (suspicion.attempt_id, suspicion.phone) == (None, phone)


async def test_one_reverse_call_per_phone(world: World, reverse: Channel) -> None:
    """An attacker opens one for the victim's phone while the victim dials for his."""
    phone = world.phone(dials_after_seconds=20.0)
    verifier = await world.verifier([reverse])
    attempt = await verifier.start(phone)
    await world.clock.sleep(5)

    with refused(RingLocked) as refusal:
        await verifier.start(phone)

    assert refusal.error.retry_after == pytest.approx(130, abs=1)
    assert [each.clause for each in world.seen(SuspiciousAttempt)] == [
        "a second reverse call while one is live"
    ]
    assert isinstance(await world.end(verifier, attempt.id), Confirmed)


async def test_the_lock_of_a_lease_with_an_id_ends_with_it(
    world: World, desk: Desk
) -> None:
    """The person may begin anew at once."""
    verifier = await world.verifier([desk])
    phone = world.phone()
    attempt = await verifier.start(phone)

    await verifier.cancel(attempt.id)

    assert (await verifier.start(phone)).channel == "desk"


async def test_the_lock_of_a_lease_without_an_id_lasts(
    world: World, desk: Desk
) -> None:
    """A call for the old lease would confirm the new one."""
    desk.has_ids = False
    verifier = await world.verifier([desk])
    phone = world.phone()
    attempt = await verifier.start(phone)
    await verifier.cancel(attempt.id)

    with refused(RingLocked):
        await verifier.start(phone)

    await world.clock.sleep(135)
    assert (await verifier.start(phone)).channel == "desk"


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


@pytest.mark.parametrize("what", ["get", "replace"])
async def test_a_store_that_fails_for_a_while_loses_no_call(
    what: str, world: World, desk: Desk
) -> None:
    """The disk was full for some seconds."""
    store = Watched()
    verifier = await world.verifier([desk], store=store)
    phone = world.phone()
    attempt = await verifier.start(phone)
    desk.dial(phone)
    store.failing.add(what)
    await world.clock.sleep(5)
    store.failing.clear()

    assert isinstance(await world.end(verifier, attempt.id), Confirmed)


@pytest.mark.parametrize("what", ["get", "replace"])
@pytest.mark.parametrize("channel", [Bell, Desk])
async def test_a_store_that_fails_at_the_end_ends_it_later(
    what: str, channel: type[Bell | Desk], world: World
) -> None:
    """Every attempt reaches its outcome."""
    store = Watched()
    verifier = await world.verifier([channel(world.clock)], store=store)
    attempt = await verifier.start(world.phone())
    await world.clock.sleep(100)
    store.failing.add(what)
    await world.clock.sleep(100)
    store.failing.clear()

    outcome = await world.end(verifier, attempt.id)

    assert isinstance(outcome, Expired | Unknown)


async def test_a_hint_after_the_end_changes_nothing(world: World, desk: Desk) -> None:
    """The webhook of a call that the poller has seen already."""
    verifier = await world.verifier([desk])
    phone = world.phone()
    attempt = await verifier.start(phone)
    desk.dial(phone)
    outcome = await world.end(verifier, attempt.id)

    await verifier.receive(WebhookHint(lease_id=1, phone=phone, success=True))

    assert (await verifier.get(attempt.id)).outcome == outcome


async def test_a_reverse_call_and_a_flash_call_have_locks_of_their_own(
    world: World, phone: PhoneNumber
) -> None:
    """A waiting phone may ring, and a ringing one may be asked to dial."""
    verifier = await world.verifier()
    await verifier.start(phone, method=Method.REVERSE_CALL)

    assert (await verifier.start(phone)).method is Method.FLASH_CALL
