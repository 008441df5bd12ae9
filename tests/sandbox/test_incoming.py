from __future__ import annotations

import pytest

from callauth.sandbox import Dial, Lease, Sandbox, Subscriber, Verification
from callauth.transport.clock import ManualClock

from .wire import OTHER, PHONE, Wire, refused


async def test_verify_is_not_found_until_the_call_and_readable_once(
    wire: Wire, sandbox: Sandbox
) -> None:
    """The success is consumed by reading it: the second read is an error."""
    number = await wire.leased()
    assert await wire.verify(number) == refused(6)
    sandbox.network.dial(PHONE, number)
    assert await wire.verify(number) == {"status": True}
    assert await wire.verify(number) == refused(6)
    (yes,) = sandbox.ledger.entries(Verification)
    assert (yes.operation, yes.phone) == ("incoming/verify", PHONE)


async def test_the_second_read_may_be_error_13_for_two_minutes(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """The document does not name the error of a repeated verify."""
    sandbox.nerotech.repeated_verify = 13
    number = await wire.leased()
    sandbox.network.dial(PHONE, number)
    await wire.verify(number)
    await clock.advance(120)
    assert await wire.verify(number) == refused(13)
    await clock.advance(1)
    assert await wire.verify(number) == refused(6)


async def test_a_new_call_is_a_new_success(wire: Wire, sandbox: Sandbox) -> None:
    """What was consumed is the call, not the number."""
    number = await wire.leased()
    for _ in range(2):
        sandbox.network.dial(PHONE, number)
        assert await wire.verify(number) == {"status": True}


async def test_a_call_of_somebody_else_is_not_found(
    wire: Wire, sandbox: Sandbox
) -> None:
    """The pair of both numbers is what is asked for."""
    number = await wire.leased()
    sandbox.network.dial(OTHER, number)
    assert await wire.verify(number) == refused(6)


@pytest.mark.parametrize(
    ("dialled", "asked", "found"),
    [(0, 120, True), (0, 121, False), (120, 240, True), (121, 122, False)],
)
async def test_both_windows_of_two_minutes_end_with_second_120(
    wire: Wire,
    sandbox: Sandbox,
    clock: ManualClock,
    dialled: float,
    asked: float,
    *,
    found: bool,
) -> None:
    """A call counts 120 s after init, and is seen 120 s after it was made."""
    number = await wire.leased()
    await clock.advance(dialled)
    sandbox.network.dial(PHONE, number)
    await clock.advance(asked - dialled)
    assert (await wire.verify(number))["status"] is found


async def test_a_call_may_count_however_late_it_is(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """The other reading of the document: only the last two minutes matter."""
    sandbox.nerotech.dial_window_seconds = None
    number = await wire.leased()
    await clock.advance(500)
    sandbox.network.dial(PHONE, number)
    assert await wire.verify(number) == {"status": True}


async def test_a_leftover_call_satisfies_a_new_lease_of_the_same_number(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """This is why a client has to drain before it shows the number."""
    del sandbox.nerotech.numbers[1:]
    number = await wire.leased()
    await clock.advance(110)
    sandbox.network.dial(PHONE, number)
    await clock.advance(15)
    assert await wire.leased() == number
    assert await wire.verify(number) == {"status": True}


async def test_every_lease_is_on_record(wire: Wire, sandbox: Sandbox) -> None:
    """Without the lease a call proves nothing."""
    number = await wire.leased()
    (lease,) = sandbox.ledger.entries(Lease)
    assert (lease.number, lease.phone, lease.window_seconds) == (number, PHONE, 120)


async def test_a_person_who_dials_by_himself_is_verified(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """Whole dialogues run without anybody turning the handle."""
    sandbox.network.subscribers[PHONE] = Subscriber(dials_after_seconds=20)
    number = await wire.leased()
    await clock.advance(20)
    assert [dial.number for dial in sandbox.ledger.entries(Dial)] == [number]
    assert await wire.verify(number) == {"status": True}
