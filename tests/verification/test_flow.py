from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from attrs import evolve

from callauth import (
    AttemptId,
    AttemptSettled,
    CallAuthError,
    ConfigurationError,
    Confirmed,
    Expired,
    Method,
    NumberLease,
    Pending,
    PhoneNumber,
    Rejected,
    Unknown,
)
from callauth.verification import flow
from callauth.verification.flow import FLOW, Event
from callauth.verification.stored import State, StoredAttempt
from tests.support.refusals import caught, refused

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_PHONE = PhoneNumber("+79991234567")
_OTHER = PhoneNumber("+79991234568")
_LEASE = NumberLease.from_sent_at(
    number=PhoneNumber("+79123456789"), user=_PHONE, lease_id=1, sent_at=_NOW
)
_LIVE = (State.STARTING, State.AWAITING_PIN, State.AWAITING_CALL)
_FINAL = tuple(state for state in State if state not in _LIVE)

# What leads where, by the state that it leads to.
_ALLOWED = {
    State.STARTING: "starting: ASKED; awaiting_pin: NEXT; awaiting_call: NEXT",
    State.AWAITING_PIN: "starting: RANG; awaiting_pin: WRONG_PIN",
    State.AWAITING_CALL: "starting: LEASED",
    State.CONFIRMED: "awaiting_pin: RIGHT_PIN; awaiting_call: RIGHT_CALLER",
    State.REJECTED: "starting: NOT_PLACED CANCEL; awaiting_pin: LAST_WRONG_PIN CANCEL;"
    "awaiting_call: OTHER_CALLER CANCEL",
    State.EXPIRED: "awaiting_pin: TIME_OVER; awaiting_call: TIME_OVER",
    State.UNKNOWN: "starting: LOST; awaiting_call: TIME_OVER_UNSURE",
}


def _expected() -> dict[tuple[State, Event], State]:
    found = {}
    for leads_to, text in _ALLOWED.items():
        for group in text.split(";"):
            state, events = group.split(":")
            for event in events.split():
                found[State(state.strip()), Event[event]] = leads_to
    return found


def _stored(state: State = State.AWAITING_PIN) -> StoredAttempt:
    return StoredAttempt(
        id=AttemptId("a" * 22),
        phone=_PHONE,
        purpose="login",
        state=state,
        route=("bell", "desk"),
        position=0,
        method=Method.FLASH_CALL,
        key="key",
        started_at=_NOW,
        sent_at=_NOW,
        lives_seconds=120.0,
        pin_mac="mac" if state is State.AWAITING_PIN else None,
        digits=4,
        tries_left=3,
        granted_at=_NOW,
        lease=_LEASE if state is State.AWAITING_CALL else None,
    )


def _unsure(stored: StoredAttempt) -> StoredAttempt:
    return flow.time_over(evolve(stored, is_unsure=True), _NOW)


def _with_one_try(stored: StoredAttempt) -> StoredAttempt:
    return flow.typed(evolve(stored, tries_left=1), _NOW, is_right=False)


_DONE: dict[Event, Callable[[StoredAttempt], StoredAttempt]] = {
    Event.ASKED: lambda s: flow.asked(s, 1, Method.REVERSE_CALL, "new", _NOW),
    Event.RANG: lambda s: flow.rang(
        s, pin_mac="mac", digits=4, sent_at=_NOW, lives_seconds=120.0
    ),
    Event.LEASED: lambda s: flow.leased(s, _LEASE),
    Event.NOT_PLACED: lambda s: flow.not_placed(s, "x", _NOW),
    Event.LOST: lambda s: flow.lost(s, "x", _NOW),
    Event.RIGHT_PIN: lambda s: flow.typed(s, _NOW, is_right=True),
    Event.WRONG_PIN: lambda s: flow.typed(s, _NOW, is_right=False),
    Event.LAST_WRONG_PIN: _with_one_try,
    Event.RIGHT_CALLER: lambda s: flow.called(s, _PHONE, _NOW),
    Event.OTHER_CALLER: lambda s: flow.called(s, _OTHER, _NOW),
    Event.TIME_OVER: lambda s: flow.time_over(s, _NOW),
    Event.TIME_OVER_UNSURE: _unsure,
    Event.NEXT: lambda s: flow.next_asked(s, "new", _NOW),
    Event.CANCEL: lambda s: flow.cancelled(s, _NOW),
}
# A process that was asking a channel is dead by then: nobody knows what it did.
_OF_THE_DEAD = {
    (State.STARTING, Event.TIME_OVER): State.UNKNOWN,
    (State.STARTING, Event.TIME_OVER_UNSURE): State.UNKNOWN,
}
_PAIRS = list(product(State, Event))


