from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from callauth.models.phone import PhoneNumber
from callauth.sandbox import (
    LateWebhook,
    LostWebhook,
    RepeatedWebhook,
    Sandbox,
    Subscriber,
    WebhookFault,
    WebhookSent,
)
from callauth.transport.clock import ManualClock

from .conftest import Hook
from .wire import OTHER, PHONE, WEBHOOK, Wire, telefonip_post

SENT = f"{WEBHOOK}?success=True&phone=89991234567&id=122760"


@pytest.fixture
async def leased(wire: Wire) -> PhoneNumber:
    """Lease a number with a webhook."""
    lease = await wire.lease_with_webhook()
    return PhoneNumber("+" + lease["auth_phone"])


async def test_a_call_sends_the_webhook(
    sandbox: Sandbox, clock: ManualClock, hook: Hook, leased: PhoneNumber
) -> None:
    """Success, phone and id are appended to the address as the document shows."""
    assert hook.urls == []
    sandbox.network.dial(PHONE, leased)
    await clock.advance(0)
    assert hook.urls == [SENT]
    (sent,) = sandbox.ledger.entries(WebhookSent)
    assert (sent.phone, sent.lease_id, sent.status) == (PHONE, 122760, 200)


async def test_a_stranger_s_call_sends_his_number(
    sandbox: Sandbox, clock: ManualClock, hook: Hook, leased: PhoneNumber
) -> None:
    """A webhook says who called, not that it was the right one."""
    for caller in (OTHER, PhoneNumber("+4915112345678")):
        sandbox.network.dial(caller, leased)
    await clock.advance(0)
    assert [url.split("&")[1] for url in hook.urls] == [
        "phone=89997654321",
        "phone=4915112345678",
    ]


async def test_an_id_may_have_leading_zeros(
    wire: Wire, sandbox: Sandbox, clock: ManualClock, hook: Hook
) -> None:
    """The document's webhook pads its id to six digits."""
    sandbox.telefonip.first_id = 123
    sandbox.network.default = Subscriber(dials_after_seconds=7)
    lease = await wire.lease_with_webhook()
    await clock.advance(7)
    assert lease["id"] == 123
    assert hook.urls[0].endswith("&id=000123")


async def test_a_lease_without_a_webhook_sends_none(
    wire: Wire, sandbox: Sandbox, clock: ManualClock, hook: Hook
) -> None:
    """The GET of the document has no address to send to."""
    lease = await wire.lease()
    sandbox.network.dial(PHONE, PhoneNumber("+" + lease["auth_phone"]))
    await clock.advance(10)
    assert hook.urls == []


@pytest.mark.parametrize(
    ("fault", "moments"),
    [
        (None, [0.0]),
        (RepeatedWebhook(), [0.0, 0.0]),
        (RepeatedWebhook(3), [0.0, 0.0, 0.0]),
        (LateWebhook(90), [90.0]),
    ],
)
async def test_a_webhook_may_come_often_or_late(
    sandbox: Sandbox,
    clock: ManualClock,
    leased: PhoneNumber,
    fault: WebhookFault | None,
    moments: list[float],
) -> None:
    """Duplicates and late ones must be harmless to the application."""
    if fault is not None:
        sandbox.faults.add(fault, phone=PHONE)
    sandbox.network.dial(PHONE, leased)
    await clock.advance(100)
    sent = sandbox.ledger.entries(WebhookSent)
    assert [entry.elapsed for entry in sent] == moments


async def test_a_webhook_may_be_lost(
    sandbox: Sandbox, clock: ManualClock, hook: Hook, leased: PhoneNumber
) -> None:
    """It is a hint and no more: polling has to find the call."""
    sandbox.faults.decide_webhook = lambda _: LostWebhook()
    sandbox.network.dial(PHONE, leased)
    await clock.advance(100)
    assert hook.urls == []
    (sent,) = sandbox.ledger.entries(WebhookSent)
    assert (sent.status, sent.failure) == (None, "lost")


