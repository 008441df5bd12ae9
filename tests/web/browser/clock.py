"""JumpingClock: the machine's clock, which a test puts forward, as if it had slept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from attrs import define, field

from callauth.transport.clock import SystemClock, sleep
from callauth.transport.port import Timer

_MACHINE = SystemClock()
_STEPS = 30


@define(eq=False)
class JumpingClock:
    """Run as fast as the machine's, for sockets cannot be hurried, and ahead of it."""

    ahead_seconds: float = 0.0
    _alarms: set[_Alarm] = field(factory=set)

    def now(self) -> datetime:
        """Return the wall clock in UTC."""
        return _MACHINE.now() + timedelta(seconds=self.ahead_seconds)

    def monotonic(self) -> float:
        """Return seconds that only ever grow."""
        return _MACHINE.monotonic() + self.ahead_seconds

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Timer:
        """Call the function once, after that many seconds."""
        alarm = _Alarm(self, self.monotonic() + seconds, callback)
        self._alarms.add(alarm)
        alarm.arm()
        return alarm

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds."""
        await sleep(self, seconds)

    def jump(self, seconds: float) -> None:
        """Put it forward; what was due meanwhile happens now, in its order."""
        self.ahead_seconds += seconds
        for alarm in sorted(self._alarms, key=lambda each: each.due):
            alarm.arm()

    async def run(self, seconds: int) -> None:
        """Let seconds pass quickly, one after the other, as if nobody had slept."""
        for _ in range(seconds):
            self.jump(1)
            # Enough for all that a second brings, none of which needs a socket.
            for _ in range(_STEPS):
                await asyncio.sleep(0)

    def forget(self, alarm: _Alarm) -> None:
        """Let an alarm that has rung, or never will, be no more."""
        self._alarms.discard(alarm)


@define(eq=False)
class _Alarm:
    clock: JumpingClock
    due: float
    callback: Callable[[], object]
    timer: Timer | None = None

    def arm(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        left = max(0.0, self.due - self.clock.monotonic())
        self.timer = _MACHINE.call_later(left, self._ring)

    def cancel(self) -> None:
        self.clock.forget(self)
        if self.timer is not None:
            self.timer.cancel()

    def _ring(self) -> None:
        self.clock.forget(self)
        self.callback()
