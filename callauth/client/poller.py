"""Poller: asks about everything that is pending, one timer for all.

Entries wait in a wheel by when they are due, and in another one by when they end. One
alarm is set, for the first of them; there is no task per entry, only one per check that
is on its way, and no object either, only a number. Checks start at an even pace, so
that never more than ``checks_per_second`` begin in any second.
"""

from __future__ import annotations

import asyncio
import math
import random
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from attrs import define, frozen

from ..errors import CallAuthError, ConfigurationError, RateLimited
from ..models.lease import LATE_SECONDS
from ..protocol.retry import LONGEST_RETRY_AFTER_SECONDS
from ..protocol.schedule import PollSchedule
from ..transport.port import Clock, Timer
from .entries import Entries
from .tasks import Tasks
from .wheel import Wheel

T = TypeVar("T")
K = TypeVar("K")
K_contra = TypeVar("K_contra", contravariant=True)

# An alarm may ring a moment early, since clocks are rounded.
_EARLY_SECONDS = 0.01
_ROUNDING_SECONDS = 1e-6
# A timer for each of a thousand checks a second would cost more than they do.
_BURST_SECONDS = 2e-3
# Then a timer that rings late is made up for, by so much.
_CATCHES_UP_SECONDS = 0.01
# After a suspend everything may be over at once; the loop gets its turn in between.
_AT_ONCE = 1000


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


class Asker(Protocol[K_contra]):
    """Whoever asks about many pending things, each known by a key.

    A key that the garbage collector does not track, such as text, keeps it fast.
    """

    async def check(self, key: K_contra, *, is_last: bool) -> Done[None] | Later | None:
        """Return Done when that one has ended, None or Later while it is pending.

        The last check ends it in any case. What it raises ends it, too, and is reported
        to the event loop unless it is an error of ours.
        """

    def over(self, key: K_contra) -> None:
        """Hear that it ended because there was no turn for the last check."""


