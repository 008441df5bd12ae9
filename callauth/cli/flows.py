"""Flows: the five ways to verify a number, each from the request to its result.

A flow leads a provider's client and meets a ``Person``: at a terminal, or one that the
sandbox plays.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import anyio
from attrs import field, frozen

from ..client.callpass import CallPassClient
from ..client.nerotech import NeroTechClient
from ..client.telefonip import TelefonIPClient
from ..errors import CallAuthError
from ..models.call import PlacedCall
from ..models.cause import HangupCause
from ..models.lease import NumberLease
from ..models.outcome import Confirmed, Expired, Rejected, Unknown
from ..models.phone import PhoneNumber
from ..models.pin import Pin
from ..transport.port import Clock

TRIES = 3
# No provider states how long a code lives.
CODE_SECONDS = 120.0
# Long enough to look at the screen, short enough not to annoy.
RING_SECONDS = 15


class Person(Protocol):
    """Whoever holds the phone, as far as a verification meets him."""

    def sees(self, lease: NumberLease) -> None:
        """Be shown the number to dial."""

    def learns(self, cause: HangupCause) -> None:
        """Be told how the call ended, for the network."""

    async def types(self, *, digits: int, tries_left: int) -> str | None:
        """Return what he types, None when no more will come."""


class Flow(Protocol):
    """One way to verify a number."""

    async def verify(
        self, phone: PhoneNumber, person: Person
    ) -> Confirmed | Rejected | Expired | Unknown:
        """Return the outcome; raises what the client raises."""


@frozen
class FlashCallFlow:
    """CallPass: a missed call, whose caller ID ends with the code."""

    client: CallPassClient
    clock: Clock
    asynchronous: bool = field(kw_only=True)

    async def verify(
        self, phone: PhoneNumber, person: Person
    ) -> Confirmed | Rejected | Expired | Unknown:
        """Place the call and ask for the code; the call's end may come meanwhile."""
        call = await self.client.start_call_password(
            phone, timeout_seconds=RING_SECONDS, asynchronous=self.asynchronous
        )
        async with anyio.create_task_group() as group:
            group.start_soon(self._tell_cause, call, person)
            outcome = await _ask(call.pin, call.sent_at, person, self.clock)
            group.cancel_scope.cancel()
        return outcome

    async def _tell_cause(self, call: PlacedCall, person: Person) -> None:
        try:
            cause = await self.client.wait_status(call)
        except CallAuthError:
            # The code is good whether or not the end of the call can be learned.
            return
        if cause is not None:
            person.learns(cause)


@frozen
class VoicemailFlow:
    """NeroTech: a robot calls and dictates the code."""

    client: NeroTechClient
    clock: Clock

    async def verify(
        self, phone: PhoneNumber, person: Person
    ) -> Confirmed | Rejected | Expired | Unknown:
        """Place the call and ask for the code, which is compared here."""
        call = await self.client.voicemail(phone)
        return await _ask(call.pin, call.sent_at, person, self.clock)


@frozen
class IncomingFlow:
    """NeroTech: the person dials a leased number."""

    client: NeroTechClient

    async def verify(
        self, phone: PhoneNumber, person: Person
    ) -> Confirmed | Rejected | Expired | Unknown:
        """Lease a number, show it and wait for the call."""
        lease = await self.client.incoming_init(phone)
        person.sees(lease)
        return await self.client.wait_incoming(lease)


@frozen
class ReverseFlow:
    """Telefon-IP: the person dials a leased number."""

    client: TelefonIPClient

    async def verify(
        self, phone: PhoneNumber, person: Person
    ) -> Confirmed | Rejected | Expired | Unknown:
        """Lease a number, show it and wait for the call."""
        lease = await self.client.reverse_auth_phone_get(phone)
        person.sees(lease)
        return await self.client.wait_call(lease)


async def _ask(
    pin: Pin, sent_at: datetime, person: Person, clock: Clock
) -> Confirmed | Rejected | Expired:
    age = (clock.now() - sent_at).total_seconds()
    with anyio.CancelScope() as scope:
        alarm = clock.call_later(CODE_SECONDS - age, scope.cancel)
        try:
            return await _compare(pin, person, clock)
        finally:
            alarm.cancel()
    return Expired(at=clock.now())


async def _compare(pin: Pin, person: Person, clock: Clock) -> Confirmed | Rejected:
    for tries_left in range(TRIES, 0, -1):
        typed = await person.types(digits=len(pin), tries_left=tries_left)
        if typed is None:
            return Rejected(at=clock.now(), reason="no code was typed")
        if pin.matches(typed):
            return Confirmed(at=clock.now(), assurance="code")
    return Rejected(at=clock.now(), reason=f"{TRIES} wrong codes")
