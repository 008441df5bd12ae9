"""May it be sent again, and when: the decision, without sleeping or counting money.

The rules, by operation and by what happened to the last try:

====================  ==========  ===================  =======================  ========
operation             not sent    answer lost, 5xx     429                      refused
====================  ==========  ===================  =======================  ========
voicemail (KEYED)     same key    same key, >= 1.5 s   wait, same key           final
CallPass start        again       never                once, without call id    final
init, get, post       again       once                 once                     final
checkCode             again       once, same code      once                     final
verify (CONSUMING)    again       ask again            wait                     final
status, check (SAFE)  again       again                again                    final
====================  ==========  ===================  =======================  ========

One refusal is not final: when an answer to *our* voicemail was lost and the retry
is told that a call is in progress, that call may be ours, so its key is sent again
after 5, 10 and 20 seconds. A key is not sent once it is 23 hours old.

HTTP verbs say nothing: three of the GETs have effects.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import assert_never

from attrs import field, frozen

from ..errors import (
    CallInProgress,
    ConfigurationError,
    NotSent,
    ProtocolError,
    ProviderError,
    RateLimited,
    TransportError,
)
from ..models.key import SENT_FOR
from .message import Replay

# The provider needs a moment to know the key of a call that it has just placed.
_KEYED_SECONDS = 1.5
_IN_PROGRESS_SECONDS = (5.0, 10.0, 20.0)
LONGEST_RETRY_AFTER_SECONDS = 30.0


class Happened(Enum):
    """Say what became of one try that brought no reply."""

    NOT_SENT = "not sent"
    LOST = "answer lost"
    LIMITED = "429"
    IN_PROGRESS = "a call is in progress"
    REFUSED = "refused"


@frozen(kw_only=True)
class Tries:
    """Count the tries of one operation by what became of them."""

    made: int = 0
    lost: int = 0
    limited: int = 0
    in_progress: int = 0


NO_TRIES = Tries()
_ONE_REPLY = Tries(made=1)


@frozen(kw_only=True)
class RetryPolicy:
    """Bound the retries of every operation.

    ``tries`` counts the first one. All tries together end after ``deadline_seconds``
    (an operation that is late by design has its own), one try after ``try_seconds``.
    Back-off is full jitter: a random part of ``first_seconds``, which doubles with each
    try up to ``longest_seconds``.

    Raises ConfigurationError unless everything is positive.
    """

    tries: int = field(default=3)
    first_seconds: float = field(default=0.25)
    longest_seconds: float = field(default=4.0)
    try_seconds: float = field(default=10.0)
    deadline_seconds: float = field(default=30.0)

    def __attrs_post_init__(self) -> None:
        durations = (
            self.first_seconds,
            self.longest_seconds,
            self.try_seconds,
            self.deadline_seconds,
        )
        is_whole = type(self.tries) is int and self.tries >= 1
        if not is_whole or not all(is_positive(seconds) for seconds in durations):
            raise ConfigurationError("expected a RetryPolicy of positive numbers")

    def backoff_seconds(self, tries: int, chance: float) -> float:
        """Return the pause after that many tries; ``chance`` is from 0 to 1.

        With the defaults at most 0.25, 0.5, 1, 2, 4, 4 … seconds.
        """
        longest = min(
            self.longest_seconds, self.first_seconds * 2.0 ** min(tries - 1, 60)
        )
        return longest * chance


def is_positive(value: float) -> bool:
    """Say whether it is a number above 0 and below infinity, and no bool or text."""
    return type(value) in (int, float) and 0 < value < math.inf


def what_happened(error: ProviderError | ProtocolError | TransportError) -> Happened:
    """Return the class of an error; an answer outside the contract is a lost answer."""
    if isinstance(error, NotSent):
        return Happened.NOT_SENT
    if isinstance(error, TransportError | ProtocolError):
        return Happened.LOST
    if isinstance(error, CallInProgress):
        return Happened.IN_PROGRESS
    # With a code it is the provider's limit for this number, which outlasts any wait.
    if isinstance(error, RateLimited) and error.code is None:
        return Happened.LIMITED
    return Happened.REFUSED


def count(tries: Tries, happened: Happened | None) -> Tries:
    """Return the tries with one more that ended like this; None is a reply."""
    # How nearly every operation ends; to make it anew takes 0.7 µs.
    if happened is None and not tries.made:
        return _ONE_REPLY
    return Tries(
        made=tries.made + 1,
        lost=tries.lost + (happened is Happened.LOST),
        limited=tries.limited + (happened is Happened.LIMITED),
        in_progress=tries.in_progress + (happened is Happened.IN_PROGRESS),
    )


def wait_seconds(
    policy: RetryPolicy,
    *,
    replay: Replay,
    happened: Happened,
    tries: Tries,
    key_age_seconds: float,
    time_left_seconds: float,
    retry_after_seconds: float | None,
    chance: float,
) -> float | None:
    """Return how long to wait before the next try, None to stop.

    ``tries`` includes the one that has just ended, ``chance`` is a random number from 0
    to 1. It stops when the wait would outlast the time left or the key.
    """
    if not _may_repeat(policy, replay, happened, tries):
        return None
    wait = _pause(policy, replay, happened, tries, retry_after_seconds, chance)
    if wait is None or wait >= time_left_seconds:
        return None
    is_keyed = replay is Replay.KEYED
    if is_keyed and key_age_seconds + wait >= SENT_FOR.total_seconds():
        return None
    return wait


def _may_repeat(
    policy: RetryPolicy, replay: Replay, happened: Happened, tries: Tries
) -> bool:
    if happened is Happened.IN_PROGRESS:
        is_ours = replay is Replay.KEYED and tries.lost > 0
        return is_ours and tries.in_progress <= len(_IN_PROGRESS_SECONDS)
    if happened is Happened.REFUSED or tries.made >= policy.tries:
        return False
    if happened is Happened.NOT_SENT:
        return True
    if happened is Happened.LOST:
        return tries.lost <= _repeats_after_loss(replay)
    return tries.limited <= _repeats_after_limit(replay)


_MANY = 1_000_000


def _repeats_after_loss(replay: Replay) -> int:
    match replay:
        case Replay.SAFE | Replay.KEYED | Replay.CONSUMING:
            return _MANY
        case Replay.ONCE_MORE:
            return 1
        case Replay.UNSENT_ONLY:
            return 0
    assert_never(replay)


def _repeats_after_limit(replay: Replay) -> int:
    return 1 if replay in (Replay.ONCE_MORE, Replay.UNSENT_ONLY) else _MANY


def _pause(
    policy: RetryPolicy,
    replay: Replay,
    happened: Happened,
    tries: Tries,
    retry_after_seconds: float | None,
    chance: float,
) -> float | None:
    if happened is Happened.IN_PROGRESS:
        return _IN_PROGRESS_SECONDS[tries.in_progress - 1]
    backoff = policy.backoff_seconds(tries.made, chance)
    if happened is Happened.LOST and replay is Replay.KEYED:
        backoff = max(backoff, _KEYED_SECONDS)
    if retry_after_seconds is None:
        return backoff
    is_honoured = retry_after_seconds <= LONGEST_RETRY_AFTER_SECONDS
    return max(backoff, retry_after_seconds) if is_honoured else None