class Poller:
    """Check all pending entries of one client in their turn; ``len`` counts them."""

    def __init__(self, clock: Clock, schedule: PollSchedule, tasks: Tasks) -> None:
        self._clock = clock
        self._schedule = schedule
        self._tasks = tasks
        self._entries: Entries[Asker[Any]] = Entries()
        self._due = Wheel()
        self._ends = Wheel()
        self._waits: set[_Wait[Any]] = set()
        self._checking: set[int] = set()
        self._next_start = 0.0
        # What begins early or late is made up for over the second.
        is_burst = schedule.checks_per_second * _BURST_SECONDS > 1
        self._early = _BURST_SECONDS if is_burst else _ROUNDING_SECONDS
        self._late = _CATCHES_UP_SECONDS if is_burst else 0.0
        slack = 2 * _BURST_SECONDS + self._late
        self._pace = (1.0 + slack) / schedule.checks_per_second
        self._alarm: Timer | None = None
        self._alarm_at = math.inf
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._entries)

    async def wait(self, watch: Watch[T]) -> T:
        """Return how the pending thing ends, at the latest with its last check.

        Raises what a check raises, ConfigurationError when the client is closed.
        """
        wait = _Wait(watch, asyncio.get_running_loop().create_future())
        wait.number = self._enter(wait, None, watch.last_check_at)
        self._waits.add(wait)
        try:
            await wait.ended
        finally:
            self._waits.discard(wait)
            self._leave(wait)
        return wait.result()

    def follow(self, asker: Asker[K], key: K, *, last_check_at: float) -> None:
        """Check until it ends; the asker itself does something about that.

        Raises ConfigurationError when the client is closed.
        """
        self._enter(asker, key, last_check_at)

    def close(self) -> None:
        """End every wait; one whose check is on its way ends with its answer."""
        self._is_closed = True
        self._entries, self._due, self._ends = Entries(), Wheel(), Wheel()
        self._refuse_waits()
        self._set_alarm()

    def _enter(self, asker: Asker[K], key: K, last_check_at: float) -> int:
        self._tasks.require_open()
        if self._is_closed:
            raise _closed()
        number = self._entries.add(asker, key, last_check_at)
        end = last_check_at + LATE_SECONDS
        self._ends.put(end, number)
        if min(end, self._put(number)) < self._alarm_at:
            self._set_alarm()
        return number

    def _leave(self, wait: _Wait[T]) -> None:
        # A caller who is cancelled leaves an entry that nobody checks any more.
        wait.ended.cancel()
        if not self._is_closed and self._entries.askers[wait.number] is wait:
            self._entries.end(wait.number)
            self._set_alarm()

    def _refuse_waits(self) -> None:
        for wait in self._waits:
            if wait.number not in self._checking:
                wait.end(error=_closed())

    def _put(self, number: int, at_least: float = 0.0) -> float:
        """Let it be checked again, and return when."""
        now = self._clock.monotonic()
        chance = random.random()  # noqa: S311 - jitter
        checks = self._entries.checks[number]
        delay = max(at_least, self._schedule.delay_seconds(checks, chance))
        last = self._entries.last_checks_at[number]
        due = now + delay
        # One that comes just before the last would count as the last, and end too soon.
        due = max(now, last if due > last - _EARLY_SECONDS else due)
        self._due.put(due, number)
        return due

    def _set_alarm(self) -> None:
        moment = self._next_moment()
        if moment == self._alarm_at:
            return
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._alarm_at = moment
        if moment < math.inf:
            delay = max(0.0, moment - self._clock.monotonic())
            self._alarm = self._clock.call_later(delay, self._on_alarm)

    def _next_moment(self) -> float:
        if not self._entries:
            return math.inf
        moment = self._ends.next_moment()
        if not self._is_full():
            moment = min(moment, max(self._due.next_moment(), self._next_start))
        return moment

    def _on_alarm(self) -> None:
        self._alarm, self._alarm_at = None, math.inf
        now = self._clock.monotonic()
        try:
            # What is over is not asked about any more, so those come first.
            if self._end_due(now):
                self._start_due(now)
        finally:
            self._set_alarm()

    def _end_due(self, now: float) -> bool:
        """End what is over, and say whether that was all."""
        for _ in range(_AT_ONCE):
            number = self._ends.pop(now + _EARLY_SECONDS)
            if number is None:
                return True
            self._end(number)
        return False

    def _end(self, number: int) -> None:
        asker, key = self._entries.askers[number], self._entries.keys[number]
        self._entries.let_go(number)
        # A check that is on its way has its own end, and may still say yes.
        if asker is not None and number not in self._checking:
            self._entries.end(number)
            asker.over(key)

    def _start_due(self, now: float) -> None:
        soon = now + self._early
        for _ in range(_AT_ONCE):
            number = self._due.peek(soon)
            if number is None:
                return
            # What has ended takes no turn, and makes room at once.
            is_pending = self._entries.askers[number] is not None
            if is_pending and (self._is_full() or self._next_start > soon):
                return
            self._due.pop(soon)
            if is_pending:
                self._start(number, now)
            else:
                self._entries.let_go(number)

    def _is_full(self) -> bool:
        return len(self._checking) >= self._schedule.checks_in_flight

    def _start(self, number: int, now: float) -> None:
        entries = self._entries
        asker, key = entries.askers[number], entries.keys[number]
        assert asker is not None  # noqa: S101 - it is pending
        self._next_start = max(now - self._late, self._next_start) + self._pace
        self._checking.add(number)
        entries.checks[number] += 1
        is_last = now >= entries.last_checks_at[number] - _EARLY_SECONDS
        self._tasks.start(partial(self._check, number, asker, key, is_last=is_last))

    async def _check(
        self, number: int, asker: Asker[K], key: K, *, is_last: bool
    ) -> None:
        done: Done[None] | Later | None = None
        try:
            done = await asker.check(key, is_last=is_last)
        except Exception:
            done = Done(None)
            raise
        finally:
            was_full = self._is_full()
            self._checking.discard(number)
            if self._is_closed:
                self._refuse_waits()
            elif self._settle(number, done) < self._alarm_at or was_full:
                self._set_alarm()

    def _settle(self, number: int, done: Done[None] | Later | None) -> float:
        """Return the moment from which on the alarm may have to be another one."""
        entries = self._entries
        if isinstance(done, Done):
            entries.end(number)
        if entries.askers[number] is not None:
            return self._put(number, done.seconds if isinstance(done, Later) else 0.0)
        entries.let_go(number)
        # Without anything pending there is no alarm.
        return math.inf if entries else -math.inf


@define(eq=False)
class _Wait(Generic[T]):
    """Ask for one who waits, and wake them with the end."""

    watch: Watch[T]
    ended: asyncio.Future[None]
    number: int = -1
    value: Done[T] | None = None
    error: Exception | None = None

    async def check(self, _: None, *, is_last: bool) -> Done[None] | Later | None:
        """Ask once; a defect is raised where somebody waits."""
        try:
            done = await self.watch.check(is_last=is_last)
        except CallAuthError as error:
            self.end(error=error.bare())
        except Exception as error:  # noqa: BLE001 - a defect; the waiting task raises it
            self.end(error=error)
        else:
            if not isinstance(done, Done):
                return done
            self.end(value=done)
        return Done(None)

    def over(self, _: None) -> None:
        """End without having been asked in time."""
        self.end()

    def end(
        self, *, value: Done[T] | None = None, error: Exception | None = None
    ) -> None:
        """Wake whoever waits; the first end counts."""
        if not self.ended.done():
            self.value, self.error = value, error
            self.ended.set_result(None)

    def result(self) -> T:
        """Return or raise what it has ended with."""
        if self.error is not None:
            raise self.error
        # Asked here, so that a defect in it, too, is raised where somebody waits.
        return self.watch.over() if self.value is None else self.value.value


def _closed() -> ConfigurationError:
    return ConfigurationError("expected an open client until the wait ends")
