from __future__ import annotations

import asyncio

import pytest

import callauth.sandbox
from callauth.errors import AnswerLost, NotSent
from callauth.models.phone import PhoneNumber
from callauth.models.secret import Secret
from callauth.protocol.message import Request
from callauth.sandbox import (
    Dial,
    Entry,
    Fault,
    Latency,
    Refused,
    ResetAfter,
    Sandbox,
    Subscriber,
)
from callauth.transport.clock import ManualClock
from tests.support.canaries import Canaries

from .conftest import Hook
from .wire import OTHER, PHONE, Wire, request, start, voicemail


async def run(seed: int) -> tuple[str, list[Entry]]:
    clock = ManualClock()
    async with Sandbox(clock=clock, seed=seed, webhook_sender=Hook()) as sandbox:
        sandbox.network.default = Subscriber(dials_after_seconds=4)
        sandbox.faults.add(ResetAfter(), operation="incoming/init")
        wire = Wire(sandbox)
        with pytest.raises(AnswerLost):
            await wire.init()
        await wire.lease_with_webhook()
        await wire.voicemail()
        await wire.start("v1.0", OTHER)
        await clock.advance(200)
        ledger = sandbox.ledger
        return ledger.to_json(reveal=True), ledger.entries(Entry)


async def test_the_same_seed_gives_the_same_ledger() -> None:
    """A failure must be found again from one number."""
    assert await run(7) == await run(7)
    assert await run(7) != await run(8)


@pytest.mark.parametrize("path", ["/", "/api/v1/", "/api/v2/voicemail", "/api/v1/x"])
async def test_an_unknown_path_is_404(wire: Wire, sandbox: Sandbox, path: str) -> None:
    """It belongs to no provider, so nobody received it."""
    assert (await wire.respond(request("GET", path))).status == 404
    assert len(sandbox.ledger) == 0


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/voicemail"),
        ("POST", "/api/v1/authcalls/t/reverse_auth_phone_get"),
        ("GET", "/api/v1/authcalls/t/reverse_auth_phone_post"),
        ("GET", "/api/v3.0/start-call-password/"),
    ],
)
async def test_the_wrong_verb_is_405(wire: Wire, method: str, path: str) -> None:
    """Each endpoint has one."""
    assert (await wire.respond(request(method, path))).status == 405


async def test_any_host_leads_into_the_sandbox(wire: Wire) -> None:
    """The same API is served under other brands."""
    sent = Request(
        provider="nerotech",
        operation="voicemail",
        method="GET",
        template="…",
        url=Secret(
            "http://brand.example:81/api/v1/voicemail"
            "?service_id=1&secret_key=k&phone=79991234567"
        ),
    )
    response = await wire.respond(sent)
    assert response.status == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["content-length"] == str(len(response.body))


@pytest.mark.parametrize("seconds", [0.0, -1.0])
async def test_without_time_nothing_is_sent(
    wire: Wire, sandbox: Sandbox, seconds: float
) -> None:
    """A deadline that has passed leaves no time for a byte."""
    with pytest.raises(NotSent):
        await wire.respond(voicemail(), timeout_seconds=seconds)
    assert len(sandbox.ledger) == 0


async def test_a_closed_transport_sends_nothing(wire: Wire, sandbox: Sandbox) -> None:
    """The sandbox stays open for others."""
    await wire.transport.aclose()
    await wire.transport.aclose()
    with pytest.raises(NotSent):
        await wire.respond(voicemail())
    assert (await Wire(sandbox).voicemail())["status"] is True


async def test_a_closed_sandbox_refuses_connections(
    wire: Wire, sandbox: Sandbox
) -> None:
    """Its server is gone, as after a restart."""
    await sandbox.aclose()
    with pytest.raises(NotSent):
        await wire.respond(voicemail())
    await sandbox.aclose()


async def test_closing_without_waiting_refuses_connections(
    wire: Wire, sandbox: Sandbox
) -> None:
    """It is as closed as one whose end was waited for."""
    sandbox.close()
    with pytest.raises(NotSent):
        await wire.respond(voicemail())
    sandbox.close()


