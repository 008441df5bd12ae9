"""Timeline: what ended when, in a few equal spans of time.

Rows come in any order, and nobody knows the first and the last moment beforehand. So
what is counted begins by the second and is joined whenever it is too much. What is
shown is joined once more, to spans that are easy to read.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain, count
from math import floor

from attrs import frozen

from .row import RowState
from .wording import moment

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST = 60
_MOST_KEPT = 720
_DAY = 86400
# Each is a multiple of the one before, so that whole counts are joined.
_KEPT = (1, 2, 10, 30, 60, 120, 600, 1800, 3600, 7200, 21600, 43200, _DAY)
# Beyond these it is days, doubled.
_SHOWN = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 43200)


@frozen
class Span:
    """Hold what ended from a moment on, until the next span begins.

    ``name`` is that moment, in UTC and as exact as it has to be.
    """

    begins_at: datetime
    name: str
    counts: Mapping[RowState, int]

    @property
    def total(self) -> int:
        """How many ended."""
        return sum(self.counts.values())


class Timeline:
    """Count ends; ``spans`` are at most 60, each of ``width`` seconds."""

    def __init__(self) -> None:
        self._kept = _KEPT[0]
        self._counts: defaultdict[int, Counter[RowState]] = defaultdict(Counter)
        self._first = self._last = 0

    def add(self, at: datetime, state: RowState) -> None:
        """Count one end."""
        place = floor(at.timestamp()) // self._kept
        if not self._counts:
            self._first = self._last = place
        self._counts[place][state] += 1
        if self._first <= place <= self._last:
            return
        self._first = min(self._first, place)
        self._last = max(self._last, place)
        while self._last - self._first >= _MOST_KEPT:
            self._widen()

    @property
    def width(self) -> int:
        """How many seconds each span lasts."""
        return next(
            width
            for width in _widths()
            if width % self._kept == 0
            and self._place(self._last, width) - self._place(self._first, width) < _MOST
        )

    @property
    def spans(self) -> list[Span]:
        """All spans from the first end to the last, empty ones, too."""
        if not self._counts:
            return []
        width = self.width
        joined = self._joined(width)
        first, last = (self._place(at, width) for at in (self._first, self._last))
        return [
            self._span(place, width, joined[place]) for place in range(first, last + 1)
        ]

    def _span(self, place: int, width: int, counts: Counter[RowState]) -> Span:
        begins_at = _EPOCH + timedelta(seconds=place * width)
        name = moment(begins_at, to="minute" if width % 60 == 0 else "second")
        return Span(begins_at, name, dict(counts))

    def _widen(self) -> None:
        width = next((each for each in _KEPT if each > self._kept), 2 * self._kept)
        self._counts = self._joined(width)
        self._first = self._place(self._first, width)
        self._last = self._place(self._last, width)
        self._kept = width

    def _joined(self, width: int) -> defaultdict[int, Counter[RowState]]:
        joined: defaultdict[int, Counter[RowState]] = defaultdict(Counter)
        for place, counts in self._counts.items():
            joined[self._place(place, width)].update(counts)
        return joined

    def _place(self, place: int, width: int) -> int:
        return place * self._kept // width


def _widths() -> Iterator[int]:
    return chain(_SHOWN, (_DAY << times for times in count()))
