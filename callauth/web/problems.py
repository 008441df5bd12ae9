"""Problems: what went wrong, as RFC 9457 writes it, and never more than that.

A refusal of a provider is told in one way, whatever the reason: some reasons tell
whether a number exists, or how the account of the application stands.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from ..errors import (
    AttemptNotFound,
    AttemptSettled,
    CallAuthError,
    InvalidPhoneNumber,
    NoChannelLeft,
    ProtocolError,
    ProviderError,
    RingLocked,
    TooManyAttempts,
    TransportError,
)

MEDIA_TYPE = "application/problem+json"
_LOG = logging.getLogger("callauth")
_PREFIX = "urn:callauth:"


class _Kind(NamedTuple):
    status: int
    title: str
    detail: str


_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "not-an-object": _Kind(
            400, "The body cannot be read", "expected a JSON object, each name once"
        ),
        "not-verified": _Kind(
            401,
            "No verified phone",
            "expected a phone that was verified in this browser, and lately",
        ),
        "cross-site": _Kind(
            403, "Sent by another site", "expected a request of a page of this site"
        ),
        "not-enough": _Kind(
            403,
            "Not proven well enough",
            "expected a phone that was verified by a code",
        ),
        "not-found": _Kind(
            404, "No such verification", "expected a verification of this browser"
        ),
        "settled": _Kind(
            409, "The verification has ended", "expected one that is still open"
        ),
        "no-pin-expected": _Kind(
            409, "No pin is expected", "expected a verification that waits for a pin"
        ),
        "no-other-way": _Kind(
            409, "There is no other way", "expected another way to verify the phone"
        ),
        "too-large": _Kind(
            413, "The body is too large", "expected at most 4,096 bytes"
        ),
        "not-json": _Kind(
            415, "The body is no JSON", "expected Content-Type: application/json"
        ),
        "invalid-request": _Kind(
            422, "The request is invalid", "expected the documented fields"
        ),
        "invalid-phone": _Kind(
            422, "No phone number", "expected a phone number that may be called"
        ),
        "invalid-pin": _Kind(422, "No pin", "expected the digits of a pin"),
        "too-many-attempts": _Kind(
            429, "Too many attempts", "expected fewer attempts; try again later"
        ),
        "phone-busy": _Kind(
            429, "The phone is busy", "expected a phone that nobody verifies just now"
        ),
        "not-called": _Kind(
            503, "No call could be made", "expected a call; try again later"
        ),
        "unavailable": _Kind(
            503, "Not available", "expected to verify phones; try again later"
        ),
    }
)
# The first that fits.
_OF_ERRORS: tuple[tuple[type[CallAuthError], str], ...] = (
    (InvalidPhoneNumber, "invalid-phone"),
    (AttemptNotFound, "not-found"),
    (AttemptSettled, "settled"),
    (TooManyAttempts, "too-many-attempts"),
    (RingLocked, "phone-busy"),
    (NoChannelLeft, "not-called"),
    (ProviderError, "not-called"),
    (ProtocolError, "not-called"),
    (TransportError, "not-called"),
    (CallAuthError, "unavailable"),
)
# Nobody knows how long; long enough to be no burden.
_PAUSE_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Tell what went wrong; ``retry_after`` is in whole seconds.

    A dataclass, since FastAPI describes these and no attrs classes.
    """

    type: str
    title: str
    status: int
    detail: str
    retry_after: int | None


class Refused(Exception):
    """Carry a problem to the edge of the service, and no further."""

    def __init__(
        self, kind: str, detail: str = "", *, retry_after: float | None = None
    ) -> None:
        super().__init__(kind)
        found = _KINDS[kind]
        if found.status == 503:
            retry_after = _PAUSE_SECONDS
        self.problem = Problem(
            type=_PREFIX + kind,
            title=found.title,
            status=found.status,
            detail=detail or found.detail,
            retry_after=None if retry_after is None else max(1, math.ceil(retry_after)),
        )


def refused(error: CallAuthError) -> Refused:
    """Return what a visitor is told of the error; the rest is logged."""
    kind = next(kind for cls, kind in _OF_ERRORS if isinstance(error, cls))
    if kind == "unavailable":
        _LOG.warning("web: unavailable: %s: %s", type(error).__name__, error)
    if kind == "not-called":
        _LOG.info("web: not called: %s: %s", type(error).__name__, error)
    if isinstance(error, TooManyAttempts | RingLocked):
        return Refused(kind, retry_after=error.retry_after)
    return Refused(kind)


def status_of(kind: str) -> int:
    """Return the HTTP status of the kind."""
    return _KINDS[kind].status


def title_of(kind: str) -> str:
    """Return the title of the kind."""
    return _KINDS[kind].title
