"""FastClock: the machine's clock, running faster, for demonstrations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from math import isfinite

from ..errors import ConfigurationError
from ..transport.clock import SystemClock
from ..transport.port import Timer


class FastClock:
    """Run ``speed`` times as fast as the machine; 60 makes a minute pass in a second.

    Raises ConfigurationError unless the speed is a finite number above 0.
    """

    def __init__(self, speed: float) -> None:
        if not (isfinite(speed) and speed > 0):
            raise ConfigurationError("expected a speed above 0")
        self._speed = speed
        self._machine = SystemClock()
        self._began = self._machine.monotonic()
        self._began_at = self._machine.now()

    def now(self) -> datetime:
        """Return the wall clock in UTC, which began at the machine's."""
        return self._began_at + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Return the seconds that have passed on this clock."""
        return (self._machine.monotonic() - self._began) * self._speed

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Timer:
        """Call the function once, after that many seconds of this clock."""
        return self._machine.call_later(seconds / self._speed, callback)

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds of this clock."""
        await self._machine.sleep(seconds / self._speed)
