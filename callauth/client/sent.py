"""SentTimes: when something was sent, by the clock that cannot be set."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime

from ..models.instant import SKEW_SECONDS
from ..transport.port import Clock

_REMEMBERED = 100_000
_FOREVER_SECONDS = 1e9


class SentTimes:
    """Remember the monotonic time of the latest 100,000 requests by their ids.

    For an id that this client did not send (another process did) the wall clock has to
    do. One that went backwards makes the age endless: what is old must not get young.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sent: OrderedDict[str, float] = OrderedDict()

    def note(self, name: str, monotonic: float) -> None:
        """Remember when it was sent."""
        self._sent[name] = monotonic
        if len(self._sent) > _REMEMBERED:
            self._sent.popitem(last=False)

    def find(self, name: str) -> float | None:
        """Return when this client sent it, monotonic, and None if it did not."""
        return self._sent.get(name)

    def find_or_tell(self, name: str, sent_at: datetime) -> float:
        """Return when it was sent on the monotonic clock, by the wall clock if need be.

        Raises ConfigurationError when ``sent_at`` has no time zone.
        """
        known = self._sent.get(name)
        return monotonic_of(self._clock, sent_at) if known is None else known


def monotonic_of(clock: Clock, moment: datetime) -> float:
    """Return a moment of the wall clock as one of the monotonic clock."""
    age = (clock.now() - moment).total_seconds()
    return clock.monotonic() - (age if age >= -SKEW_SECONDS else _FOREVER_SECONDS)
