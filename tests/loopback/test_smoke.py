from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal

import pytest
from attrs import frozen

from callauth import (
    CallPassClient,
    Confirmed,
    NeroTechClient,
    Sandbox,
    TelefonIPClient,
    Transport,
    parse_webhook,
)
from callauth.sandbox import FastClock, Subscriber
from callauth.sandbox.server import serve
from tests.hostile.sending import Overheard, serving
from tests.support.canaries import Canaries
from tests.support.transports import Make, on_each_transport

# A request may take a tenth of what the clients think, so not much faster.
_SPEED = 10.0
_DIALS_AFTER_SECONDS = 3.0


@frozen
class _Provider:
    """Hold a sandbox behind HTTP, the way to it, and the clock that all live by."""

    sandbox: Sandbox
    clock: FastClock
    url: str
    transport: Transport


@asynccontextmanager
async def _provider(make: Make) -> AsyncIterator[_Provider]:
    clock = FastClock(_SPEED)
    async with Sandbox(clock=clock) as sandbox:
        sandbox.network.default = Subscriber(dials_after_seconds=_DIALS_AFTER_SECONDS)
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        serving_ = asyncio.create_task(
            serve(sandbox, port=0, on_started=port.set_result)
        )
        transport = make()
        yield _Provider(sandbox, clock, f"http://127.0.0.1:{await port}/", transport)
        await transport.aclose()
        serving_.cancel()
        with suppress(asyncio.CancelledError):
            await serving_


@on_each_transport
@pytest.mark.parametrize(
    ("version", "asynchronous", "digits"),
    [
        ("v1.0", False, {4, 5}),
        ("v2.0", False, {4, 5}),
        ("v2.0", True, {4, 5}),
        ("v3.0", False, {7}),
        ("v3.0", True, {7}),
    ],
)
async def test_a_missed_call(
    version: Literal["v1.0", "v2.0", "v3.0"],
    asynchronous: bool,  # noqa: FBT001 - a parameter
    digits: set[int],
    make: Make,
    canaries: Canaries,
) -> None:
    """The pin that was returned is the one that the phone shows."""
    phone = canaries.phone()
    async with (
        _provider(make) as at,
        CallPassClient(
            canaries.secret(),
            version=version,
            base_url=at.url,
            clock=at.clock,
            transport=at.transport,
        ) as client,
    ):
        call = await client.start_call_password(phone, asynchronous=asynchronous)
        cause = await client.wait_status(call)
        typed = at.sandbox.network.typed(phone)

    assert typed is not None
    assert call.pin.matches(typed)
    assert len(call.pin) in digits
    assert str(cause) == "NORMAL_CLEARING"
    assert len(at.sandbox.ledger.rings(phone)) == 1


@on_each_transport
async def test_a_dictated_code(make: Make, canaries: Canaries) -> None:
    """The provider takes the right code for right, and a wrong one for wrong."""
    phone = canaries.phone()
    async with (
        _provider(make) as at,
        NeroTechClient(
            1234,
            canaries.secret(),
            base_url=f"{at.url}api/v1/",
            clock=at.clock,
            transport=at.transport,
        ) as client,
    ):
        call = await client.voicemail(phone)
        digits = call.pin.reveal()
        wrong = digits[:-1] + str((int(digits[-1]) + 1) % 10)
        checked = [await client.check_code(call.call_id, t) for t in (wrong, digits)]

    assert checked == [False, True]
    assert len(at.sandbox.ledger.rings(phone)) == 1


@on_each_transport
async def test_a_call_to_nerotech(make: Make, canaries: Canaries) -> None:
    """The user dials the leased number and is believed."""
    async with (
        _provider(make) as at,
        NeroTechClient(
            1234,
            canaries.secret(),
            base_url=f"{at.url}api/v1/",
            clock=at.clock,
            transport=at.transport,
        ) as client,
    ):
        lease = await client.incoming_init(canaries.phone())
        outcome = await client.wait_incoming(lease)

    assert isinstance(outcome, Confirmed)


@on_each_transport
async def test_a_call_to_telefon_ip(make: Make, canaries: Canaries) -> None:
    """The user dials the leased number and is believed."""
    async with (
        _provider(make) as at,
        TelefonIPClient(
            canaries.secret(),
            base_url=f"{at.url}api/v1/authcalls/",
            clock=at.clock,
            transport=at.transport,
        ) as client,
    ):
        lease = await client.reverse_auth_phone_get(canaries.phone())
        outcome = await client.wait_call(lease)

    assert isinstance(outcome, Confirmed)


@on_each_transport
async def test_a_webhook_of_telefon_ip(make: Make, canaries: Canaries) -> None:
    """A webhook says which lease to ask about, and the answer is what counts."""
    phone, overheard = canaries.phone(), Overheard()
    path = f"hook/{canaries.secret().reveal()}"
    async with (
        serving(overheard) as ours,
        _provider(make) as at,
        TelefonIPClient(
            canaries.secret(),
            base_url=f"{at.url}api/v1/authcalls/",
            clock=at.clock,
            transport=at.transport,
        ) as client,
    ):
        lease = await client.reverse_auth_phone_post(
            phone, webhook=f"{ours.base_url}{path}"
        )
        target = (await overheard.first()).split(b" ")[1].decode()
        hint = parse_webhook(target.partition("?")[2])
        caller = await client.reverse_auth_phone_check(lease)

    assert target.startswith(f"/{path}?")
    assert (hint.lease_id, hint.phone, hint.success) == (lease.lease_id, phone, True)
    assert caller == phone
