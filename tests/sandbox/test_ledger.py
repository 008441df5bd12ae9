from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from callauth.sandbox import Entry, Received, Ring, Sandbox
from callauth.transport.clock import ManualClock
from tests.support.canaries import Canaries

from .wire import OTHER, PHONE, Wire


async def test_entries_carry_aware_time_in_their_order(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """Whoever reads a ledger needs to know what came first."""
    await wire.voicemail()
    await clock.advance(2)
    await wire.voicemail(OTHER)
    moments = [(entry.at, entry.elapsed) for entry in sandbox.ledger.entries(Ring)]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert moments == [(start, 0.0), (start + timedelta(seconds=2), 2.0)]
    assert len(sandbox.ledger.entries(Entry)) == len(sandbox.ledger) == 6


async def test_every_request_that_arrived_is_on_record(
    wire: Wire, sandbox: Sandbox
) -> None:
    """Retries are counted here, whatever they came to."""
    await wire.voicemail()
    await wire.nerotech("voicemail")
    received = sandbox.ledger.received("voicemail")
    assert [entry.phone for entry in received] == [PHONE, None]
    assert sandbox.ledger.received("checkCode") == []
    assert sandbox.ledger.entries(Received) == received


async def test_phones_that_ring_twice_are_named(wire: Wire, sandbox: Sandbox) -> None:
    """Two providers that each ring once are as bad as one that rings twice."""
    await wire.voicemail(PHONE)
    await wire.voicemail(OTHER)
    assert sandbox.ledger.rings_twice() == []
    await wire.start("v3.0", PHONE)
    assert sandbox.ledger.rings_twice() == [PHONE]
    assert len(sandbox.ledger.rings(PHONE)) == 2


async def test_what_is_old_is_forgotten_when_that_is_asked_for(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """So that a rehearsal of any length fits into memory; time goes on."""
    await wire.voicemail(PHONE)
    await clock.advance(300)
    await wire.voicemail(OTHER)
    later = sandbox.ledger.entries(Entry)[3:]
    sandbox.ledger.forget(older_than_seconds=120)
    assert sandbox.ledger.entries(Entry) == later
    assert sandbox.ledger.rings(PHONE) == []
    assert [ring.elapsed for ring in sandbox.ledger.rings(OTHER)] == [300.0]
    assert sandbox.ledger.elapsed() == 300.0


@pytest.mark.parametrize(("dialled", "backed"), [(0, True), (120, True), (121, False)])
async def test_a_call_backs_a_phone_within_its_lease_only(
    wire: Wire, sandbox: Sandbox, clock: ManualClock, dialled: float, *, backed: bool
) -> None:
    """Whoever calls later was not asked to."""
    number = await wire.leased()
    await clock.advance(dialled)
    sandbox.network.dial(PHONE, number)
    assert sandbox.ledger.backs(PHONE) is backed


async def test_a_call_without_a_lease_backs_nobody(
    wire: Wire, sandbox: Sandbox
) -> None:
    """The number must have been leased to this very phone, before the call."""
    number = sandbox.nerotech.numbers[0]
    del sandbox.nerotech.numbers[1:]
    sandbox.network.dial(PHONE, number)
    await wire.leased(OTHER)
    sandbox.network.dial(PHONE, number)
    assert not sandbox.ledger.backs(PHONE)


async def test_proof_of_an_earlier_attempt_does_not_count(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """Since the attempt began, nothing was proven."""
    await wire.start()
    sandbox.network.dial(PHONE, await wire.leased())
    assert sandbox.ledger.backs(PHONE, since=clock.now())
    await clock.advance(1)
    assert not sandbox.ledger.backs(PHONE, since=clock.now())
    assert sandbox.ledger.backs(PHONE)


async def test_windows_survive_a_wall_clock_that_jumps(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """The telephone network does not set its clock by the client's machine."""
    number = await wire.leased()
    clock.step_wall(timedelta(hours=-1))
    await clock.advance(10)
    sandbox.network.dial(PHONE, number)
    assert sandbox.ledger.backs(PHONE)
    assert await wire.verify(number) == {"status": True}


async def test_a_ledger_shows_neither_numbers_nor_codes(
    wire: Wire, sandbox: Sandbox, canaries: Canaries
) -> None:
    """It may be logged or printed by anybody."""
    phone = canaries.phone()
    code = (await wire.voicemail(phone))["code"]
    for text in (
        repr(sandbox.ledger),
        repr(sandbox.ledger.entries(Entry)),
        sandbox.ledger.to_json(),
    ):
        assert phone.msisdn not in text
        assert f'"{code}"' not in text
    assert repr(sandbox.ledger) == "Ledger(3 entries)"


async def test_a_ledger_shows_everything_when_asked(
    wire: Wire, sandbox: Sandbox
) -> None:
    """A test that compares runs needs the whole truth."""
    code = (await wire.voicemail())["code"]
    ring = json.loads(sandbox.ledger.to_json(reveal=True))[1]
    assert (ring["kind"], ring["phone"]) == ("Ring", PHONE.e164)
    assert (ring["code"], ring["method"]) == (code, "voice_otp")
    assert ring["at"] == "2026-01-01T00:00:00+00:00"
