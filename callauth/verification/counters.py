"""Counters: how much of something happened within a sliding window.

The rule is here, pure, and once for all stores: a store keeps the hits of each counter
and asks the charge whether one more is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from attrs import field, frozen, validators


@frozen
class Hit:
    """Hold one thing that was counted."""

    at: datetime
    weight: int


@frozen(kw_only=True)
class Charge:
    """Ask for one more hit of a counter.

    At most ``limit`` weight in any ``window_seconds``, None for no limit. After the
    n-th hit in the window the next one comes ``pauses[n - 1]`` seconds later at the
    earliest, with the last pause for all further ones.
    """

    counter: str
    window_seconds: float = field(validator=validators.gt(0))
    limit: int | None = None
    weight: int = field(default=1, validator=validators.ge(0))
    pauses: tuple[float, ...] = ()

    def in_window(self, hits: Sequence[Hit], now: datetime) -> list[Hit]:
        """Return the hits that still count, oldest first.

        One of the future does, too: a clock that went back must not forgive anything.
        """
        start = now - timedelta(seconds=self.window_seconds)
        return sorted((hit for hit in hits if hit.at > start), key=lambda hit: hit.at)

    def wait_seconds(self, hits: Sequence[Hit], now: datetime) -> float:
        """Return for how long the hit is not allowed, 0 when it is."""
        counted = self.in_window(hits, now)
        return max(self._until_paused(counted, now), self._until_room(counted, now))

    def _until_paused(self, hits: Sequence[Hit], now: datetime) -> float:
        if not hits or not self.pauses:
            return 0.0
        pause = self.pauses[min(len(hits), len(self.pauses)) - 1]
        return max(0.0, (hits[-1].at - now).total_seconds() + pause)

    def _until_room(self, hits: Sequence[Hit], now: datetime) -> float:
        if self.limit is None:
            return 0.0
        excess = sum(hit.weight for hit in hits) + self.weight - self.limit
        wait = 0.0
        for hit in hits:
            if excess <= 0:
                return wait
            excess -= hit.weight
            wait = (hit.at - now).total_seconds() + self.window_seconds
        # Even an empty window may have no room for so much at once.
        return wait if excess <= 0 else self.window_seconds


@frozen
class Refusal:
    """Name the counter that is full, and when there is room again."""

    counter: str
    retry_after: float


def longest_refusal(
    charges: Sequence[Charge], hits: Mapping[str, Sequence[Hit]], now: datetime
) -> Refusal | None:
    """Return the refusal with the longest wait, None when all are allowed.

    ``hits`` are those of each counter, before any of the charges.
    """
    waits = [
        (each.wait_seconds(hits[each.counter], now), each.counter) for each in charges
    ]
    longest, counter = max(waits, default=(0.0, ""))
    return Refusal(counter, longest) if longest > 0 else None
