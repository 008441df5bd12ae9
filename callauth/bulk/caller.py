"""Callers: what is done for one number, by each kind of channel.

A caller asks for the call, or a number to dial, and says in one text what is needed to
follow it, so that another process can.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Protocol, TypeAlias

from attrs import frozen

from ..client.callpass import CallPassClient
from ..client.nerotech import NeroTechClient
from ..client.telefonip import TelefonIPClient
from ..errors import ConfigurationError
from ..models.call import PlacedCall
from ..models.cause import HangupCause
from ..models.key import IdempotencyKey
from ..models.lease import NumberLease
from ..models.outcome import Confirmed, Expired, Rejected, Unknown
from ..models.phone import PhoneNumber
from ..models.pin import Pin
from ..verification.channels import FlashCall, ReverseCall, VoiceOtp
from .row import RowState

Client: TypeAlias = CallPassClient | NeroTechClient | TelefonIPClient
BulkChannel: TypeAlias = FlashCall | VoiceOtp | ReverseCall

# What is written down has no pin, and following a call needs none.
_NO_PIN = Pin("0000", verifies=False)
_BY_CAUSE = {
    "NORMAL_CLEARING": RowState.CONFIRMED,
    "NO_ANSWER": RowState.NO_ANSWER,
    "USER_BUSY": RowState.BUSY,
}


@frozen(kw_only=True)
class Placed:
    """Hold what was placed: a text to follow it by, and what the person is to get."""

    text: str
    pin: Pin | None = None
    lease: NumberLease | None = None


@frozen
class End:
    """Hold how it ended."""

    state: RowState
    reason: str = ""


class Caller(Protocol):
    """Call people through one client."""

    @property
    def client(self) -> Client:
        """The client that it stands on."""

    @property
    def is_keyed(self) -> bool:
        """Whether asking again with the same key rings nobody twice."""

    @property
    def rings(self) -> bool:
        """Whether a lost answer may mean that a phone rings."""

    async def place(self, phone: PhoneNumber, key: IdempotencyKey) -> Placed:
        """Ask for one call; raises what the client raises."""

    async def follow(self, phone: PhoneNumber, text: str) -> End:
        """Return how it ended; raises ProviderError."""

    def lease(self, phone: PhoneNumber, text: str) -> NumberLease | None:
        """Return the number to dial, None for a call."""


def caller_of(channel: BulkChannel) -> Caller:
    """Return the caller of a channel; ConfigurationError when it is none of ours."""
    match channel:
        case FlashCall():
            return FlashCaller(channel.callpass, int(channel.ring_seconds))
        case VoiceOtp():
            return VoiceCaller(channel.nerotech)
        case ReverseCall():
            return ReverseCaller(channel.provider)
        case _:
            raise ConfigurationError(
                "expected a channel of FlashCall, VoiceOtp or ReverseCall"
            )


@frozen
class FlashCaller:
    """Place missed calls, and learn how they ended."""

    client: CallPassClient
    ring_seconds: int
    is_keyed = False
    rings = True

    async def place(
        self,
        phone: PhoneNumber,
        key: IdempotencyKey,  # noqa: ARG002 - CallPass knows none
    ) -> Placed:
        """Ring the phone."""
        call = await self.client.start_call_password(
            phone, timeout_seconds=self.ring_seconds
        )
        text = _dumped(
            call=call.call_id,
            sent=call.sent_at,
            ring=call.ring_seconds,
            cause=None if call.cause is None else call.cause.name,
        )
        return Placed(text=text, pin=call.pin)

    async def follow(
        self,
        phone: PhoneNumber,  # noqa: ARG002 - the call has an id
        text: str,
    ) -> End:
        """Ask until the call has ended."""
        known = json.loads(text)
        call = PlacedCall(
            call_id=known["call"],
            pin=_NO_PIN,
            cause=known["cause"] and HangupCause(known["cause"]),
            sent_at=datetime.fromisoformat(known["sent"]),
            ring_seconds=known["ring"],
        )
        cause = await self.client.wait_status(call)
        if cause is None:
            return End(RowState.UNKNOWN, "the end of the call could not be learned")
        return End(_BY_CAUSE.get(cause.name, RowState.REJECTED), cause.name)

    def lease(self, phone: PhoneNumber, text: str) -> None:
        """Nobody dials anything."""


@frozen
class VoiceCaller:
    """Have a robot dictate pins; the provider does not say how its calls end."""

    client: NeroTechClient
    is_keyed = True
    rings = True

    async def place(self, phone: PhoneNumber, key: IdempotencyKey) -> Placed:
        """Ring the phone, once per key."""
        call = await self.client.voicemail(phone, idempotency_key=key)
        return Placed(text=_dumped(call=call.call_id), pin=call.pin)

    async def follow(self, phone: PhoneNumber, text: str) -> End:  # noqa: ARG002 - as told
        """Leave it at that."""
        return End(RowState.PLACED)

    def lease(self, phone: PhoneNumber, text: str) -> None:
        """Nobody dials anything."""


@frozen
class ReverseCaller:
    """Lease numbers, and learn who has dialled them."""

    client: TelefonIPClient | NeroTechClient
    is_keyed = False
    rings = False

    async def place(
        self,
        phone: PhoneNumber,
        key: IdempotencyKey,  # noqa: ARG002 - a lease has none
    ) -> Placed:
        """Lease a number."""
        if isinstance(self.client, TelefonIPClient):
            lease = await self.client.reverse_auth_phone_get(phone)
        else:
            lease = await self.client.incoming_init(phone)
        text = _dumped(
            number=lease.number.e164, id=lease.lease_id, sent=lease.leased_at
        )
        return Placed(text=text, lease=lease)

    async def follow(self, phone: PhoneNumber, text: str) -> End:
        """Ask until the person has dialled, or the time is over."""
        lease = self.lease(phone, text)
        if isinstance(self.client, TelefonIPClient):
            return _end(await self.client.wait_call(lease))
        return _end(await self.client.wait_incoming(lease))

    def lease(self, phone: PhoneNumber, text: str) -> NumberLease:
        """Return the number to dial."""
        known = json.loads(text)
        return NumberLease.from_sent_at(
            number=PhoneNumber(known["number"]),
            user=phone,
            lease_id=known["id"],
            sent_at=datetime.fromisoformat(known["sent"]),
        )


def _end(outcome: Confirmed | Rejected | Expired | Unknown) -> End:
    match outcome:
        case Confirmed():
            return End(RowState.CONFIRMED)
        case Rejected(reason=reason):
            return End(RowState.REJECTED, reason)
        case Expired():
            return End(RowState.EXPIRED)
        case Unknown(reason=reason):
            return End(RowState.UNKNOWN, reason)


def _dumped(**values: object) -> str:
    return json.dumps(
        {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in values.items()
        }
    )
