from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from callauth.bulk.causes import FOREIGN, OTHER, Causes
from callauth.bulk.figures import Figures
from callauth.bulk.row import Row, RowState
from callauth.bulk.timeline import Timeline
from callauth.bulk.wording import STATES, clean
from callauth.models.phone import PhoneNumber

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PHONE = PhoneNumber("+79990000000")


def row(state: RowState, *, seconds: float = 20.0, reason: str = "") -> Row:
    """Return a row that was called at noon and has ended."""
    return Row(
        id=1,
        phone=PHONE,
        state=state,
        called_at=NOON,
        settled_at=NOON + timedelta(seconds=seconds),
        reason=reason,
    )


def of(*rows: Row, cost: float | None = None) -> Figures:
    figures = Figures(cost_per_call=cost)
    for each in rows:
        figures.add(each)
    return figures


def steps(figures: Figures) -> dict[str, int]:
    return {str(step): step.count for step in figures.steps if step.count}


def test_every_state_has_its_place_in_tables() -> None:
    """A state that is left out would be missing from the shares."""
    assert Counter(STATES) == Counter(RowState)


def test_states_are_counted() -> None:
    """Their sum is all rows."""
    figures = of(row(RowState.BUSY), row(RowState.BUSY), Row(id=3, phone=PHONE))

    assert figures.counts == {RowState.BUSY: 2, RowState.QUEUED: 1}
    assert figures.rows == 3


@pytest.mark.parametrize(
    ("state", "calls"),
    [(state, state not in (RowState.QUEUED, RowState.REFUSED)) for state in RowState],
)
def test_what_may_have_rung_is_paid_for(state: RowState, *, calls: bool) -> None:
    """A lost answer costs as much as one that came."""
    figures = of(row(state), cost=1.5)

    assert (figures.calls, figures.spent) == (calls, 1.5 * calls)


def test_an_unknown_cost_is_not_nothing() -> None:
    """A run for 0.00 would look free."""
    assert of(row(RowState.BUSY)).spent is None


def test_a_bad_text_is_no_call() -> None:
    """It has an end, and nobody was called."""
    bad = evolve(row(RowState.REFUSED), phone=None, called_at=None)

    figures = of(bad)

    assert (figures.bad_texts, figures.ends.spans, figures.steps) == (1, [], [])
    assert not figures.causes.totals


def test_a_row_that_has_not_ended_has_no_end() -> None:
    """It rings meanwhile."""
    figures = of(evolve(row(RowState.PLACED), settled_at=None))

    assert (figures.ends.spans, figures.steps) == ([], [])
    assert not figures.causes.totals
    assert figures.counts == {RowState.PLACED: 1}


@pytest.mark.parametrize(
    ("seconds", "step"),
    [
        (-3, "0 to 5 s"),
        (4.999, "0 to 5 s"),
        (5, "5 to 10 s"),
        (149.9, "145 to 150 s"),
        (150, "150 s or more"),
        (10**8, "150 s or more"),
    ],
)
def test_seconds_fall_into_their_step(seconds: float, step: str) -> None:
    """A clock that was set back, and a run that went on next month, too."""
    assert steps(of(row(RowState.BUSY, seconds=seconds))) == {step: 1}


def test_steps_end_with_the_last_that_has_a_call() -> None:
    """Calls of a minute at most would be drawn at the edge of an empty field."""
    figures = of(row(RowState.BUSY, seconds=12), row(RowState.BUSY, seconds=1))

    assert [step.count for step in figures.steps] == [1, 0, 1]


def test_unknown_rows_are_listed_and_the_rest_counted() -> None:
    """A million of them would not fit, and nobody would read them."""
    unknown = row(RowState.UNKNOWN, reason="AnswerLost")

    figures = of(row(RowState.BUSY), *(evolve(unknown, id=n) for n in range(1, 1004)))

    assert [each.id for each in figures.unknown] == list(range(1, 1001))
    assert figures.unknown_left_out == 3
    assert figures.unknown[0].reason == "AnswerLost"
    assert figures.unknown[0].phone == PHONE


def test_a_cause_without_words_is_the_state() -> None:
    """A confirmed reverse call has no reason."""
    figures = of(row(RowState.CONFIRMED), row(RowState.BUSY, reason="USER_BUSY"))

    assert figures.causes.totals == {"confirmed": 1, "USER_BUSY": 1}