async def test_closing_without_waiting_calls_off_what_is_due(
    wire: Wire, sandbox: Sandbox, clock: ManualClock, hook: Hook
) -> None:
    """A person who dials later finds nobody, and nobody is told."""
    sandbox.network.default = Subscriber(dials_after_seconds=4)
    await wire.lease_with_webhook()
    sandbox.close()
    await clock.advance(200)
    assert (sandbox.ledger.entries(Dial), hook.urls) == ([], [])


def test_closing_without_waiting_needs_no_loop() -> None:
    """That of a test is closed before its fixtures are, perhaps."""
    sandbox = Sandbox(clock=ManualClock(), webhook_sender=_hang)
    asyncio.run(_call_back(sandbox))
    sandbox.close()


def test_closing_without_waiting_raises_what_went_wrong() -> None:
    """A mistake in the background would be seen by nobody else."""
    hook = Hook()
    hook.failure = LookupError("a mistake")
    sandbox = Sandbox(clock=ManualClock(), webhook_sender=hook)
    asyncio.run(_call_back(sandbox))
    with pytest.raises(LookupError, match="a mistake"):
        sandbox.close()


async def _hang(_url: str) -> int:
    await asyncio.Event().wait()
    return 200


async def _call_back(sandbox: Sandbox) -> None:
    """Set off a webhook, and do not wait for it."""
    lease = await Wire(sandbox).lease_with_webhook()
    sandbox.network.dial(PHONE, PhoneNumber("+" + lease["auth_phone"]))
    await asyncio.sleep(0)


async def test_a_request_under_way_is_lost_with_the_sandbox(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """It never arrives, and its sender is told that he cannot know."""
    sandbox.faults.add(Latency(10, late_arrival=True))
    clock.call_later(5, sandbox.reset)
    with pytest.raises(AnswerLost):
        await wire.respond(voicemail())
    assert sandbox.ledger.rings(PHONE) == []


async def test_an_answer_due_at_the_time_out_is_too_late(
    wire: Wire, clock: ManualClock
) -> None:
    """The time-out is exact, to the second that a call lasts."""
    with pytest.raises(AnswerLost):
        await wire.respond(start("v1.0"), timeout_seconds=3)
    assert clock.monotonic() == 3
    await wire.respond(start("v1.0"), timeout_seconds=3.001)
    assert clock.monotonic() == 6


@pytest.mark.parametrize("fault", [Refused(), ResetAfter()])
async def test_nothing_that_can_be_seen_shows_a_secret(
    sandbox: Sandbox, canaries: Canaries, fault: Fault
) -> None:
    """Errors travel far: into logs, traces and reports."""
    key, phone = canaries.secret(), canaries.phone()
    sandbox.nerotech.credentials = (1234, key)
    sandbox.telefonip.token = key
    sandbox.callpass.token = key
    sandbox.faults.add(fault)
    path = f"/api/v1/voicemail?service_id=1&secret_key={key.reveal()}"
    with pytest.raises((NotSent, AnswerLost)) as raised:
        await Wire(sandbox).respond(request("GET", f"{path}&phone={phone.msisdn}"))
    providers = [sandbox.nerotech, sandbox.telefonip, sandbox.callpass]
    seen = [raised.value, sandbox, *providers, sandbox.ledger.entries(Entry)]
    assert not any(
        secret in f"{thing} {thing!r}"
        for secret in (key.reveal(), phone.msisdn)
        for thing in seen
    )
    assert sandbox.nerotech.credentials == ("1234", key)
    assert sandbox.telefonip.token == sandbox.callpass.token == key


def test_the_public_names_are_sorted_and_there() -> None:
    """What a user imports is listed once, in order."""
    names = callauth.sandbox.__all__
    assert sorted(names, key=str.lower) == sorted(set(names), key=str.lower)
    assert all(hasattr(callauth.sandbox, name) for name in names)
