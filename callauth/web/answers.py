"""Answers: the JSON that a browser gets, and never a pin, a provider or its reasons.

These are dataclasses and not attrs classes, since FastAPI describes them in its OpenAPI
document.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal, TypeAlias

from attrs import frozen

from ..errors import ConfigurationError
from ..models.attempt import Attempt
from ..models.challenge import Challenge, PinChallenge
from ..models.instructions import spaced
from ..models.outcome import (
    Assurance,
    Confirmed,
    Expired,
    Outcome,
    Pending,
    Rejected,
    Unknown,
)
from ..models.qr import svg
from ..verification.flow import ANOTHER_CALLER, CANCELLED, TOO_MANY_WRONG_PINS
from .problems import MEDIA_TYPE, Problem

StateName: TypeAlias = Literal[
    "starting", "waiting", "verified", "failed", "expired", "unknown"
]
Reason: TypeAlias = Literal["tries", "other_caller", "cancelled", "not_called"]
MethodName: TypeAlias = Literal["flash_call", "voice_otp", "reverse_call"]

_NOT_KEPT = {"Cache-Control": "no-store"}
_UNAUTHORIZED = 401
_OPEN = ("starting", "waiting")
_STATES: Mapping[type[Outcome], StateName] = {
    Pending: "waiting",
    Confirmed: "verified",
    Rejected: "failed",
    Expired: "expired",
    Unknown: "unknown",
}
# Whatever else it is, is the provider's.
_REASONS: Mapping[str, Reason] = {
    TOO_MANY_WRONG_PINS: "tries",
    ANOTHER_CALLER: "other_caller",
    CANCELLED: "cancelled",
}


@dataclass(frozen=True, kw_only=True)
class ChallengeShown:
    """Tell what the person must do, and until when."""

    kind: Literal["pin", "dial"]
    digits: int | None
    tries_left: int | None
    # As models do: a number that is shown to one person is in no log.
    number: str | None = field(repr=False)
    tel_uri: str | None = field(repr=False)
    qr_svg: str | None = field(repr=False)
    expires_at: str
    seconds_left: float


@dataclass(frozen=True, kw_only=True)
class NextWay:
    """Tell when the next way to verify the phone may be asked for."""

    at: str
    seconds_left: float


@dataclass(frozen=True, kw_only=True)
class VerificationState:
    """Tell how a verification stands."""

    id: str
    state: StateName
    reason: Reason | None
    assurance: Assurance | None
    purpose: str
    phone: str
    method: MethodName
    challenge: ChallengeShown | None
    next: NextWay | None
    now: str

    @property
    def is_settled(self) -> bool:
        """Whether it changes no more."""
        return self.state not in _OPEN


@dataclass(frozen=True, kw_only=True)
class StartedVerification(VerificationState):
    """Tell how a verification that was just started stands."""

    handle: str | None = field(repr=False)


@frozen(kw_only=True)
class Answer:
    """Hold what is sent back."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def state_of(
    attempt: Attempt, *, next_in: float | None, now: datetime
) -> VerificationState:
    """Return what the browser may know of the attempt."""
    outcome = attempt.outcome
    challenge = attempt.challenge
    name = _STATES[type(outcome)]
    if isinstance(outcome, Pending) and challenge is None:
        name = "starting"
    return VerificationState(
        id=attempt.id,
        state=name,
        reason=_reason(outcome),
        assurance=outcome.assurance if isinstance(outcome, Confirmed) else None,
        purpose=attempt.purpose,
        phone=attempt.phone.masked,
        method=attempt.method.value,
        challenge=None if challenge is None else _shown(challenge, attempt, now),
        next=None if next_in is None else _next_way(next_in, now),
        now=_text(now),
    )


def answer(
    document: VerificationState | Problem,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Return the document as an answer that nobody keeps."""
    body = json_of(document).encode()
    if isinstance(document, Problem):
        sent = problem_headers(document)
        return Answer(status=document.status, headers=sent, body=body)
    sent = {"Content-Type": "application/json", **_NOT_KEPT, **(headers or {})}
    return Answer(status=status, headers=sent, body=body)


def problem_headers(problem: Problem) -> dict[str, str]:
    """Return the headers that go with a problem document."""
    headers = {"Content-Type": MEDIA_TYPE, **_NOT_KEPT}
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    if problem.status == _UNAUTHORIZED:
        # HTTP demands one; browsers ask for no password when they do not know it.
        headers["WWW-Authenticate"] = "Callauth"
    return headers


def json_of(document: VerificationState | Problem) -> str:
    """Return the document as JSON in one line."""
    return json.dumps(asdict(document), ensure_ascii=False, separators=(",", ":"))


def _shown(challenge: Challenge, attempt: Attempt, now: datetime) -> ChallengeShown:
    if isinstance(challenge, PinChallenge):
        return ChallengeShown(
            kind="pin",
            digits=challenge.digits,
            tries_left=attempt.tries_left,
            number=None,
            tel_uri=None,
            qr_svg=None,
            expires_at=_text(challenge.expires_at),
            seconds_left=_seconds(challenge.expires_at, now),
        )
    return ChallengeShown(
        kind="dial",
        digits=None,
        tries_left=None,
        number=spaced(challenge.lease.number),
        tel_uri=challenge.tel_uri,
        qr_svg=_qr_svg(challenge.tel_uri),
        # Whoever begins to dial at the very end is too late.
        expires_at=_text(challenge.show_until),
        seconds_left=_seconds(challenge.show_until, now),
    )


def _next_way(seconds: float, now: datetime) -> NextWay:
    at = now + timedelta(seconds=seconds)
    return NextWay(at=_text(at), seconds_left=round(seconds, 3))


def _reason(outcome: Outcome) -> Reason | None:
    if not isinstance(outcome, Rejected):
        return None
    return _REASONS.get(outcome.reason, "not_called")


# Drawn for every answer, it would be the most expensive part of each.
@lru_cache(maxsize=1024)
def _qr_svg(tel_uri: str) -> str | None:
    try:
        return svg(tel_uri)
    except ConfigurationError:
        return None


def _seconds(end: datetime, now: datetime) -> float:
    return round(max(0.0, (end - now).total_seconds()), 3)


def _text(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"
