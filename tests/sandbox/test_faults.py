from __future__ import annotations

import asyncio
from typing import Any

import pytest

from callauth.errors import AnswerLost, ConfigurationError, NotSent, TransportError
from callauth.models.phone import PhoneNumber
from callauth.sandbox import (
    CutBody,
    Fault,
    Garbage,
    Hang,
    Latency,
    LateWebhook,
    LostWebhook,
    Refused,
    ResetAfter,
    ResetBefore,
    Sandbox,
    ServerError,
    TooMany,
)
from callauth.transport.clock import ManualClock

from .wire import OTHER, PHONE, Wire, start, voicemail

LOST = [
    (Refused(), NotSent, 0, 0, 0.0),
    (ResetBefore(), AnswerLost, 1, 0, 0.0),
    (ResetAfter(), AnswerLost, 1, 1, 0.0),
    (CutBody(), AnswerLost, 1, 1, 0.0),
    (Hang(), AnswerLost, 1, 0, 15.0),
    (Hang(processed=True), AnswerLost, 1, 1, 15.0),
    (Latency(15), AnswerLost, 1, 1, 15.0),
    (Latency(15, late_arrival=True), AnswerLost, 1, 1, 15.0),
]
ANSWERED = [
    (Latency(14), 200, 1, 14.0),
    (Latency(14, late_arrival=True), 200, 1, 14.0),
    (Garbage(), 200, 1, 0.0),
    (Garbage(status=201, processed=False), 201, 0, 0.0),
    (ServerError(), 502, 0, 0.0),
    (ServerError(status=500, processed=True), 500, 1, 0.0),
    (TooMany(), 429, 0, 0.0),
]


@pytest.mark.parametrize(("fault", "error", "received", "rings", "seconds"), LOST)
async def test_a_lost_answer_says_nothing_of_what_happened(
    wire: Wire,
    sandbox: Sandbox,
    clock: ManualClock,
    fault: Fault,
    error: type[TransportError],
    received: int,
    rings: int,
    seconds: float,
) -> None:
    """The client sees the same whether the phone rings or not; the ledger knows."""
    sandbox.faults.add(fault)
    with pytest.raises(error) as raised:
        await wire.respond(voicemail())
    assert clock.monotonic() == seconds
    await clock.advance(30)
    assert len(sandbox.ledger.received("voicemail")) == received
    assert len(sandbox.ledger.rings(PHONE)) == rings
    assert (raised.value.provider, raised.value.operation) == ("somebody", "something")
    assert raised.value.__cause__ is raised.value.__context__ is None


@pytest.mark.parametrize(("fault", "status", "rings", "seconds"), ANSWERED)
async def test_an_answer_may_be_late_or_useless(
    wire: Wire,
    sandbox: Sandbox,
    clock: ManualClock,
    fault: Fault,
    status: int,
    rings: int,
    seconds: float,
) -> None:
    """An error page does not say whether the request had its effect either."""
    sandbox.faults.add(fault)
    response = await wire.respond(voicemail())
    assert (response.status, clock.monotonic()) == (status, seconds)
    assert len(sandbox.ledger.rings(PHONE)) == rings
    (received,) = sandbox.ledger.received("voicemail")
    assert received.processed is bool(rings)


