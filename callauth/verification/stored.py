"""StoredAttempt: all that is known of an attempt, and how it is written down."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from enum import Enum

from attrs import frozen
from cattrs.preconf.json import JsonConverter, make_converter

from ..errors import StoreError
from ..models.attempt import Attempt, AttemptId
from ..models.challenge import Challenge, DialInChallenge, PinChallenge
from ..models.lease import NumberLease
from ..models.method import Method
from ..models.outcome import (
    Assurance,
    Confirmed,
    Expired,
    Outcome,
    Pending,
    Rejected,
    Unknown,
)
from ..models.phone import PhoneNumber


class State(Enum):
    """Name where an attempt stands."""

    STARTING = "starting"
    """A call or a lease is being asked for, or the process died while asking."""
    AWAITING_PIN = "awaiting_pin"
    AWAITING_CALL = "awaiting_call"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        """Whether nothing changes any more."""
        return self not in (State.STARTING, State.AWAITING_PIN, State.AWAITING_CALL)


@frozen(kw_only=True)
class StoredAttempt:
    """Hold one attempt with everything that any process needs to finish it.

    ``route`` names the channels in their order, ``position`` the present one. ``key``
    is new for every start and ``next_channel``. The pin itself is never here:
    ``pin_mac`` is. What was charged for tries at ``granted_at`` is given back as far as
    it was not used.
    """

    id: AttemptId
    phone: PhoneNumber
    purpose: str
    state: State
    route: tuple[str, ...]
    position: int
    method: Method
    key: str
    started_at: datetime
    sent_at: datetime
    lives_seconds: float
    version: int = 0
    pin_mac: str | None = None
    digits: int | None = None
    tries_left: int = 0
    granted_at: datetime | None = None
    lease: NumberLease | None = None
    is_unsure: bool = False
    ended_at: datetime | None = None
    assurance: Assurance | None = None
    reason: str = ""

    @property
    def channel(self) -> str:
        """The name of the channel that is, or was, asked."""
        return self.route[self.position]

    @property
    def expires_at(self) -> datetime:
        """When the present state ends by itself."""
        return self.sent_at + timedelta(seconds=self.lives_seconds)

    @property
    def outcome(self) -> Outcome:
        """How it stands, as applications see it."""
        at = self.ended_at or self.started_at
        match self.state:
            case State.CONFIRMED if self.assurance is not None:
                return Confirmed(at=at, assurance=self.assurance)
            case State.REJECTED:
                return Rejected(at=at, reason=self.reason)
            case State.EXPIRED:
                return Expired(at=at)
            case State.UNKNOWN:
                return Unknown(at=at, reason=self.reason)
            case _:
                return Pending()

    @property
    def challenge(self) -> Challenge | None:
        """What the person must do now."""
        if self.state is State.AWAITING_PIN and self.digits is not None:
            return PinChallenge(
                method=self.method, digits=self.digits, expires_at=self.expires_at
            )
        if self.state is State.AWAITING_CALL and self.lease is not None:
            return DialInChallenge(lease=self.lease)
        return None

    @property
    def attempt(self) -> Attempt:
        """What applications see of it."""
        return Attempt(
            id=self.id,
            phone=self.phone,
            purpose=self.purpose,
            method=self.method,
            channel=self.channel,
            challenge=self.challenge,
            outcome=self.outcome,
            started_at=self.started_at,
            tries_left=None if self.digits is None else self.tries_left,
        )


def _converter() -> JsonConverter:
    made = make_converter(omit_if_default=True)
    made.register_unstructure_hook(PhoneNumber, lambda phone: phone.e164)
    made.register_structure_hook(PhoneNumber, lambda text, _: PhoneNumber(text))
    return made


_CONVERTER = _converter()


def dumped(stored: StoredAttempt) -> str:
    """Return the attempt as text."""
    return _CONVERTER.dumps(stored)


def loaded(document: str) -> StoredAttempt:
    """Return the attempt that was written down.

    Raises StoreError when the text is none of ours.
    """
    # Whatever is wrong with the text, the error would hold parts of it.
    with suppress(Exception):
        return _CONVERTER.loads(document, StoredAttempt)
    raise StoreError("expected the document of an attempt, got something else")
