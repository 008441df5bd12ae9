"""Agenda: calls a function when something is due, one timer for all."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

from ..models.attempt import AttemptId
from ..transport.port import Clock, Timer


class Agenda:
    """Remember when each attempt has to be looked at again."""

    def __init__(self, clock: Clock, look: Callable[[AttemptId], None]) -> None:
        self._clock = clock
        self._look = look
        # Numbered, since ids are random: what is due at once comes in its order.
        self._entries: list[tuple[float, int, AttemptId]] = []
        self._numbers = count()
        self._timer: Timer | None = None
        self._timer_at = 0.0

    def put(self, due: float, attempt_id: AttemptId) -> None:
        """Look at the attempt at that moment of the monotonic clock."""
        heapq.heappush(self._entries, (due, next(self._numbers), attempt_id))
        if self._timer is None or due < self._timer_at:
            self._set_timer()

    def close(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._set_timer()

    def __len__(self) -> int:
        return len(self._entries)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._entries:
            self._timer_at = self._entries[0][0]
            delay = max(0.0, self._timer_at - self._clock.monotonic())
            self._timer = self._clock.call_later(delay, self._ring)

    def _ring(self) -> None:
        self._timer = None
        now = self._clock.monotonic()
        while self._entries and self._entries[0][0] <= now:
            self._look(heapq.heappop(self._entries)[2])
        self._set_timer()
