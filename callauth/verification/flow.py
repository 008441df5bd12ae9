"""Flow: what may happen to an attempt, and where that leads.

The table is all of it. A pair that does not stand in it is refused and changes nothing.
Everything here is pure; ``now`` is the moment on the attempt's own time line.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum

from attrs import evolve

from ..errors import AttemptSettled, ConfigurationError, RingLocked
from ..models.instant import SKEW_SECONDS
from ..models.lease import LAST_CHECK_SECONDS, LATE_SECONDS, LEASE_SECONDS, NumberLease
from ..models.method import Method
from ..models.phone import PhoneNumber
from .stored import State, StoredAttempt

CALL_COUNTS_FOR_SECONDS = LEASE_SECONDS + LAST_CHECK_SECONDS + LATE_SECONDS
# Longer than any channel may take, so that whoever asked is dead or stuck by then.
STARTING_SECONDS = 180.0
_SKEW = timedelta(seconds=SKEW_SECONDS)

# The reasons of a Rejected that are no names of errors.
TOO_MANY_WRONG_PINS = "too many wrong pins"
ANOTHER_CALLER = "another phone called"
CANCELLED = "cancelled"


class Event(Enum):
    """Name what can happen to an attempt."""

    ASKED = "a channel is asked"
    RANG = "a call was placed and its pin is known"
    LEASED = "a number was leased"
    NOT_PLACED = "nothing was placed"
    LOST = "nobody knows whether a call was placed"
    RIGHT_PIN = "the right pin was typed"
    WRONG_PIN = "a wrong pin was typed"
    LAST_WRONG_PIN = "a wrong pin was typed for the last time"
    RIGHT_CALLER = "the person's phone called"
    OTHER_CALLER = "another phone called"
    TIME_OVER = "nothing happened in time"
    TIME_OVER_UNSURE = "nothing was heard in time, but an answer was lost"
    NEXT = "the person wants another channel"
    CANCEL = "the application gives up"


FLOW: Mapping[tuple[State, Event], State] = {
    (State.STARTING, Event.ASKED): State.STARTING,
    (State.STARTING, Event.RANG): State.AWAITING_PIN,
    (State.STARTING, Event.LEASED): State.AWAITING_CALL,
    (State.STARTING, Event.NOT_PLACED): State.REJECTED,
    (State.STARTING, Event.LOST): State.UNKNOWN,
    (State.STARTING, Event.CANCEL): State.REJECTED,
    (State.AWAITING_PIN, Event.RIGHT_PIN): State.CONFIRMED,
    (State.AWAITING_PIN, Event.WRONG_PIN): State.AWAITING_PIN,
    (State.AWAITING_PIN, Event.LAST_WRONG_PIN): State.REJECTED,
    (State.AWAITING_PIN, Event.TIME_OVER): State.EXPIRED,
    (State.AWAITING_PIN, Event.NEXT): State.STARTING,
    (State.AWAITING_PIN, Event.CANCEL): State.REJECTED,
    (State.AWAITING_CALL, Event.RIGHT_CALLER): State.CONFIRMED,
    (State.AWAITING_CALL, Event.OTHER_CALLER): State.REJECTED,
    (State.AWAITING_CALL, Event.TIME_OVER): State.EXPIRED,
    (State.AWAITING_CALL, Event.TIME_OVER_UNSURE): State.UNKNOWN,
    (State.AWAITING_CALL, Event.NEXT): State.STARTING,
    (State.AWAITING_CALL, Event.CANCEL): State.REJECTED,
}


def target(state: State, event: Event) -> State:
    """Return where the event leads.

    Raises AttemptSettled when the attempt has its outcome, ConfigurationError when the
    event does not fit.
    """
    found = FLOW.get((state, event))
    if found is not None:
        return found
    if state.is_final:
        raise AttemptSettled(f"expected a live attempt, got one that is {state.value}")
    raise ConfigurationError(
        f"expected an attempt for which this fits: {event.value}, "
        f"got one that is {state.value}"
    )


def is_over(stored: StoredAttempt, now: datetime) -> bool:
    """Say whether its time is over; a clock that went back makes it so, too."""
    return now >= stored.expires_at or now < stored.sent_at - _SKEW


def asked(
    stored: StoredAttempt, position: int, method: Method, key: str, now: datetime
) -> StoredAttempt:
    """Ask the channel at this position."""
    return evolve(
        stored,
        state=target(stored.state, Event.ASKED),
        position=position,
        method=method,
        key=key,
        sent_at=now,
        lives_seconds=STARTING_SECONDS,
    )


def rang(
    stored: StoredAttempt,
    *,
    pin_mac: str,
    digits: int,
    sent_at: datetime,
    lives_seconds: float,
) -> StoredAttempt:
    """Wait for the pin of a call that was placed."""
    return evolve(
        stored,
        state=target(stored.state, Event.RANG),
        pin_mac=pin_mac,
        digits=digits,
        sent_at=sent_at,
        lives_seconds=lives_seconds,
    )


def leased(stored: StoredAttempt, lease: NumberLease) -> StoredAttempt:
    """Wait for a call to the leased number."""
    return evolve(
        stored,
        state=target(stored.state, Event.LEASED),
        lease=lease,
        sent_at=lease.leased_at,
        lives_seconds=CALL_COUNTS_FOR_SECONDS,
    )


def not_placed(stored: StoredAttempt, reason: str, now: datetime) -> StoredAttempt:
    """End: no channel placed anything."""
    return _ended(stored, Event.NOT_PLACED, now, reason)


def lost(stored: StoredAttempt, reason: str, now: datetime) -> StoredAttempt:
    """End: the phone may be ringing with a pin that nobody knows."""
    return _ended(stored, Event.LOST, now, reason)


def typed(stored: StoredAttempt, now: datetime, *, is_right: bool) -> StoredAttempt:
    """Take what the person typed; what comes too late is not looked at."""
    if stored.state is State.AWAITING_PIN and is_over(stored, now):
        return time_over(stored, now)
    if is_right:
        confirmed = evolve(stored, assurance="code")
        return _ended(confirmed, Event.RIGHT_PIN, now, "")
    left = stored.tries_left - 1
    tried = evolve(stored, tries_left=left)
    if left > 0:
        return evolve(tried, state=target(stored.state, Event.WRONG_PIN))
    return _ended(tried, Event.LAST_WRONG_PIN, now, TOO_MANY_WRONG_PINS)


def called(stored: StoredAttempt, caller: PhoneNumber, now: datetime) -> StoredAttempt:
    """Take a call to the leased number; one that is known too late does not count."""
    if stored.state is State.AWAITING_CALL and is_over(stored, now):
        return time_over(stored, now)
    if caller != stored.phone:
        return _ended(stored, Event.OTHER_CALLER, now, ANOTHER_CALLER)
    confirmed = evolve(stored, assurance="caller_id")
    return _ended(confirmed, Event.RIGHT_CALLER, now, "")


def time_over(stored: StoredAttempt, now: datetime) -> StoredAttempt:
    """End what nobody finished in time."""
    if stored.state is State.STARTING:
        return lost(stored, "the process ended while a call was being placed", now)
    if stored.is_unsure:
        reason = "nobody knows whether the person has called"
        return _ended(stored, Event.TIME_OVER_UNSURE, now, reason)
    return _ended(stored, Event.TIME_OVER, now, "")


def next_asked(stored: StoredAttempt, key: str, now: datetime) -> StoredAttempt:
    """Give up the present challenge for one of another channel."""
    if not stored.state.is_final and is_over(stored, now):
        raise AttemptSettled("expected a live attempt, got one that expired")
    if stored.state is State.STARTING:
        # A second click, most often.
        raise RingLocked(
            "expected a challenge to give up, but one is being asked for",
            retry_after=(stored.expires_at - now).total_seconds(),
        )
    return evolve(
        stored,
        state=target(stored.state, Event.NEXT),
        key=key,
        sent_at=now,
        lives_seconds=STARTING_SECONDS,
        pin_mac=None,
        digits=None,
        tries_left=0,
        granted_at=None,
        lease=None,
        is_unsure=False,
    )


def cancelled(stored: StoredAttempt, now: datetime) -> StoredAttempt:
    """End because the application wants no outcome any more."""
    return _ended(stored, Event.CANCEL, now, CANCELLED)


def _ended(
    stored: StoredAttempt, event: Event, now: datetime, reason: str
) -> StoredAttempt:
    # The mac of a pin that can no longer be typed is not kept.
    return evolve(
        stored,
        state=target(stored.state, event),
        ended_at=now,
        reason=reason,
        pin_mac=None,
    )
