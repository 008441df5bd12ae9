"""Wheel: numbers in the order of their moments, however many there are.

What is far off lies in slots of a twentieth of a second, unsorted and as bare machine
numbers: a million objects would stop the process for a second whenever the garbage
collector looks at them all. A slot is sorted when its time has come.
"""

from __future__ import annotations

import heapq
import math
from array import array
from itertools import count

from attrs import Factory, define

# Wider ones take longer to sort, narrower ones are many that hold next to nothing.
_SLOTS_PER_SECOND = 20.0


@define
class _Slot:
    first: float
    moments: array[float] = Factory(lambda: array("d"))
    numbers: array[int] = Factory(lambda: array("q"))


class Wheel:
    """Hold numbers until their moment; the same one may be held more than once."""

    def __init__(self) -> None:
        # Every slot up to this one has been sorted into the heap of what is near.
        self._opened = -math.inf
        self._near: list[tuple[float, int, int]] = []
        self._order = count()
        self._far: dict[int, _Slot] = {}
        self._ticks: list[int] = []

    def put(self, moment: float, number: int) -> None:
        """Hold the number until that moment, which is finite."""
        tick = math.floor(moment * _SLOTS_PER_SECOND)
        if tick <= self._opened:
            heapq.heappush(self._near, (moment, next(self._order), number))
            return
        slot = self._far.get(tick)
        if slot is None:
            slot = self._far[tick] = _Slot(moment)
            heapq.heappush(self._ticks, tick)
        elif moment < slot.first:
            slot.first = moment
        slot.moments.append(moment)
        slot.numbers.append(number)

    def next_moment(self) -> float:
        """Return the earliest moment there is, infinity when it is empty."""
        if self._near:
            return self._near[0][0]
        return self._far[self._ticks[0]].first if self._ticks else math.inf

    def peek(self, now: float) -> int | None:
        """Return the earliest number, None when its moment is after ``now``.

        Of two with the same moment it is the one that was put in first.
        """
        if not self._near and not self._open(now):
            return None
        moment, _, number = self._near[0]
        return number if moment <= now else None

    def pop(self, now: float) -> int | None:
        """Take out what ``peek`` returns."""
        number = self.peek(now)
        if number is not None:
            heapq.heappop(self._near)
        return number

    def _open(self, now: float) -> bool:
        """Sort the next slot if anything in it is due."""
        if self.next_moment() > now:
            return False
        self._opened = tick = heapq.heappop(self._ticks)
        slot = self._far.pop(tick)
        self._near = sorted(zip(slot.moments, self._order, slot.numbers, strict=False))
        return True
