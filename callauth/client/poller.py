"""Poller: asks about everything that is pending, one timer for all.

Entries wait in a heap by when they are due. One alarm is set, for the first of them;
there is no task per entry, only one per check that is on its way. Checks start at an
even pace, so that never more than ``checks_per_second`` begin in any second.
"""

from __future__ import annotations

import asyncio
import heapq
import math
import random
from functools import partial
from itertools import count
from typing import Any, Generic, Protocol, TypeVar

from attrs import define, frozen

from ..errors import CallAuthError, ConfigurationError, RateLimited
from ..models.lease import LATE_SECONDS
from ..protocol.retry import LONGEST_RETRY_AFTER_SECONDS
from ..protocol.schedule import PollSchedule
from ..transport.port import Clock, Timer
from .tasks import Tasks

T = TypeVar("T")

# An alarm may ring a moment early, since clocks are rounded.
_EARLY_SECONDS = 0.01
_ROUNDING_SECONDS = 1e-6
# A timer for each of a thousand checks a second would cost more than they do.
_BURST_SECONDS = 1e-3


@frozen
class Done(Generic[T]):
    """Hold what the wait ends with."""

    value: T


@frozen
class Later:
    """Ask again, but not for so many seconds."""

    seconds: float

    @classmethod
    def after(cls, error: RateLimited) -> Later:
        """Return the pause that the provider asks for, 30 seconds at most."""
        return cls(min(error.retry_after or 0.0, LONGEST_RETRY_AFTER_SECONDS))


class Watch(Protocol[T]):
    """Something that is pending and can be asked about."""

    @property
    def last_check_at(self) -> float:
        """Return when the last check is due, on the monotonic clock."""

    async def check(self, *, is_last: bool) -> Done[T] | Later | None:
        """Return the end of the wait, None or Later while it is pending.

        The last check ends the wait in any case. What it raises ends it, too.
        """

    def over(self) -> T:
        """Return how the wait ends when there was no turn for the last check."""


@define(eq=False)
class _Entry(Generic[T]):
    watch: Watch[T]
    ended: asyncio.Future[None]
    value: Done[T] | None = None
    error: Exception | None = None
    checks: int = 0

    def end(
        self, *, value: Done[T] | None = None, error: Exception | None = None
    ) -> None:
        if not self.ended.done():
            self.value, self.error = value, error
            self.ended.set_result(None)


