"""Fates: what each operation must come to, by what happened to its request.

The table of ``callauth.protocol.retry`` once more, written down from the providers'
rules and not taken from the code that it judges.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from attrs import frozen

from callauth import (
    AnswerLost,
    AuthenticationFailed,
    CallAuthError,
    NotSent,
    ProtocolError,
    Replay,
)


class Fate(Enum):
    """Name what happened to a request, as far as its sender can know."""

    NOT_SENT = "no byte left"
    LOST = "bytes left, no complete answer came"
    FAILED = "the server said that it failed"
    BROKEN = "an answer outside the contract came"
    UNAUTHORISED = "the credentials were refused"
    ANSWERED = "a documented answer came"
    PENDING = "an answer came that means: ask again later"


@frozen
class Expected:
    """Hold what the caller sees, and how often the request is sent."""

    error: type[CallAuthError] | None
    sends: int


ERRORS: Mapping[Fate, type[CallAuthError] | None] = {
    Fate.NOT_SENT: NotSent,
    Fate.LOST: AnswerLost,
    Fate.FAILED: AnswerLost,
    Fate.BROKEN: ProtocolError,
    Fate.UNAUTHORISED: AuthenticationFailed,
    Fate.ANSWERED: None,
    Fate.PENDING: None,
}

# Sends of one operation, of three tries at most.
_THREE: Mapping[Replay, int] = dict.fromkeys(Replay, 3)
_ONE: Mapping[Replay, int] = dict.fromkeys(Replay, 1)
_AFTER_A_LOSS: Mapping[Replay, int] = {
    Replay.SAFE: 3,
    Replay.KEYED: 3,
    Replay.CONSUMING: 3,
    Replay.ONCE_MORE: 2,
    Replay.UNSENT_ONLY: 1,
}
SENDS: Mapping[Fate, Mapping[Replay, int]] = {
    Fate.NOT_SENT: _THREE,
    Fate.LOST: _AFTER_A_LOSS,
    Fate.FAILED: _AFTER_A_LOSS,
    Fate.BROKEN: _AFTER_A_LOSS,
    Fate.UNAUTHORISED: _ONE,
    Fate.ANSWERED: _ONE,
    Fate.PENDING: _ONE,
}


def expected(fate: Fate, replay: Replay) -> Expected:
    """Return what an operation of that kind must come to."""
    return Expected(ERRORS[fate], SENDS[fate][replay])
