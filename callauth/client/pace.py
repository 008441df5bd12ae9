"""Pace: how many requests may be sent in a second, over all tries of all operations."""

from __future__ import annotations

import math
from collections import deque

import anyio

from ..errors import ConfigurationError
from ..protocol.message import Replay
from ..protocol.retry import is_positive
from ..transport.port import Clock

# A timer that rings late may be made up for, by so much.
_CATCHES_UP_SECONDS = 0.05
_SLOWEST = 1 / 64
_RECOVERS_PER_SECOND = 1 / 30
# The least that counts as the rate of one without a limit, when a provider limits it.
_FALLBACK_PER_SECOND = 10.0
# A little more than a second, since clocks are rounded.
_WINDOW_SECONDS = 1.001


class Turns:
    """Let at most ``per_second`` through in any second, evenly; None is no limit.

    Above one it is rounded down, since what is more does not fit into every second;
    below one each waits for its whole pause. After ``slow_down`` half as
    many go through, and a thirtieth of the rate more with every second that passes.

    Raises ConfigurationError unless the rate is positive.
    """

    def __init__(self, clock: Clock, per_second: float | None) -> None:
        if per_second is not None and not is_positive(per_second):
            raise ConfigurationError("expected a rate above 0 per second")
        if per_second is not None and per_second > 1:
            per_second = float(math.floor(per_second))
        self._clock = clock
        self._limit = per_second
        self._rate = math.inf if per_second is None else per_second
        # Late timers make up for nothing where one goes at a time.
        self._window = _WINDOW_SECONDS / min(1.0, self._rate)
        self._factor = 1.0
        self._factor_at = clock.monotonic()
        self._next = self._next_soon = -math.inf
        self._passed: deque[float] = deque()
        self._free_rate = 0.0
        self._second_began, self._in_second = -math.inf, 0
        # First come, first served.
        self._door = anyio.Lock(fast_acquire=True)
        self._is_ended = False
        self._waiting: set[anyio.CancelScope] = set()

    @property
    def is_free(self) -> bool:
        """Whether there is no limit now, so that nobody waits."""
        return math.isinf(self._rate)

    async def turn(self, *, is_late: bool = False) -> bool:
        """Wait for one's turn; whoever returns with True sends at once.

        After ``end`` it is False, except for those who are late: they finish something.
        """
        if self._is_ended and not is_late:
            return False
        if self.is_free:
            self._note_free()
            return True
        with anyio.CancelScope() as waiting:
            if not is_late:
                self._waiting.add(waiting)
            try:
                await self._stand_in_line()
                return True
            finally:
                self._waiting.discard(waiting)
        return False

    def end(self) -> None:
        """Let nobody through any more who begins something."""
        self._is_ended = True
        for waiting in tuple(self._waiting):
            waiting.cancel()

    async def _stand_in_line(self) -> None:
        async with self._door:
            while (wait := self._wait(self._clock.monotonic())) > 0:
                await self._clock.sleep(wait)
            now = self._clock.monotonic()
            self._next = _after(self._next, now, self._pause(now))
            self._passed.append(now)

    async def soon(self) -> None:
        """Wait until a turn will come about at once, without taking it."""
        if self.is_free:
            return
        now = self._clock.monotonic()
        wait = self._next_soon - now
        self._next_soon = _after(self._next_soon, now, self._pause(now))
        if wait > 0:
            await self._clock.sleep(wait)

    def begin_later(self) -> None:
        """Let nobody through until what others may have sent is a second ago."""
        if not self.is_free:
            self._next = self._next_soon = self._clock.monotonic() + self._window

    def slow_down(self) -> None:
        """Halve the rate: the provider says that it is too much."""
        now = self._clock.monotonic()
        if self.is_free:
            self._rate = max(self._free_rate, self._in_second, _FALLBACK_PER_SECOND)
        self._factor = max(_SLOWEST, self._factor_of(now) / 2)
        self._factor_at = now

    def _note_free(self) -> None:
        # Without a limit only the number per second is kept, to begin with at need.
        now = self._clock.monotonic()
        if now >= self._second_began + 1.0:
            self._free_rate = float(self._in_second)
            self._second_began, self._in_second = now, 0
        self._in_second += 1

    def _wait(self, now: float) -> float:
        self._forget(now)
        wait = self._next - now
        most = self._most_in_window()
        if len(self._passed) >= most:
            wait = max(wait, self._passed[-most] + self._window - now)
        return wait

    def _most_in_window(self) -> int:
        return max(1, math.floor(self._limit)) if self._limit else len(self._passed) + 1

    def _forget(self, now: float) -> None:
        while self._passed and self._passed[0] <= now - self._window:
            self._passed.popleft()

    def _pause(self, now: float) -> float:
        factor = self._factor_of(now)
        if factor == 1.0 and self._limit is None:
            self._rate = math.inf
        return 1 / (self._rate * factor)

    def _factor_of(self, now: float) -> float:
        passed = now - self._factor_at
        return min(1.0, self._factor + passed * _RECOVERS_PER_SECOND)


class Pace:
    """Hold the turns of calls and leases, and those of questions about them."""

    def __init__(
        self,
        clock: Clock,
        *,
        calls_per_second: float | None,
        checks_per_second: float | None,
    ) -> None:
        self.calls = Turns(clock, calls_per_second)
        self.checks = Turns(clock, checks_per_second)

    def begin_later(self) -> None:
        """Let nobody through until what others may have sent is a second ago."""
        self.calls.begin_later()
        self.checks.begin_later()

    def turns(self, replay: Replay) -> Turns:
        """Return the turns that such an operation takes."""
        is_check = replay in (Replay.SAFE, Replay.CONSUMING)
        return self.checks if is_check else self.calls


def _after(due: float, now: float, pause: float) -> float:
    return max(due, now - _CATCHES_UP_SECONDS) + pause
