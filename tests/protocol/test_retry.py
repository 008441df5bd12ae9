"""May it be sent again, and when: every cell of the table."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, cast

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from callauth.errors import (
    AnswerLost,
    AuthenticationFailed,
    CallInProgress,
    ConfigurationError,
    InsufficientFunds,
    NotSent,
    NumberBlocked,
    ProtocolError,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    TransportError,
)
from callauth.protocol.message import Replay
from callauth.protocol.retry import (
    Happened,
    RetryPolicy,
    Tries,
    count,
    wait_seconds,
    what_happened,
)
from tests.support.refusals import refused

NOT_SENT, LOST, LIMITED = Happened.NOT_SENT, Happened.LOST, Happened.LIMITED
IN_PROGRESS, REFUSED = Happened.IN_PROGRESS, Happened.REFUSED
_PATIENT = RetryPolicy(tries=10, deadline_seconds=1e6)
_MANY = _PATIENT.tries - 1


def _waits(
    replay: Replay,
    story: list[Happened],
    policy: RetryPolicy = _PATIENT,
    *,
    key_age_seconds: float = 0.0,
    time_left_seconds: float = math.inf,
    retry_after_seconds: float | None = None,
    chance: float = 1.0,
) -> list[float | None]:
    """Return the waits between the tries of one operation, up to where it stops."""
    tries, waits = Tries(), list[float | None]()
    for happened in story:
        tries = count(tries, happened)
        waits.append(
            wait_seconds(
                policy,
                replay=replay,
                happened=happened,
                tries=tries,
                key_age_seconds=key_age_seconds,
                time_left_seconds=time_left_seconds,
                retry_after_seconds=retry_after_seconds,
                chance=chance,
            )
        )
        if waits[-1] is None:
            break
    return waits


_REPEATS = [
    # replay, not sent, answer lost, 429, in progress, refused
    (Replay.KEYED, _MANY, _MANY, _MANY, 0, 0),
    (Replay.UNSENT_ONLY, _MANY, 0, 1, 0, 0),
    (Replay.ONCE_MORE, _MANY, 1, 1, 0, 0),
    (Replay.CONSUMING, _MANY, _MANY, _MANY, 0, 0),
    (Replay.SAFE, _MANY, _MANY, _MANY, 0, 0),
]


@pytest.mark.parametrize("row", _REPEATS, ids=[row[0].name for row in _REPEATS])
def test_how_often_the_same_trouble_is_met_with_another_try(
    row: tuple[Replay, int, int, int, int, int],
) -> None:
    """This table is what the package is for."""
    replay, *repeats = row
    troubles = (NOT_SENT, LOST, LIMITED, IN_PROGRESS, REFUSED)

    found = [len(_waits(replay, [each] * 50)) - 1 for each in troubles]

    assert found == repeats


def test_every_kind_of_operation_has_its_row() -> None:
    """A new kind must say what it does."""
    assert {row[0] for row in _REPEATS} == set(Replay)


_STORIES = [
    # A call without a key: certainly unsent tries may precede the one that is lost.
    (Replay.UNSENT_ONLY, [NOT_SENT, LOST], [0.25, None]),
    (Replay.UNSENT_ONLY, [NOT_SENT, LIMITED, LOST], [0.25, 0.5, None]),
    (Replay.UNSENT_ONLY, [LIMITED, NOT_SENT, LIMITED], [0.25, 0.5, None]),
    (Replay.UNSENT_ONLY, [LIMITED, NOT_SENT, REFUSED], [0.25, 0.5, None]),
    # Once more means once, whatever lies between.
    (Replay.ONCE_MORE, [LOST, NOT_SENT, LOST], [0.25, 0.5, None]),
    (Replay.ONCE_MORE, [LOST, LIMITED, LOST], [0.25, 0.5, None]),
    (Replay.ONCE_MORE, [LIMITED, NOT_SENT, LIMITED], [0.25, 0.5, None]),
    # A voice call: the provider needs a moment to know the key.
    (Replay.KEYED, [LOST, LOST, LOST, LOST], [1.5, 1.5, 1.5, 2.0]),
    (Replay.KEYED, [NOT_SENT, LOST], [0.25, 1.5]),
    # A call in progress is ours only after a lost answer.
    (Replay.KEYED, [IN_PROGRESS], [None]),
    (Replay.KEYED, [NOT_SENT, IN_PROGRESS], [0.25, None]),
    (Replay.KEYED, [LIMITED, IN_PROGRESS], [0.25, None]),
    (
        Replay.KEYED,
        [LOST, IN_PROGRESS, IN_PROGRESS, IN_PROGRESS, IN_PROGRESS],
        [1.5, 5.0, 10.0, 20.0, None],
    ),
    (Replay.KEYED, [LOST, IN_PROGRESS, REFUSED], [1.5, 5.0, None]),
    (Replay.ONCE_MORE, [LOST, IN_PROGRESS], [0.25, None]),
    (Replay.SAFE, [LOST, IN_PROGRESS], [0.25, None]),
]


@pytest.mark.parametrize(("replay", "story", "waits"), _STORIES)
def test_a_story_of_troubles(
    replay: Replay, story: list[Happened], waits: list[float | None]
) -> None:
    """What may be done depends on all that went before."""
    assert _waits(replay, story) == waits


@pytest.mark.parametrize("replay", Replay)
@pytest.mark.parametrize("tries", [1, 2, 3])
def test_an_operation_is_tried_at_most_so_often(replay: Replay, tries: int) -> None:
    """Three times, unless the policy says otherwise; the first counts."""
    policy = RetryPolicy(tries=tries)

    assert len(_waits(replay, [NOT_SENT] * 9, policy)) == tries
    assert RetryPolicy().tries == 3


def test_a_call_of_our_own_in_progress_is_waited_for_beyond_the_tries() -> None:
    """Its three waits are documented, and the phone is ringing."""
    story = [LOST, LOST, IN_PROGRESS, IN_PROGRESS, IN_PROGRESS, IN_PROGRESS]

    assert _waits(Replay.KEYED, story, RetryPolicy()) == [
        1.5,
        1.5,
        5.0,
        10.0,
        20.0,
        None,
    ]


@pytest.mark.parametrize(
    ("age", "waits"),
    [
        (0.0, [1.5]),
        (23 * 3600 - 1.6, [1.5]),
        (23 * 3600 - 1.5, [None]),
        (23 * 3600 - 1.0, [None]),
        (23 * 3600, [None]),
        (24 * 3600, [None]),
    ],
)
def test_a_key_is_not_sent_once_it_is_23_hours_old(
    age: float, waits: list[float | None]
) -> None:
    """After 24 the provider has forgotten it, and rings again."""
    assert _waits(Replay.KEYED, [LOST], key_age_seconds=age) == waits


@pytest.mark.parametrize("trouble", [NOT_SENT, LIMITED])
def test_an_old_key_is_not_sent_after_any_trouble(trouble: Happened) -> None:
    """Even if this try was not sent, an earlier one may have been."""
    assert _waits(Replay.KEYED, [trouble], key_age_seconds=23 * 3600.0) == [None]


def test_other_operations_have_no_age() -> None:
    """Only a key grows old."""
    assert _waits(Replay.SAFE, [LOST], key_age_seconds=1e9) == [0.25]


@pytest.mark.parametrize(
    ("after", "waits"),
    [
        (None, [0.25]),
        (0.0, [0.25]),
        (0.1, [0.25]),
        (7.0, [7.0]),
        (30.0, [30.0]),
        (30.1, [None]),
        (3600.0, [None]),
    ],
)
@pytest.mark.parametrize("replay", Replay)
def test_retry_after_is_honoured_up_to_30_seconds(
    replay: Replay, after: float | None, waits: list[float | None]
) -> None:
    """Coming back earlier than asked makes it worse."""
    assert _waits(replay, [LIMITED], retry_after_seconds=after) == waits


@pytest.mark.parametrize(("after", "waits"), [(7.0, [7.0]), (31.0, [None])])
def test_retry_after_of_a_server_that_failed_is_honoured_as_well(
    after: float, waits: list[float | None]
) -> None:
    """A 503 says when to come back, as a 429 does."""
    assert _waits(Replay.SAFE, [LOST], retry_after_seconds=after) == waits


@pytest.mark.parametrize(
    ("trouble", "wait"), [(NOT_SENT, 0.25), (LOST, 1.5), (LIMITED, 0.25)]
)
def test_it_stops_when_the_wait_would_outlast_the_deadline(
    trouble: Happened, wait: float
) -> None:
    """One deadline bounds all tries."""
    just_enough = math.nextafter(wait, math.inf)

    assert _waits(Replay.KEYED, [trouble], time_left_seconds=just_enough) == [wait]
    assert _waits(Replay.KEYED, [trouble], time_left_seconds=wait) == [None]
    assert _waits(Replay.KEYED, [trouble], time_left_seconds=-1.0) == [None]


def test_a_wait_for_a_call_in_progress_must_fit_as_well() -> None:
    """5 s are too many when 4 are left."""
    assert _waits(Replay.KEYED, [LOST, IN_PROGRESS], time_left_seconds=4.0) == [
        1.5,
        None,
    ]


_ERRORS = [
    (NotSent("p", "o", "x"), NOT_SENT),
    (AnswerLost("p", "o", "x"), LOST),
    (TransportError("p", "o", "x"), LOST),
    (ProtocolError("p", "o", "x"), LOST),
    (CallInProgress("p", "o", 9, "ALREADY_CALL"), IN_PROGRESS),
    (RateLimited("p", "o", None, "HTTP 429"), LIMITED),
    (RateLimited("p", "o", 11, "LIMIT_CALLS"), REFUSED),
    (RateLimited("p", "o", 13, "ALREADY_VERIFY"), REFUSED),
    (RateLimited("p", "o", 0, "ZERO_IS_A_CODE"), REFUSED),
    (ProviderUnavailable("p", "o", 4, "FAIL_BACKEND"), REFUSED),
    (AuthenticationFailed("p", "o", 3, "INCORRECT_SERVICE_OR_KEY"), REFUSED),
    (InsufficientFunds("p", "o", 7, "EMPTY_BALANCE"), REFUSED),
    (NumberBlocked("p", "o", 12, "BLOCKED_PHONE"), REFUSED),
    (ProviderError("p", "o", 99, "UNKNOWN_ERROR"), REFUSED),
]


@pytest.mark.parametrize(("error", "happened"), _ERRORS)
def test_an_error_says_what_happened(
    error: ProviderError | ProtocolError | TransportError, happened: Happened
) -> None:
    """Not sent, answer lost or answered: the class of the error decides."""
    assert what_happened(error) is happened


def test_tries_are_counted_by_what_became_of_them() -> None:
    """The count is a value: it changes by being replaced."""
    tries = Tries()
    for happened in (NOT_SENT, LOST, LOST, LIMITED, IN_PROGRESS, REFUSED):
        tries = count(tries, happened)

    assert tries == Tries(made=6, lost=2, limited=1, in_progress=1)


def test_the_backoff_doubles_up_to_its_longest() -> None:
    """These are the numbers of the docstring."""
    pauses = [RetryPolicy().backoff_seconds(tries, 1.0) for tries in range(1, 8)]

    assert pauses == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0]


@pytest.mark.parametrize(("chance", "pause"), [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)])
def test_the_backoff_is_full_jitter(chance: float, pause: float) -> None:
    """Clients that failed together must not come back together."""
    assert RetryPolicy().backoff_seconds(3, chance) == pause


@pytest.mark.parametrize("tries", [1024, 1025, 1100, 10**6])
def test_the_backoff_is_bounded_after_any_number_of_tries(tries: int) -> None:
    """A power of 2 overflows long before somebody's patience ends."""
    assert RetryPolicy(tries=10**7).backoff_seconds(tries, 1.0) == 4.0


