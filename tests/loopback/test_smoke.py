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
    parse_webhook,
)
from callauth.sandbox import FastClock, Subscriber
from callauth.sandbox.server import serve
from tests.hostile.sending import Overheard, serving
from tests.support.canaries import Canaries

# A request may take a tenth of what the clients think, so not much faster.
_SPEED = 10.0
_DIALS_AFTER_SECONDS = 3.0


@frozen
class _Provider:
    """Hold a sandbox behind HTTP, and the clock that everybody lives by."""

    sandbox: Sandbox
    clock: FastClock
    url: str


@asynccontextmanager
async def _provider() -> AsyncIterator[_Provider]:
    clock = FastClock(_SPEED)
    async with Sandbox(clock=clock) as sandbox:
        sandbox.network.default = Subscriber(dials_after_seconds=_DIALS_AFTER_SECONDS)
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        serving_ = asyncio.create_task(
            serve(sandbox, port=0, on_started=port.set_result)
        )
        yield _Provider(sandbox, clock, f"http://127.0.0.1:{await port}/")
        serving_.cancel()
        with suppress(asyncio.CancelledError):
            await serving_


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
    canaries: Canaries,
) -> None:
    """The pin that was returned is the one that the phone shows."""
    phone = canaries.phone()
    async with (
        _provider() as at,
        CallPassClient(
            canaries.secret(), version=version, base_url=at.url, clock=at.clock
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


async def test_a_dictated_code(canaries: Canaries) -> None:
    """The provider takes the right code for right, and a wrong one for wrong."""
    phone = canaries.phone()
    async with (
        _provider() as at,
        NeroTechClient(
            1234, canaries.secret(), base_url=f"{at.url}api/v1/", clock=at.clock
        ) as client,
    ):
        call = await client.voicemail(phone)
        digits = call.pin.reveal()
        wrong = digits[:-1] + str((int(digits[-1]) + 1) % 10)
        checked = [await client.check_code(call.call_id, t) for t in (wrong, digits)]

    assert checked == [False, True]
    assert len(at.sandbox.ledger.rings(phone)) == 1


async def test_a_call_to_nerotech(canaries: Canaries) -> None:
    """The user dials the leased number and is believed."""
    async with (
        _provider() as at,
        NeroTechClient(
            1234, canaries.secret(), base_url=f"{at.url}api/v1/", clock=at.clock
        ) as client,
    ):
        lease = await client.incoming_init(canaries.phone())
        outcome = await client.wait_incoming(lease)

    assert isinstance(outcome, Confirmed)


async def test_a_call_to_telefon_ip(canaries: Canaries) -> None:
    """The user dials the leased number and is believed."""
    async with (
        _provider() as at,
        TelefonIPClient(
            canaries.secret(), base_url=f"{at.url}api/v1/authcalls/", clock=at.clock
        ) as client,
    ):
        lease = await client.reverse_auth_phone_get(canaries.phone())
        outcome = await client.wait_call(lease)

    assert isinstance(outcome, Confirmed)


async def test_a_webhook_of_telefon_ip(canaries: Canaries) -> None:
    """A webhook says which lease to ask about, and the answer is what counts."""
    phone, overheard = canaries.phone(), Overheard()
    path = f"hook/{canaries.secret().reveal()}"
    async with (
        serving(overheard) as ours,
        _provider() as at,
        TelefonIPClient(
            canaries.secret(), base_url=f"{at.url}api/v1/authcalls/", clock=at.clock
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
