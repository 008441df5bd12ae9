"""Breaker: leaves a provider alone that fails again and again.

Failures are those that the provider caused. What the person caused (a bad number, a
wrong code) counts as a sign of life, and an interrupted request counts as nothing.
"""

from __future__ import annotations

from enum import Enum

_FAILURES_TO_OPEN = 5
_FIRST_SECONDS = 30.0
_LONGEST_SECONDS = 300.0


class Verdict(Enum):
    """Say what one try tells about the provider's health."""

    ALIVE = "alive"
    FAILED = "failed"
    NEUTRAL = "neutral"


class Breaker:
    """Open after 5 failures in a row for 30 seconds, doubling up to 300.

    When the time is over exactly one request is let through; its outcome decides.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._open_seconds = 0.0
        self._opened_until = 0.0
        self._is_probing = False

    @property
    def is_closed(self) -> bool:
        """Whether requests flow freely."""
        return self._open_seconds == 0.0

    def admit(self, now: float) -> float | None:
        """Return None when a request may go, else the seconds until one might.

        Each admitted request must be reported with ``record``.
        """
        if self.is_closed:
            return None
        if self._is_probing or now < self._opened_until:
            return max(0.0, self._opened_until - now)
        self._is_probing = True
        return None

    def record(self, verdict: Verdict, now: float) -> float | None:
        """Note how an admitted request ended; return for how long that opened it."""
        was_probe, self._is_probing = self._is_probing, False
        if verdict is Verdict.ALIVE:
            self._failures = 0
            self._open_seconds = 0.0
        if verdict is not Verdict.FAILED:
            return None
        self._failures += 1
        if was_probe:
            return self._open(now, min(2 * self._open_seconds, _LONGEST_SECONDS))
        if self.is_closed and self._failures >= _FAILURES_TO_OPEN:
            return self._open(now, _FIRST_SECONDS)
        return None

    def _open(self, now: float, seconds: float) -> float:
        self._open_seconds = seconds
        self._opened_until = now + seconds
        return seconds