async def test_a_webhook_takes_the_time_that_is_set(
    sandbox: Sandbox, clock: ManualClock, leased: PhoneNumber
) -> None:
    """A provider does not call back in the same instant."""
    sandbox.telefonip.webhook_after_seconds = 2
    sandbox.network.dial(PHONE, leased)
    await clock.advance(5)
    assert [sent.elapsed for sent in sandbox.ledger.entries(WebhookSent)] == [2]


@pytest.mark.parametrize(
    "failure", [ConnectionRefusedError(), TimeoutError(), httpx.ReadError("x")]
)
async def test_a_webhook_that_cannot_be_sent_is_on_record(
    sandbox: Sandbox,
    clock: ManualClock,
    hook: Hook,
    leased: PhoneNumber,
    failure: Exception,
) -> None:
    """The provider goes on, and nothing says where it was sent to."""
    hook.failure = failure
    sandbox.network.dial(PHONE, leased)
    await clock.advance(0)
    (sent,) = sandbox.ledger.entries(WebhookSent)
    assert (sent.status, sent.failure) == (None, type(failure).__name__)


async def test_a_broken_sender_is_told_at_the_end(clock: ManualClock) -> None:
    """A mistake in a test's own stand-in must not vanish in the background."""
    hook = Hook()
    hook.failure = KeyError("mistake")
    sandbox = Sandbox(clock=clock, webhook_sender=hook)
    lease = await Wire(sandbox).lease_with_webhook()
    sandbox.network.dial(PHONE, PhoneNumber("+" + lease["auth_phone"]))
    await clock.advance(0)
    with pytest.raises(KeyError):
        await sandbox.aclose()
    await sandbox.aclose()


async def test_closing_calls_off_what_is_under_way(clock: ManualClock) -> None:
    """Nothing that the sandbox started outlives it."""
    hook = Hook()
    sandbox = Sandbox(clock=clock, webhook_sender=hook)
    sandbox.telefonip.webhook_after_seconds = 60
    sandbox.network.default = Subscriber(dials_after_seconds=1)
    wire = Wire(sandbox)
    await wire.lease_with_webhook()
    await clock.advance(2)
    await wire.lease_with_webhook(phone=OTHER)
    await sandbox.aclose()
    await clock.advance(300)
    assert hook.urls == []
    assert len(asyncio.all_tasks()) == 1


@pytest.fixture
async def address() -> AsyncIterator[tuple[str, list[str]]]:
    """Serve HTTP on loopback, and keep the first line of each request."""
    lines: list[str] = []

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lines.append(head.decode().splitlines()[0])
        writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/hook/3f1c", lines


async def until_sent(sandbox: Sandbox, count: int = 1) -> list[WebhookSent]:
    async with asyncio.timeout(10):
        while len(sandbox.ledger.entries(WebhookSent)) < count:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.001)
    return sandbox.ledger.entries(WebhookSent)


async def test_webhooks_go_over_http_by_default(
    address: tuple[str, list[str]],
) -> None:
    """An application that listens on a port needs nothing else."""
    url, lines = address
    async with Sandbox() as sandbox:
        sandbox.faults.add(RepeatedWebhook())
        lease = await Wire(sandbox).lease_with_webhook(url)
        sandbox.network.dial(PHONE, PhoneNumber("+" + lease["auth_phone"]))
        sent = await until_sent(sandbox, 2)
    assert [entry.status for entry in sent] == [204, 204]
    query = "success=True&phone=89991234567&id=122760"
    assert lines == [f"GET /hook/3f1c?{query} HTTP/1.1"] * 2


async def test_an_address_without_a_listener_is_a_recorded_failure() -> None:
    """The default sender's failures are failures like any other."""
    body = json.dumps({"phone": PHONE.national, "webhook": "http://127.0.0.1:1/x"})
    async with Sandbox() as sandbox:
        _, answer = await Wire(sandbox).send(telefonip_post(body))
        sandbox.network.dial(PHONE, PhoneNumber("+" + answer["data"]["auth_phone"]))
        (sent,) = await until_sent(sandbox)
    assert (sent.status, sent.failure) == (None, "ConnectError")