def test_prefixes_are_three_digits_or_foreign() -> None:
    """Operators are told apart by them only within +7."""
    causes = Causes()
    for digits in ("+79991112233", "+79991112234", "+74951112233", "+12025550100"):
        causes.add(PhoneNumber(digits), "NO_ANSWER")

    found = [(each.digits, each.total) for each in causes.prefixes()]

    assert found == [("999", 2), ("495", 1), (FOREIGN, 1)]


def test_only_the_largest_prefixes_are_shown() -> None:
    """The others are counted."""
    causes = Causes()
    for place in range(25):
        for number in range(place + 1):
            causes.add(PhoneNumber(f"+79{place:02}{number:07}"), "NO_ANSWER")

    found = [each.digits for each in causes.prefixes()]

    assert found == [f"9{place:02}" for place in range(24, 4, -1)]
    assert causes.prefixes_left_out == 5


def test_rare_causes_are_joined() -> None:
    """A prefix has the five most frequent of all, and the rest as one."""
    causes = Causes()
    for place, name in enumerate("abcdefg"):
        for _ in range(10 - place):
            causes.add(PHONE, name)

    (prefix,) = causes.prefixes()

    assert causes.names == [*"abcde", OTHER]
    assert prefix.counts == dict(
        zip(causes.names, [10, 9, 8, 7, 6, 5 + 4], strict=True)
    )
    assert causes.ranked == [*"abcdefg"]


def test_few_causes_are_not_joined() -> None:
    """Nothing is left for a column of others."""
    causes = Causes()
    causes.add(PHONE, "NO_ANSWER")

    assert causes.names == ["NO_ANSWER"]


def test_new_words_each_time_do_not_fill_the_memory() -> None:
    """What a provider says is an open set."""
    causes = Causes()
    for place in range(1000):
        causes.add(PHONE, f"call {place} was lost")

    assert len(causes.totals) == 101
    assert causes.totals[OTHER] == 900
    assert causes.prefixes()[0].total == 1000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07", "�]0;title�"),
        ("\u202ereversed", "�reversed"),
        ("a\nb", "a�b"),
        ("x" * 81, "x" * 79 + "…"),
        ("занято", "занято"),
    ],
)
def test_words_of_others_cannot_steer_a_terminal(text: str, shown: str) -> None:
    """A reason may come from a provider."""
    assert clean(text) == shown
    assert of(row(RowState.UNKNOWN, reason=text)).unknown[0].reason == shown
    assert list(of(row(RowState.BUSY, reason=text)).causes.totals) == [shown]


def timeline(*seconds: float) -> Timeline:
    made = Timeline()
    for each in seconds:
        made.add(NOON + timedelta(seconds=each), RowState.BUSY)
    return made


def test_a_timeline_of_nothing_is_empty() -> None:
    """There is no first moment."""
    assert timeline().spans == []


@pytest.mark.parametrize(
    ("last", "width", "spans"),
    [
        (0, 1, 1),
        (59, 1, 60),
        (60, 2, 31),
        (599, 10, 60),
        (600, 15, 41),
        (3600, 120, 31),
        (86399, 1800, 48),
        (86400, 1800, 49),
        (365 * 86400, 8 * 86400, 47),
    ],
)
def test_spans_are_as_short_as_sixty_of_them_may_be(
    last: int, width: int, spans: int
) -> None:
    """And of a length that is easy to read."""
    made = timeline(0, last)

    assert (made.width, len(made.spans)) == (width, spans)


def test_spans_name_their_beginning_and_their_states() -> None:
    """Minutes are exact enough for spans of minutes."""
    made = timeline(0, 7200)
    made.add(NOON + timedelta(minutes=6), RowState.UNKNOWN)

    first, second, *_ = made.spans

    assert (first.name, first.counts) == ("2026-11-22 12:00", {RowState.BUSY: 1})
    assert (second.name, second.counts) == ("2026-11-22 12:05", {RowState.UNKNOWN: 1})
    assert timeline(0).spans[0].name == "2026-11-22 12:00:00"


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=40))
def test_a_timeline_loses_nothing(seconds: list[int]) -> None:
    """Whatever the order, each end is in the span that has its moment."""
    made = timeline(*seconds)
    spans, width = made.spans, timedelta(seconds=made.width)

    assert len(spans) <= 60
    for before, after in pairwise(spans):
        assert before.begins_at + width == after.begins_at
    moments = [NOON + timedelta(seconds=each) for each in seconds]
    assert [span.total for span in spans] == [
        sum(span.begins_at <= at < span.begins_at + width for at in moments)
        for span in spans
    ]
    assert sum(span.total for span in spans) == len(seconds)
