"""Deadlines: end the exchanges of a transport whose time is over.

All of them share one alarm, since it hardly ever has anything to do: one alarm for each
took 1.6 µs, this takes 0.4. It stays set when the exchange that wanted it has ended, so
it rings early rather than late, and then looks when it is really needed.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .exchange import Exchange


class Deadlines:
    """Expire exchanges at their moment of the loop's clock, unless they end."""

    def __init__(self) -> None:
        self._due: dict[Exchange, float] = {}
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = math.inf

    def begin(self, exchange: Exchange, seconds: float) -> None:
        """Give the exchange so much time."""
        exchange.due = self._due[exchange] = due = exchange.loop.time() + seconds
        if due < self._alarm_at:
            self._set_alarm(exchange.loop, due)

    def end(self, exchange: Exchange) -> None:
        """Leave the exchange alone."""
        del self._due[exchange]

    def close(self) -> None:
        """Stop the alarm; every exchange has ended."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm, self._alarm_at = None, math.inf

    def _set_alarm(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        self.close()
        self._alarm = loop.call_at(due, self._ring, loop)
        self._alarm_at = due

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        self.close()
        now, following = loop.time(), math.inf
        for exchange, due in self._due.items():
            if due <= now:
                exchange.expire()
            elif due < following:
                following = due
        if following < math.inf:
            self._set_alarm(loop, following)
