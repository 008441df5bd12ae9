"""Breaker: leaves a provider alone that fails again and again.

Failures are those that the provider caused. What the person caused (a bad number, a
wrong code) counts as a sign of life, and an interrupted request counts as nothing.

While it is open only the probe decides: requests that were admitted before it opened
end later, and say nothing about now.
"""

from __future__ import annotations

from enum import Enum

from attrs import frozen

_FAILURES_TO_OPEN = 5
_FIRST_SECONDS = 30.0
_LONGEST_SECONDS = 300.0


class Verdict(Enum):
    """Say what one try tells about the provider's health."""

    ALIVE = "alive"
    FAILED = "failed"
    NEUTRAL = "neutral"


@frozen
class Admitted:
    """Let a request go; report its end with this."""

    is_probe: bool


@frozen
class Refused:
    """Let no request go for that many seconds."""

    wait_seconds: float


_ORDINARY = Admitted(is_probe=False)


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

    def would_admit(self, now: float) -> bool:
        """Say whether a request would be let through, without taking the turn."""
        is_open = self._is_probing or now < self._opened_until
        return self.is_closed or not is_open

    def admit(self, now: float) -> Admitted | Refused:
        """Say whether a request may go now."""
        if self._open_seconds == 0.0:
            return _ORDINARY
        if not self.would_admit(now):
            return Refused(max(0.0, self._opened_until - now))
        self._is_probing = True
        return Admitted(is_probe=True)

    def record(self, admitted: Admitted, verdict: Verdict, now: float) -> bool:
        """Note how an admitted request ended; say whether that opened or closed it."""
        if admitted.is_probe:
            return self._record_probe(verdict, now)
        return self._open_seconds == 0.0 and self._record_ordinary(verdict, now)

    @property
    def open_seconds(self) -> float:
        """For how long it was opened last, 0 while it is closed."""
        return self._open_seconds

    def _record_probe(self, verdict: Verdict, now: float) -> bool:
        self._is_probing = False
        if verdict is Verdict.ALIVE:
            self._failures = 0
            self._open_seconds = 0.0
        if verdict is Verdict.FAILED:
            self._open(now, min(2 * self._open_seconds, _LONGEST_SECONDS))
        return verdict is not Verdict.NEUTRAL

    def _record_ordinary(self, verdict: Verdict, now: float) -> bool:
        if verdict is Verdict.ALIVE:
            self._failures = 0
            return False
        if verdict is Verdict.FAILED:
            self._failures += 1
        if self._failures < _FAILURES_TO_OPEN:
            return False
        self._open(now, _FIRST_SECONDS)
        return True

    def _open(self, now: float, seconds: float) -> None:
        self._open_seconds = seconds
        self._opened_until = now + seconds