class Poller:
    """Check all pending entries of one client in their turn."""

    def __init__(self, clock: Clock, schedule: PollSchedule, tasks: Tasks) -> None:
        self._clock = clock
        self._schedule = schedule
        self._tasks = tasks
        self._queue: list[tuple[float, int, _Entry[Any]]] = []
        self._numbers = count()
        self._ends: list[tuple[float, int, _Entry[Any]]] = []
        self._checking: set[_Entry[Any]] = set()
        self._next_start = 0.0
        # What begins early in a burst is made up for over the second.
        self._pace = (1.0 + 2 * _BURST_SECONDS) / schedule.checks_per_second
        self._alarm: Timer | None = None
        self._alarm_at = math.inf
        self._is_closed = False

    async def wait(self, watch: Watch[T]) -> T:
        """Return how the pending thing ends, at the latest with its last check.

        Raises what a check raises, ConfigurationError when the client is closed.
        """
        entry = self._enter(watch)
        try:
            await entry.ended
        finally:
            # A caller who is cancelled leaves an entry that nobody checks any more.
            entry.ended.cancel()
            self._set_alarm()
        if entry.error is not None:
            raise entry.error
        assert entry.value is not None  # noqa: S101 - end() sets one of the two
        return entry.value.value

    def follow(self, watch: Watch[None]) -> None:
        """Check until it ends; the watch itself does something about that.

        Raises ConfigurationError when the client is closed.
        """
        self._enter(watch)

    def close(self) -> None:
        """End every wait; one whose check is on its way ends with its answer."""
        self._is_closed = True
        pending = [entry for _, _, entry in self._ends]
        self._queue.clear()
        self._ends.clear()
        for entry in pending:
            if entry not in self._checking:
                entry.end(error=_closed())
        self._set_alarm()

    def _enter(self, watch: Watch[T]) -> _Entry[T]:
        self._tasks.require_open()
        entry: _Entry[T] = _Entry(watch, asyncio.get_running_loop().create_future())
        end = watch.last_check_at + LATE_SECONDS
        heapq.heappush(self._ends, (end, next(self._numbers), entry))
        self._put(entry)
        return entry

    def _put(self, entry: _Entry[T], at_least: float = 0.0) -> None:
        now = self._clock.monotonic()
        chance = random.random()  # noqa: S311 - jitter
        delay = max(at_least, self._schedule.delay_seconds(entry.checks, chance))
        due = max(now, min(now + delay, entry.watch.last_check_at))
        heapq.heappush(self._queue, (due, next(self._numbers), entry))
        self._set_alarm()

    def _set_alarm(self) -> None:
        _drop_ended(self._queue)
        _drop_ended(self._ends)
        moments = []
        if self._ends:
            moments.append(self._ends[0][0])
        if self._queue and len(self._checking) < self._schedule.checks_in_flight:
            moments.append(max(self._queue[0][0], self._next_start))
        moment = min(moments, default=math.inf)
        if self._alarm is not None:
            if moment == self._alarm_at:
                return
            self._alarm.cancel()
            self._alarm = None
        if moments:
            self._alarm_at = moment
            delay = max(0.0, moment - self._clock.monotonic())
            self._alarm = self._clock.call_later(delay, self._on_alarm)

    def _on_alarm(self) -> None:
        self._alarm = None
        now = self._clock.monotonic()
        while self._ends and self._ends[0][0] <= now + _EARLY_SECONDS:
            self._end(heapq.heappop(self._ends)[2])
        while self._may_start(now):
            self._start(heapq.heappop(self._queue)[2], now)
        self._set_alarm()

    def _may_start(self, now: float) -> bool:
        is_free = len(self._checking) < self._schedule.checks_in_flight
        if not (self._queue and is_free):
            return False
        early = _BURST_SECONDS if self._pace < _BURST_SECONDS else _ROUNDING_SECONDS
        return max(self._queue[0][0], self._next_start) <= now + early

    def _end(self, entry: _Entry[Any]) -> None:
        # A check that is on its way has its own end, and may still say yes.
        if entry not in self._checking:
            over = entry.watch.over()
            entry.end(value=Done(over))

    def _start(self, entry: _Entry[Any], now: float) -> None:
        self._next_start = max(now, self._next_start) + self._pace
        self._checking.add(entry)
        self._tasks.start(partial(self._check, entry))

    async def _check(self, entry: _Entry[T]) -> None:
        now = self._clock.monotonic()
        is_last = now >= entry.watch.last_check_at - _EARLY_SECONDS
        entry.checks += 1
        pause = 0.0
        try:
            done = await entry.watch.check(is_last=is_last)
            if isinstance(done, Done):
                entry.end(value=done)
            elif done is not None:
                pause = done.seconds
        except CallAuthError as error:
            entry.end(error=error.bare())
        except Exception as error:  # noqa: BLE001 - a defect; the waiting task raises it
            entry.end(error=error)
        finally:
            self._checking.discard(entry)
            if self._is_closed:
                entry.end(error=_closed())
            if not entry.ended.done():
                self._put(entry, at_least=pause)
            self._set_alarm()


def _closed() -> ConfigurationError:
    return ConfigurationError("expected an open client until the wait ends")


def _drop_ended(heap: list[tuple[float, int, _Entry[Any]]]) -> None:
    while heap and heap[0][2].ended.done():
        heapq.heappop(heap)
