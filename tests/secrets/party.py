"""Party: one client of each provider, one person, and every question to ask."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import TypeAlias

from attrs import define, field

from callauth import (
    CallPassClient,
    Clock,
    NeroTechClient,
    NumberLease,
    PhoneNumber,
    PlacedCall,
    TelefonIPClient,
    Transport,
)
from callauth.client.environment import ClientOptions
from callauth.models.lease import LAST_CHECK_SECONDS, LEASE_SECONDS
from tests.support.canaries import Canaries
from tests.support.operations import CALL_ID, SERVICE_NUMBER

CLIENTS = (NeroTechClient, TelefonIPClient, CallPassClient)
# Not the first one that a provider leases, which it would take for its own.
_LEASE_ID = 999_999
_WEBHOOK = "https://app.example/hook/"
# What is waited for in these tests is nearly over.
_LEFT_SECONDS = 2.0
_RING_SECONDS = 2
_STATUS_SECONDS = 30.0


@define(eq=False)
class Party:
    """Hold the clients and the person; all that is secret is a canary.

    A host in ``base_url`` stands for all three providers.
    """

    canaries: Canaries
    clock: Clock
    transport: Transport
    base_url: str = "https://provider.example/"
    phone: PhoneNumber = field(init=False)
    nerotech: NeroTechClient = field(init=False)
    telefonip: TelefonIPClient = field(init=False)
    callpass: CallPassClient = field(init=False)

    def __attrs_post_init__(self) -> None:
        options = self._options
        self.phone = self.canaries.phone()
        self.nerotech = NeroTechClient(
            1234, self.canaries.secret().reveal(), **options("api/v1/")
        )
        self.telefonip = TelefonIPClient(
            self.canaries.secret().reveal(), **options("api/v1/authcalls/")
        )
        self.callpass = CallPassClient(self.canaries.secret().reveal(), **options(""))

    def lease(self) -> NumberLease:
        """Return a lease of another process that is nearly over."""
        age = LEASE_SECONDS + LAST_CHECK_SECONDS - _LEFT_SECONDS
        return NumberLease.from_sent_at(
            number=SERVICE_NUMBER,
            user=self.phone,
            lease_id=_LEASE_ID,
            sent_at=self.clock.now() - timedelta(seconds=age),
        )

    def call(self) -> PlacedCall:
        """Return a call of another process that is nearly over."""
        age = _RING_SECONDS + _STATUS_SECONDS - _LEFT_SECONDS
        return PlacedCall(
            call_id=CALL_ID,
            pin=self.canaries.pin(),
            sent_at=self.clock.now() - timedelta(seconds=age),
            ring_seconds=_RING_SECONDS,
        )

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Party]:
        """Close the clients and the transport in the end."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.transport.aclose)
            for client in (self.nerotech, self.telefonip, self.callpass):
                stack.push_async_callback(client.aclose)
            yield self

    def _options(self, path: str) -> ClientOptions:
        return {
            "base_url": self.base_url + path,
            "transport": self.transport,
            "clock": self.clock,
        }


Ask: TypeAlias = Callable[[Party], Awaitable[object]]

# Secrets, codes and webhooks are handed over as plain text, as applications do it. No
# frame of these functions keeps one: a canary in a traceback was kept by callauth.
METHODS: Mapping[str, Ask] = {
    "voicemail": lambda p: p.nerotech.voicemail(p.phone),
    "check_code": lambda p: p.nerotech.check_code("103000", p.canaries.pin(4).reveal()),
    "incoming_init": lambda p: p.nerotech.incoming_init(p.phone),
    "incoming_verify": lambda p: p.nerotech.incoming_verify(p.lease()),
    "wait_incoming": lambda p: p.nerotech.wait_incoming(p.lease()),
    "reverse_auth_phone_get": lambda p: p.telefonip.reverse_auth_phone_get(p.phone),
    "reverse_auth_phone_post": lambda p: p.telefonip.reverse_auth_phone_post(
        p.phone, webhook=_WEBHOOK + p.canaries.secret().reveal()
    ),
    "reverse_auth_phone_check": lambda p: p.telefonip.reverse_auth_phone_check(
        p.lease()
    ),
    "wait_call": lambda p: p.telefonip.wait_call(p.lease()),
    "start_call_password": lambda p: p.callpass.start_call_password(p.phone),
    "get_call_password_status": lambda p: p.callpass.get_call_password_status(CALL_ID),
    "wait_status": lambda p: p.callpass.wait_status(p.call()),
}


def public_methods() -> set[str]:
    """Return the names of all that can be awaited, but for closing."""
    return {
        name
        for client in CLIENTS
        for name, method in inspect.getmembers(client, inspect.iscoroutinefunction)
        if not name.startswith("_") and name != "aclose"
    }


async def outcome_of(ask: Ask, party: Party) -> object:
    """Return what the method returns, or the error that it raises."""
    try:
        return await ask(party)
    except Exception as error:  # noqa: BLE001 - whatever comes is to be scanned
        return error
