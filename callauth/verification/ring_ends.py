"""RingEnds: until when phones may ring, by the clock that cannot be set."""

from __future__ import annotations

from attrs import frozen

from ..transport.port import Clock


@frozen
class _End:
    owner: str
    at: float


class RingEnds:
    """Remember the ends of the ring locks that this process has taken."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ends: dict[str, _End] = {}

    def left(self, lock: str) -> float:
        """Return for how many more seconds the phone may ring, 0.0 when it cannot."""
        end = self._ends.get(lock)
        return 0.0 if end is None else max(0.0, end.at - self._clock.monotonic())

    def put(self, lock: str, owner: str, seconds: float) -> None:
        """Let it end so many seconds from now."""
        self._drop_past()
        # At the end of the dict, where the late ones are.
        self._ends.pop(lock, None)
        self._ends[lock] = _End(owner, self._clock.monotonic() + seconds)

    def drop(self, lock: str, owner: str) -> None:
        """Forget it, since nothing was placed."""
        end = self._ends.get(lock)
        if end is not None and end.owner == owner:
            del self._ends[lock]

    def _drop_past(self) -> None:
        while self._ends:
            oldest = next(iter(self._ends))
            if self._ends[oldest].at > self._clock.monotonic():
                return
            del self._ends[oldest]