async def test_a_request_that_is_under_way_has_its_effect_when_it_arrives(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """Nobody waits for it any more, and the phone rings all the same."""
    sandbox.faults.add(Latency(20, late_arrival=True))
    with pytest.raises(AnswerLost):
        await wire.respond(voicemail())
    assert sandbox.ledger.rings(PHONE) == []
    await clock.advance(5)
    assert [ring.elapsed for ring in sandbox.ledger.rings(PHONE)] == [20]


async def test_a_late_request_may_also_be_answered_late(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """Both delays count towards the one time-out."""
    sandbox.faults.add(Latency(10, late_arrival=True), times=2)
    with pytest.raises(AnswerLost):
        await wire.respond(start("v1.0"), timeout_seconds=12)
    assert clock.monotonic() == 12
    response = await wire.respond(start("v1.0", OTHER), timeout_seconds=14)
    assert (response.status, clock.monotonic()) == (200, 25)


@pytest.mark.parametrize("fault", [Latency(14), Latency(1, late_arrival=True)])
async def test_a_caller_who_is_cancelled_undoes_nothing(fault: Fault) -> None:
    """What has left cannot be called back."""
    clock = ManualClock(autojump=False)
    async with Sandbox(clock=clock) as sandbox:
        sandbox.faults.add(fault)
        wire = Wire(sandbox)
        asking = asyncio.create_task(wire.respond(voicemail()))
        await clock.advance(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await clock.advance(1)
        assert len(sandbox.ledger.rings(PHONE)) == 1


async def test_a_caller_who_is_cancelled_before_the_first_byte_rings_nobody(
    wire: Wire, sandbox: Sandbox
) -> None:
    """There is a moment at which nothing has left yet."""
    asking = asyncio.create_task(wire.respond(voicemail()))
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert sandbox.ledger.rings(PHONE) == []


async def test_a_synchronous_call_can_go_wrong_at_its_end(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """The answer of a call that rang for 3 s is cut after these 3 s."""
    sandbox.faults.add(CutBody())
    sandbox.faults.add(ServerError(processed=True))
    with pytest.raises(AnswerLost):
        await wire.respond(start("v1.0"))
    assert clock.monotonic() == 3
    assert (await wire.respond(start("v1.0"))).status == 502
    assert clock.monotonic() == 6


@pytest.mark.parametrize(("seconds", "header"), [(None, None), (30, "30")])
async def test_too_many_may_say_when_to_come_back(
    wire: Wire, sandbox: Sandbox, seconds: int | None, header: str | None
) -> None:
    """A client honours it, and copes without it."""
    sandbox.faults.add(TooMany(seconds))
    response = await wire.respond(voicemail())
    assert response.headers.get("retry-after") == header


async def test_a_fault_meets_what_it_names_only(wire: Wire, sandbox: Sandbox) -> None:
    """Provider, operation and phone all narrow it down."""
    sandbox.faults.add(ServerError(), operation="incoming/init", phone=OTHER)
    sandbox.faults.add(ServerError(), provider="callpass")
    assert (await wire.respond(voicemail(OTHER))).status == 200
    assert (await wire.init(PHONE))["status"] is True
    assert (await wire.respond(start())).status == 502


async def test_a_fault_comes_as_often_as_planned(wire: Wire, sandbox: Sandbox) -> None:
    """It lets some requests pass, meets some, and is over."""
    sandbox.faults.add(ServerError(), skip=1, times=2)
    statuses = [(await wire.respond(voicemail())).status for _ in range(4)]
    assert statuses == [200, 502, 502, 200]


async def test_a_fault_can_go_on_for_ever(wire: Wire, sandbox: Sandbox) -> None:
    """An outage ends when somebody ends it."""
    sandbox.faults.add(ServerError(), times=None)
    statuses = [(await wire.respond(voicemail())).status for _ in range(20)]
    assert statuses == [502] * 20
    sandbox.faults.clear()
    assert (await wire.respond(voicemail())).status == 200


async def test_a_campaign_decides_at_every_step(wire: Wire, sandbox: Sandbox) -> None:
    """What it leaves alone goes to the plan."""
    asked: list[tuple[str, str, PhoneNumber | None]] = []

    def decide(
        provider: str, operation: str, phone: PhoneNumber | None
    ) -> Fault | None:
        asked.append((provider, operation, phone))
        return ServerError() if len(asked) == 2 else None

    sandbox.faults.decide = decide
    sandbox.faults.add(TooMany(), skip=1)
    statuses = [(await wire.respond(voicemail())).status for _ in range(4)]
    assert statuses == [200, 502, 429, 200]
    assert asked[0] == ("nerotech", "voicemail", PHONE)


@pytest.mark.parametrize(
    ("fault", "settings"),
    [
        (Refused(), {"operation": "voicemails"}),
        (Refused(), {"provider": "telegraph"}),
        (Refused(), {"provider": "callpass", "operation": "voicemail"}),
        (Refused(), {"times": 0}),
        (Refused(), {"skip": -1}),
        (LostWebhook(), {"operation": "reverse_auth_phone_post"}),
        (LateWebhook(1), {"provider": "telefonip"}),
    ],
)
async def test_a_fault_that_could_never_happen_is_refused(
    sandbox: Sandbox, fault: Fault, settings: dict[str, Any]
) -> None:
    """A test that injects nothing would pass for the wrong reason."""
    with pytest.raises(ConfigurationError):
        sandbox.faults.add(fault, **settings)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (Latency, {"seconds": -1}),
        (Latency, {"seconds": 1, "late_arrival": 1}),
        (ServerError, {"status": 404}),
        (ServerError, {"status": True}),
        (Garbage, {"status": 99}),
        (Hang, {"processed": "no"}),
    ],
)
def test_a_fault_outside_its_bounds_is_refused(
    kind: type[Any], settings: dict[str, Any]
) -> None:
    """An error page with HTTP 404 is no server error."""
    with pytest.raises(ConfigurationError):
        kind(**settings)
