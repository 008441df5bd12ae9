"""Figures of a bulk run, as they are shown while it lasts and at its end."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from attrs import define, field, frozen

from ..bulk import RowState, Summary
from ..transport.port import Clock

_WINDOW_SECONDS = 30.0
COLOURS: Mapping[RowState, str] = MappingProxyType(
    {
        RowState.CONFIRMED: "green",
        RowState.REJECTED: "red",
        RowState.NO_ANSWER: "yellow",
        RowState.BUSY: "yellow",
        RowState.EXPIRED: "yellow",
        RowState.UNKNOWN: "magenta",
        RowState.REFUSED: "blue",
    }
)


@frozen(kw_only=True)
class Terms:
    """Say what the figures mean in this run.

    ``ends_placed`` is whether nothing follows a call that was placed, as with a
    robot's. ``shows_cost`` is whether anybody asked what it costs. ``is_played`` is
    whether the clock of the run is that of a sandbox.
    """

    ends_placed: bool
    shows_cost: bool
    budget: float | None
    is_played: bool

    def ended(self, summary: Summary) -> Mapping[RowState, int]:
        """Return the states in which nothing more happens, and how many are in each."""
        ends = [RowState.PLACED, *COLOURS] if self.ends_placed else list(COLOURS)
        return {each: n for each in ends if (n := summary.counts.get(each, 0)) > 0}

    def under_way(self, summary: Summary) -> int:
        """Return how many calls have begun and not ended."""
        states = [RowState.CALLING] if self.ends_placed else _UNDER_WAY
        return sum(summary.counts.get(state, 0) for state in states)

    def spent(self, summary: Summary) -> str | None:
        """Return what the calls have cost, None when nobody asked."""
        if not self.shows_cost:
            return None
        limit = "" if self.budget is None else f" of {amount(self.budget)}"
        return f"spent {amount(summary.spent)}{limit}"


_UNDER_WAY = [RowState.CALLING, RowState.PLACED]


class Course(Protocol):
    """Anything that tells how it stands, as a BulkRun does."""

    def summary(self) -> Summary:
        """Return how it stands now."""


@define
class Speedometer:
    """Measure how fast a run is, over the last half minute."""

    run: Course
    terms: Terms
    clock: Clock
    _samples: deque[tuple[float, Summary]] = field(factory=deque, init=False)

    def sample(self) -> Summary:
        """Return how the run stands, and remember it."""
        now, summary = self.clock.monotonic(), self.run.summary()
        self._samples.append((now, summary))
        while self._samples[0][0] < now - _WINDOW_SECONDS:
            self._samples.popleft()
        return summary

    @property
    def calls_per_second(self) -> float:
        """How many calls a second were asked for, by the clock of the run."""
        (_, first), (_, last) = self._samples[0], self._samples[-1]
        seconds = last.seconds - first.seconds
        return (last.called - first.called) / seconds if seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at this speed, None while that cannot be said."""
        (since, first), (now, last) = self._samples[0], self._samples[-1]
        done = self._done(last)
        gained = done - self._done(first)
        if not last.is_read_whole or last.stopped is not None or gained <= 0:
            return None
        return (last.rows - done) * (now - since) / gained

    def _done(self, summary: Summary) -> int:
        return sum(self.terms.ended(summary).values())


def counted(number: int, noun: str) -> str:
    """Return so many of them.

    >>> counted(1, "call"), counted(2000, "call")
    ('1 call', '2,000 calls')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def amount(value: float) -> str:
    """Return a sum of money.

    >>> amount(1234.0), amount(0.5)
    ('1,234', '0.50')
    """
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def duration(seconds: float) -> str:
    """Return a length of time in its two largest units.

    >>> duration(7.4), duration(90), duration(7260)
    ('7 s', '1 min 30 s', '2 h 1 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
