"""Backstop: stops exchanges that their transport does not stop in time.

A transport keeps the time-out itself and knows then whether a byte left; this is for
one that does not. All exchanges of a client share one alarm, since it hardly ever has
anything to do: one alarm and one cancel scope for each took 6 µs, this takes 0.6.
"""

from __future__ import annotations

import asyncio
import math
from typing import Any, TypeAlias

from ..transport.port import Clock, Timer

Task: TypeAlias = asyncio.Task[Any]

# An alarm may ring a moment early, since clocks are rounded.
_EARLY_SECONDS = 1e-3
# One that rings later than this was held up together with the loop.
_LATE_SECONDS = 1e-3
# A transport may swallow a cancellation; then it gets another one.
_AGAIN_SECONDS = 0.05


class Backstop:
    """Cancel the tasks that are not done with something when it is due."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: dict[Task, float] = {}
        self._cancelled: dict[Task, int] = {}
        self._alarm: Timer | None = None
        self._alarm_at = math.inf

    def begin(self, task: Task, due: float) -> None:
        """Cancel the task at that moment of the monotonic clock, unless it ends."""
        self._due[task] = due
        if due < self._alarm_at:
            self._set_alarm(due)

    def end(self, task: Task) -> bool:
        """Leave the task alone; say whether it was cancelled, and take that back."""
        self._due.pop(task, None)
        if not self._due:
            self._stop_alarm()
        if not self._cancelled:
            return False
        times = self._cancelled.pop(task, 0)
        for _ in range(times):
            task.uncancel()
        return times > 0

    def _set_alarm(self, due: float) -> None:
        self._stop_alarm()
        delay = max(0.0, due - self._clock.monotonic())
        self._alarm = self._clock.call_later(delay, self._ring)
        self._alarm_at = due

    def _stop_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm, self._alarm_at = None, math.inf

    def _ring(self) -> None:
        self._stop_alarm()
        now = self._clock.monotonic()
        due_now = [t for t, due in self._due.items() if due <= now + _EARLY_SECONDS]
        for task in due_now:
            is_late = now > self._due[task] + _LATE_SECONDS
            self._due[task] = now + _AGAIN_SECONDS
            # The transport had no turn either: once it gets one, since its answer may
            # have come meanwhile.
            if is_late and task not in self._cancelled:
                self._cancelled[task] = 0
                continue
            self._cancelled[task] = self._cancelled.get(task, 0) + 1
            task.cancel()
        if self._due:
            self._set_alarm(min(self._due.values()))
