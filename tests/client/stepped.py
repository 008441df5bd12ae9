"""SteppedClock: a clock that moves one alarm at a time, for stepping through code."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

from attrs import define

from callauth.transport.clock import sleep

_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@define(eq=False)
class _Alarm:
    callback: Callable[[], object] | None

    def cancel(self) -> None:
        self.callback = None


class SteppedClock:
    """Stand still; ``step`` does the least thing that can be done next."""

    def __init__(self) -> None:
        self._elapsed = 0.0
        self._alarms: list[tuple[float, int, _Alarm]] = []
        self._numbers = count()

    def now(self) -> datetime:
        """Return the wall clock."""
        return _BEGAN + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """Return the seconds passed."""
        return self._elapsed

    def call_later(self, seconds: float, callback: Callable[[], object]) -> _Alarm:
        """Call the function then."""
        alarm = _Alarm(callback)
        due = self._elapsed + max(0.0, seconds)
        heapq.heappush(self._alarms, (due, next(self._numbers), alarm))
        return alarm

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await sleep(self, seconds)

    async def step(self) -> bool:
        """Let what is ready run once, else ring the next alarm; False for neither."""
        ready = getattr(asyncio.get_running_loop(), "_ready")  # noqa: B009 - private
        if not ready:
            return self._ring()
        await asyncio.sleep(0)
        return True

    async def run_down(self) -> None:
        """Step until nothing is left to do."""
        while await self.step():
            pass

    def _ring(self) -> bool:
        while self._alarms:
            due, _, alarm = heapq.heappop(self._alarms)
            if alarm.callback is not None:
                self._elapsed = max(self._elapsed, due)
                alarm.callback()
                return True
        return False
