"""VoiceCalls: the dictated calls that NeroTech remembers, by id, by phone, by key."""

from __future__ import annotations

from typing import TypeAlias

from attrs import define, field, frozen

from ..models.phone import PhoneNumber
from ..models.pin import Pin
from .entries import Ring

Key: TypeAlias = tuple[str | None, PhoneNumber]
"""An idempotency key counts together with the phone; None is no key."""

DAY_SECONDS = 24 * 3600.0


@define(eq=False, kw_only=True)
class VoiceCall:
    """Hold one call; a call in test mode has no ring."""

    call_id: int
    phone: PhoneNumber
    code: Pin
    ring: Ring | None = None

    def is_ringing(self, elapsed: float) -> bool:
        """Say whether the call is under way at that moment."""
        return self.ring is not None and elapsed < self.ring.ends


@frozen
class StoredResult:
    """Hold what a key gave when it was first used: a call, or an error code."""

    since: float
    result: VoiceCall | int


@define(eq=False)
class VoiceCalls:
    """Remember calls; moments are seconds of the ledger."""

    _last_id: int = 103_000
    _calls: dict[str, VoiceCall] = field(factory=dict)
    _last: dict[PhoneNumber, VoiceCall] = field(factory=dict)
    _stored: dict[Key, StoredResult] = field(factory=dict)

    def add(self, phone: PhoneNumber, code: Pin, ring: Ring | None) -> VoiceCall:
        """Give the call an id and remember it."""
        self._last_id += 1
        call = VoiceCall(call_id=self._last_id, phone=phone, code=code, ring=ring)
        self._calls[str(call.call_id)] = call
        if ring is not None:
            self._last[phone] = call
        return call

    def find(self, call_id: str) -> VoiceCall | None:
        """Return the call of that id, None if there is none."""
        return self._calls.get(call_id)

    def is_ringing(self, phone: PhoneNumber, elapsed: float) -> bool:
        """Say whether a call to this phone is under way at that moment."""
        call = self._last.get(phone)
        return call is not None and call.is_ringing(elapsed)

    def store(self, key: Key, result: VoiceCall | int, elapsed: float) -> None:
        """Keep the result of a key for 24 hours from now."""
        if key[0] is not None:
            self._stored[key] = StoredResult(elapsed, result)

    def stored(self, key: Key, elapsed: float) -> VoiceCall | int | None:
        """Return the result that the key has given in the last 24 hours."""
        stored = self._stored.get(key)
        if stored is None or elapsed - stored.since >= DAY_SECONDS:
            return None
        return stored.result
