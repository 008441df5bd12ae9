"""Channels of a bulk run by their names, at a provider or at a sandbox."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from types import MappingProxyType

from attrs import define, field

from ..bulk import BulkChannel
from ..client.callpass import CallPassClient
from ..client.telefonip import TelefonIPClient
from ..models.phone import PhoneNumber
from ..sandbox import Answer, Fault, ResetAfter, Sandbox, Subscriber
from ..verification.channels import FlashCall, ReverseCall, VoiceOtp
from .kinds import Client

CHANNELS: Mapping[str, str] = MappingProxyType(
    {
        "flash_call:callpass": "callpass",
        "voice_otp:nerotech": "nerotech",
        "reverse_call:telefonip": "telefonip",
        "reverse_call:nerotech": "nerotech",
    }
)
"""The providers of the channels."""

# Of a hundred people; the others answer, and dial.
_PEOPLE = (
    (15, Subscriber(answers=Answer.NO_ANSWER)),
    (8, Subscriber(answers=Answer.BUSY)),
    (4, Subscriber(answers=Answer.SWITCHED_OFF)),
)
_USUAL = Subscriber(dials_after_seconds=12.0)
_LOST_OF_A_HUNDRED = 1
_CALL = "start-call-password"
# Nobody reads what the sandbox writes down about a rehearsal, however long that is.
_MOST_ENTRIES = 100_000
_REMEMBERED_SECONDS = 300.0


def channel_of(name: str, client: Client) -> BulkChannel:
    """Return the channel of that name, through that client of its provider."""
    if isinstance(client, CallPassClient):
        return FlashCall(client)
    if isinstance(client, TelefonIPClient):
        return ReverseCall(client)
    return ReverseCall(client) if name.startswith("reverse") else VoiceOtp(client)


def in_sandbox(channel: BulkChannel) -> BulkChannel:
    """Return it under another name: a real run must not go on with a rehearsal."""
    channel.name = f"{channel.name} (sandbox)"
    return channel


@define
class Crowd:
    """Decide how each phone of a sandbox behaves, always the same for one number.

    It is asked before each request, since a file may be too long to be told ahead.
    """

    sandbox: Sandbox
    _most_entries: int = field(factory=lambda: _MOST_ENTRIES, init=False)

    def __call__(
        self,
        provider: str,  # noqa: ARG002 - people do not care
        operation: str,
        phone: PhoneNumber | None,
    ) -> Fault | None:
        """Make the person known, and lose some answers about calls."""
        if phone is None or phone in self.sandbox.network.subscribers:
            return None
        if len(self.sandbox.ledger) > self._most_entries:
            self.sandbox.ledger.forget(older_than_seconds=_REMEMBERED_SECONDS)
            # To look through what is too young for that, again and again, would take
            # longer than all the calls.
            self._most_entries = max(_MOST_ENTRIES, 2 * len(self.sandbox.ledger))
        place = zlib.crc32(phone.e164.encode()) % 100
        self.sandbox.network.subscribers[phone] = _person(place)
        is_lost = place >= 100 - _LOST_OF_A_HUNDRED
        return ResetAfter() if is_lost and operation == _CALL else None


def _person(place: int) -> Subscriber:
    for share, person in _PEOPLE:
        if place < share:
            return person
        place -= share
    return _USUAL