@pytest.mark.parametrize(
    "name", ["first_seconds", "longest_seconds", "try_seconds", "deadline_seconds"]
)
@pytest.mark.parametrize("value", [0.0, -1.0, math.inf, -math.inf, math.nan])
def test_a_duration_is_a_positive_number(name: str, value: float) -> None:
    """Every wait has an end."""
    with refused(ConfigurationError, match="positive numbers"):
        evolve(RetryPolicy(), **cast("Any", {name: value}))


@pytest.mark.parametrize("tries", [0, -1])
def test_there_is_at_least_one_try(tries: int) -> None:
    """The first one counts."""
    with refused(ConfigurationError, match="positive numbers"):
        RetryPolicy(tries=tries)


@pytest.mark.parametrize("tries", [1.5, 3.0, math.inf, math.nan, True, "3", None])
def test_tries_are_a_whole_number(tries: Any) -> None:  # noqa: ANN401 - of any type
    """One and a half would mean two."""
    with refused(ConfigurationError, match="positive numbers"):
        RetryPolicy(tries=tries)


_POLICIES = st.builds(
    RetryPolicy,
    tries=st.integers(1, 8),
    first_seconds=st.floats(1e-3, 60),
    longest_seconds=st.floats(1e-3, 60),
)
_WALKS = st.lists(
    st.tuples(
        st.sampled_from(Happened),
        st.floats(0, 1),
        st.none() | st.floats(0, 1e4),
        st.floats(-10, 200),
        st.floats(0, 25 * 3600),
    ),
    max_size=25,
)


