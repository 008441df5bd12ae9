"""Who dials in time from his own phone is confirmed, and nobody else is."""

from __future__ import annotations

import pytest

from callauth import (
    Confirmed,
    Expired,
    Method,
    PhoneNumber,
    Rejected,
    ReverseCall,
    RingLocked,
    Unknown,
    WebhookHint,
)
from callauth.verification import Channel, SuspiciousAttempt
from tests.support.refusals import refused

from .own import Bell, Desk
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