def test_the_table_is_all_of_it() -> None:
    """Whoever changes what may happen changes it in two places, on purpose."""
    assert _expected() == FLOW


@pytest.mark.parametrize(("state", "event"), _PAIRS, ids=str)
def test_what_stands_not_in_the_table_is_refused(state: State, event: Event) -> None:
    """No other line of the code decides what an event does."""
    led_to = caught(
        lambda: flow.target(state, event), AttemptSettled, ConfigurationError
    )

    refusal = AttemptSettled if state in _FINAL else ConfigurationError
    assert led_to == FLOW.get((state, event)) or type(led_to) is refusal


@pytest.mark.parametrize(("state", "event"), _PAIRS, ids=str)
def test_each_function_follows_the_table(state: State, event: Event) -> None:
    """What happens goes through the table, and a refusal changes nothing."""
    before = _stored(state)

    after = caught(lambda: _DONE[event](before), CallAuthError)

    assert before == _stored(state)
    led_to = {**FLOW, **_OF_THE_DEAD}.get((state, event))
    assert (after.state if isinstance(after, StoredAttempt) else None) == led_to


@pytest.mark.parametrize("state", State)
def test_a_final_state_has_no_exit(state: State) -> None:
    """An outcome that was told stays."""
    exits = [pair for pair in FLOW if pair[0] is state]

    assert bool(exits) is (state in _LIVE)
    assert state.is_final is (state in _FINAL)


def test_a_call_keeps_what_is_known_of_it() -> None:
    """Any process must be able to finish it."""
    sent_at = _NOW + timedelta(seconds=3)

    after = flow.rang(
        _stored(State.STARTING),
        pin_mac="m",
        digits=7,
        sent_at=sent_at,
        lives_seconds=60.0,
    )

    assert (after.pin_mac, after.digits, after.sent_at) == ("m", 7, sent_at)
    assert after.expires_at == sent_at + timedelta(seconds=60)


def test_a_lease_counts_from_its_request() -> None:
    """120 seconds, the last check 10 seconds later, and 5 for its answer."""
    after = flow.leased(_stored(State.STARTING), _LEASE)

    assert (after.lease, after.sent_at) == (_LEASE, _NOW)
    assert after.expires_at == _NOW + timedelta(seconds=135)


def test_asking_keeps_the_channel_the_key_and_the_moment() -> None:
    """They are written down before anything is sent."""
    later = _NOW + timedelta(seconds=9)

    after = flow.asked(_stored(State.STARTING), 1, Method.REVERSE_CALL, "new", later)

    assert (after.position, after.channel, after.key) == (1, "desk", "new")
    assert (after.method, after.sent_at) == (Method.REVERSE_CALL, later)
    assert after.expires_at == later + timedelta(seconds=180)


