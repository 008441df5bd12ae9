"""NeroTech's error codes: one table per family of endpoints.

A code that is not in the family's list is a final failure of unknown meaning. Code 0
is an error: its presence counts, never its truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn, TypeAlias

from attrs import frozen

from ..errors import (
    AuthenticationFailed,
    CallInProgress,
    InsufficientFunds,
    NumberBlocked,
    NumberInvalid,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
)
from .codec import Reader, retry_after_seconds
from .message import Response

NOT_FOUND = 6
ALREADY_VERIFY = 13
INCORRECT_CODE = 5

# Two minutes and a margin: by then no earlier call counts any more.
STALE_CALL_SECONDS = 125.0


@frozen
class Meaning:
    """Hold the documented name of a code and what it raises."""

    name: str
    raises: type[ProviderError] = ProviderError
    retry_after_seconds: float | None = None


Family: TypeAlias = Mapping[int, Meaning]

_LARGEST_CODE = 999
_UNKNOWN = Meaning("UNKNOWN_ERROR")

# The list at the end of "authorisation by a dictated code".
CALL_ERRORS: Family = {
    1: Meaning("INCORRECT_ANY_PARAMETER"),
    2: Meaning("INCORRECT_PHONE", NumberInvalid),
    3: Meaning("INCORRECT_SERVICE_OR_KEY", AuthenticationFailed),
    4: Meaning("FAIL_BACKEND", ProviderUnavailable),
    INCORRECT_CODE: Meaning("INCORRECT_CODE"),
    NOT_FOUND: Meaning("NOT_FOUND"),
    7: Meaning("EMPTY_BALANCE", InsufficientFunds),
    8: Meaning("CALLS_ENDED", InsufficientFunds),
    9: Meaning("ALREADY_CALL", CallInProgress),
    10: Meaning("FAIL_CALL"),
    11: Meaning("LIMIT_CALLS", RateLimited),
    12: Meaning("BLOCKED_PHONE", NumberBlocked),
}
# The list at the end of "outgoing authorisation".
INCOMING_ERRORS: Family = {
    0: Meaning("SERVICE_DISABLED", AuthenticationFailed),
    1: Meaning("INCORRECT_ANY_PARAMETER"),
    2: Meaning("INCORRECT_PHONE", NumberInvalid),
    3: Meaning("INCORRECT_SERVICE_OR_KEY", AuthenticationFailed),
    4: Meaning("FAIL_BACKEND", ProviderUnavailable),
    NOT_FOUND: Meaning("NOT_FOUND"),
    7: Meaning("EMPTY_BALANCE", InsufficientFunds),
    8: Meaning("CALLS_ENDED", InsufficientFunds),
    10: Meaning("FAIL_CALL"),
    11: Meaning("LIMIT_CALLS", RateLimited),
    12: Meaning("BLOCKED_PHONE", NumberBlocked),
    ALREADY_VERIFY: Meaning("ALREADY_VERIFY", RateLimited, STALE_CALL_SECONDS),
}


def refuse(reader: Reader, response: Response, code: int, family: Family) -> NoReturn:
    """Raise what the code means in that family."""
    meaning = family.get(code, _UNKNOWN)
    # What is no code could be a number or a pin.
    shown = code if 0 <= code <= _LARGEST_CODE else None
    if issubclass(meaning.raises, RateLimited):
        raise meaning.raises(
            reader.provider,
            reader.operation,
            shown,
            meaning.name,
            retry_after=_longer(
                retry_after_seconds(response), meaning.retry_after_seconds
            ),
        )
    raise meaning.raises(reader.provider, reader.operation, shown, meaning.name)


def _longer(stated: float | None, known: float | None) -> float | None:
    times = [seconds for seconds in (stated, known) if seconds is not None]
    return max(times, default=None)