@given(_POLICIES, st.sampled_from(Replay), _WALKS)
def test_every_walk_through_trouble_keeps_the_rules(
    policy: RetryPolicy,
    replay: Replay,
    walk: list[tuple[Happened, float, float | None, float, float]],
) -> None:
    """No mixture of troubles rings a phone twice or waits for ever."""
    tries = Tries()
    for happened, chance, after, time_left, age in walk:
        tries = count(tries, happened)
        wait = wait_seconds(
            policy,
            replay=replay,
            happened=happened,
            tries=tries,
            key_age_seconds=age,
            time_left_seconds=time_left,
            retry_after_seconds=after,
            chance=chance,
        )
        if wait is None:
            break
        assert happened is not REFUSED
        assert 0 <= wait < time_left
        assert wait <= max(policy.longest_seconds, 30.0)
        assert tries.made < policy.tries or happened is IN_PROGRESS
        assert tries.in_progress <= 3
        assert not (replay is Replay.UNSENT_ONLY and tries.lost)
        assert not (replay is Replay.ONCE_MORE and tries.lost > 1)
        assert happened is not IN_PROGRESS or (replay is Replay.KEYED and tries.lost)
        if replay is Replay.KEYED:
            assert age + wait < 23 * 3600
            assert happened is not LOST or wait >= 1.5
        if happened is LIMITED and after is not None:
            assert after <= wait


@given(_POLICIES, st.floats(0, 1), st.integers(1, 10**4))
def test_the_backoff_grows_and_is_bounded(
    policy: RetryPolicy, chance: float, tries: int
) -> None:
    """More trouble never means less patience."""
    pauses = [policy.backoff_seconds(n, chance) for n in range(tries, tries + 3)]

    assert all(earlier <= later for earlier, later in pairwise(pauses))
    assert 0 <= pauses[-1] <= policy.longest_seconds
