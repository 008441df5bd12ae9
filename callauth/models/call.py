"""Calls that a provider placed for us."""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen

from ..errors import ConfigurationError
from .cause import HangupCause
from .instant import aware
from .key import IdempotencyKey
from .pin import Pin

SHORTEST_RING, LONGEST_RING = 2, 99


@frozen(kw_only=True)
class VoiceCall:
    """Hold a call in which a robot dictates the pin.

    ``test`` marks a test call: it rings nobody, and its pin verifies nobody unless the
    client was told to accept test calls.
    """

    call_id: str
    pin: Pin
    idempotency_key: IdempotencyKey
    sent_at: datetime = field(converter=aware)
    test: bool = False


@frozen(kw_only=True)
class PlacedCall:
    """Hold a missed call whose caller ID ends with the pin.

    ``cause`` is how it ended, None while that is not known. ``ring_seconds`` is how
    long it may ring, counted from ``sent_at``.
    """

    call_id: str
    pin: Pin
    cause: HangupCause | None = None
    sent_at: datetime = field(converter=aware)
    ring_seconds: int = field()

    @ring_seconds.validator
    def _is_a_ring(self, _: object, value: object) -> None:
        if type(value) is not int or not SHORTEST_RING <= value <= LONGEST_RING:
            raise ConfigurationError(
                f"expected a ring of {SHORTEST_RING} to {LONGEST_RING} whole seconds"
            )
