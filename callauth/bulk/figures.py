"""Figures: what a ledger amounts to, counted row by row.

Memory does not grow with the rows: of each thing there is a fixed number of counters,
and the list of unknown rows is cut.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from attrs import frozen

from ..models.phone import PhoneNumber
from .causes import Causes
from .row import FREE, Row, RowState
from .timeline import Timeline
from .wording import clean

_MOST_UNKNOWN = 1000
_STEP_SECONDS = 5
# A number to dial lives for 120 seconds, and is asked about for a while after that.
_LAST_STEP = 30


@frozen(kw_only=True)
class UnknownRow:
    """Hold a row of which nobody knows whether its phone rang."""

    id: int
    phone: PhoneNumber | None
    called_at: datetime | None
    settled_at: datetime | None
    reason: str


@frozen
class Step:
    """Hold how many took so many seconds; ``until`` is None for the last step."""

    since: int
    until: int | None
    count: int

    def __str__(self) -> str:
        if self.until is None:
            return f"{self.since} s or more"
        return f"{self.since} to {self.until} s"


class Figures:
    """Count the rows of a ledger; ``add`` takes each of them once.

    ``ends`` and ``steps`` count what was called and has ended, ``causes`` every number
    that has. ``cost_per_call`` is None when nobody knows it.
    """

    def __init__(self, *, cost_per_call: float | None = None) -> None:
        self.counts: Counter[RowState] = Counter()
        self.ends = Timeline()
        self.causes = Causes()
        self.unknown: list[UnknownRow] = []
        """The first 1,000 unknown rows."""
        self.bad_texts = 0
        """How many of the refused are texts that are no number."""
        self._cost = cost_per_call
        self._steps = [0] * (_LAST_STEP + 1)

    def add(self, row: Row) -> None:
        """Count one row."""
        self.counts[row.state] += 1
        if row.state is RowState.UNKNOWN and len(self.unknown) < _MOST_UNKNOWN:
            self.unknown.append(_unknown(row))
        if row.phone is None:
            self.bad_texts += 1
            return
        if row.settled_at is None:
            return
        self.causes.add(row.phone, row.reason or row.state.value)
        if row.called_at is not None:
            self.ends.add(row.settled_at, row.state)
            # A clock that was set back makes it negative.
            seconds = max(0.0, (row.settled_at - row.called_at).total_seconds())
            self._steps[min(int(seconds // _STEP_SECONDS), _LAST_STEP)] += 1

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.counts.total()

    @property
    def calls(self) -> int:
        """How many are paid for: all that were called, unknown ones, too."""
        return self.rows - sum(self.counts[state] for state in FREE)

    @property
    def spent(self) -> float | None:
        """What the calls have cost, None when nobody knows what one costs."""
        return None if self._cost is None else self._cost * self.calls

    @property
    def unknown_left_out(self) -> int:
        """How many unknown rows are not in the list."""
        return self.counts[RowState.UNKNOWN] - len(self.unknown)

    @property
    def steps(self) -> list[Step]:
        """How long it took from the call to its end, in steps of 5 seconds.

        There are as many as it took, but whatever took 150 seconds or more is in one.
        """
        last = max((at for at, each in enumerate(self._steps) if each), default=-1)
        return [self._step(place) for place in range(last + 1)]

    def _step(self, place: int) -> Step:
        since = place * _STEP_SECONDS
        until = None if place == _LAST_STEP else since + _STEP_SECONDS
        return Step(since, until, self._steps[place])


def _unknown(row: Row) -> UnknownRow:
    return UnknownRow(
        id=row.id,
        phone=row.phone,
        called_at=row.called_at,
        settled_at=row.settled_at,
        reason=clean(row.reason),
    )