@pytest.mark.parametrize("state", [State.AWAITING_PIN, State.AWAITING_CALL])
def test_the_next_channel_voids_the_challenge(state: State) -> None:
    """A pin that comes late must not confirm what another channel asks."""
    after = flow.next_asked(evolve(_stored(state), is_unsure=True), "new", _NOW)

    assert (after.pin_mac, after.digits, after.lease) == (None, None, None)
    assert (after.tries_left, after.granted_at, after.is_unsure) == (0, None, False)
    assert (after.key, after.challenge) == ("new", None)


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (Event.RIGHT_PIN, Confirmed(at=_NOW, assurance="code")),
        (Event.LAST_WRONG_PIN, Rejected(at=_NOW, reason="too many wrong pins")),
        (Event.TIME_OVER, Expired(at=_NOW)),
        (Event.CANCEL, Rejected(at=_NOW, reason="cancelled")),
    ],
)
def test_an_end_of_a_pin_has_its_moment_and_reason(
    event: Event, outcome: object
) -> None:
    """Applications show it; and what cannot be typed any more is not kept."""
    after = _DONE[event](_stored())

    assert (after.outcome, after.pin_mac) == (outcome, None)


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (Event.RIGHT_CALLER, Confirmed(at=_NOW, assurance="caller_id")),
        (Event.OTHER_CALLER, Rejected(at=_NOW, reason="another phone called")),
        (
            Event.TIME_OVER_UNSURE,
            Unknown(at=_NOW, reason="nobody knows whether the person has called"),
        ),
    ],
)
def test_an_end_of_a_call_has_its_moment_and_reason(
    event: Event, outcome: object
) -> None:
    """A caller ID can be forged, so the outcome says that it was no more than that."""
    assert _DONE[event](_stored(State.AWAITING_CALL)).outcome == outcome


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (Event.NOT_PLACED, Rejected(at=_NOW, reason="x")),
        (Event.LOST, Unknown(at=_NOW, reason="x")),
    ],
)
def test_an_end_while_asking_has_its_reason(event: Event, outcome: object) -> None:
    """Nobody knows, and nobody was called, are two things."""
    assert _DONE[event](_stored(State.STARTING)).outcome == outcome


@pytest.mark.parametrize("state", _LIVE)
def test_what_is_live_is_pending(state: State) -> None:
    """Waiting is an outcome, too."""
    assert _stored(state).outcome == Pending()


def test_a_wrong_pin_takes_a_try_and_nothing_else() -> None:
    """The next one may be right."""
    before = _stored()

    assert _DONE[Event.WRONG_PIN](before) == evolve(before, tries_left=2)


@pytest.mark.parametrize(
    ("seconds", "is_over"), [(119, False), (119.999, False), (120, True), (121, True)]
)
def test_the_time_is_over_at_120_seconds(seconds: float, *, is_over: bool) -> None:
    """Not a second more than was told."""
    now = _NOW + timedelta(seconds=seconds)

    assert flow.is_over(_stored(), now) is is_over
    right = flow.typed(_stored(), now, is_right=True)
    assert right.state is (State.EXPIRED if is_over else State.CONFIRMED)


@pytest.mark.parametrize(
    ("seconds", "is_over"), [(-1, False), (-5, False), (-5.001, True), (-3600, True)]
)
def test_a_clock_that_goes_back_ends_it(seconds: float, *, is_over: bool) -> None:
    """Otherwise an hour back would give the guesser an hour more."""
    now = _NOW + timedelta(seconds=seconds)

    assert flow.is_over(_stored(), now) is is_over


@pytest.mark.parametrize("caller", [_PHONE, _OTHER])
def test_a_call_that_is_known_too_late_counts_for_nothing(caller: PhoneNumber) -> None:
    """The number may be somebody else's by then."""
    leased = flow.leased(_stored(State.STARTING), _LEASE)

    after = flow.called(leased, caller, _NOW + timedelta(seconds=135))

    assert after.outcome == Expired(at=_NOW + timedelta(seconds=135))


@pytest.mark.parametrize("seconds", [120, -6])
def test_no_next_channel_after_the_time(seconds: float) -> None:
    """It is a new attempt then, with its own count."""
    with refused(AttemptSettled):
        flow.next_asked(_stored(), "new", _NOW + timedelta(seconds=seconds))
