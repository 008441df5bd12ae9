"""The clock of the machine, and one that a test turns by hand."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TypeVar

import anyio
from attrs import define

from ..errors import ConfigurationError
from ..models.instant import aware
from .port import Clock, Timer

T = TypeVar("T")

# A lease must also run out while the machine is suspended, and CLOCK_MONOTONIC of Linux
# stands still then.
_SUSPEND_AWARE = getattr(time, "CLOCK_BOOTTIME", None)


class SystemClock:
    """Tell the time of this machine."""

    def now(self) -> datetime:
        """Return the wall clock in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that only ever grow, counting those of a suspend."""
        if _SUSPEND_AWARE is None:  # pragma: no cover - never on Linux
            return time.monotonic()
        return time.clock_gettime(_SUSPEND_AWARE)

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Timer:
        """Call the function once, after that many seconds."""
        return asyncio.get_running_loop().call_later(seconds, callback)

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds."""
        await asyncio.sleep(seconds)


class ManualClock:
    """Stand still until everything sleeps, then jump to the next moment that matters.

    With ``autojump=False`` it moves only by ``advance``. It is meant for tests in which
    nothing waits for sockets or threads: those it cannot see, and jumps ahead of them.
    It needs asyncio's own event loop.

    >>> import asyncio
    >>> clock = ManualClock()
    >>> asyncio.run(clock.sleep(3600))
    >>> clock.monotonic()
    3600.0
    """

    def __init__(self, start: datetime | None = None, *, autojump: bool = True) -> None:
        self._wall_at_0 = aware(start or datetime(2026, 1, 1, tzinfo=UTC))
        self._elapsed = 0.0
        self._autojump = autojump
        self._alarms: list[tuple[float, int, _Alarm]] = []
        self._numbers = count()
        self._is_watching = False
        self._is_advancing = False

    def now(self) -> datetime:
        """Return the wall clock in UTC."""
        return self._wall_at_0 + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """Return the seconds that this clock has been turned forward."""
        return self._elapsed

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Timer:
        """Call the function once, after that many seconds."""
        # Asked here to complain in the caller's frame, not in one of the loop's.
        _others_are_ready()
        due = self._elapsed + max(0.0, seconds)
        alarm = _Alarm(callback)
        heapq.heappush(self._alarms, (due, next(self._numbers), alarm))
        self._watch()
        return alarm

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds."""
        await sleep(self, seconds)

    async def advance(self, seconds: float) -> None:
        """Turn the clock forward, letting everything due happen in its order.

        Raises ConfigurationError for negative seconds and while it is advancing.
        """
        if not seconds >= 0 or self._is_advancing:
            raise ConfigurationError("expected one advance at a time, from 0 seconds")
        end = self._elapsed + seconds
        self._is_advancing = True
        try:
            await _settle()
            while (due := self._next_due()) is not None and due <= end:
                self._ring(due)
                await _settle()
            self._turn_to(end)
        finally:
            self._is_advancing = False
        self._watch()

    def step_wall(self, step: timedelta) -> None:
        """Set the wall clock off, as a time server or an operator does."""
        self._wall_at_0 += step

    def suspend(self, seconds: float) -> None:
        """Let time pass while nothing runs, as in a machine that sleeps.

        What was due meanwhile happens afterwards, all of it late.
        """
        self._turn_to(self._elapsed + seconds)

    def _watch(self) -> None:
        if self._autojump and not self._is_watching and not self._is_advancing:
            self._is_watching = True
            asyncio.get_running_loop().call_soon(self._jump_when_idle)

    def _jump_when_idle(self) -> None:
        self._is_watching = False
        due = self._next_due()
        if due is None or self._is_advancing:
            return
        try:
            if not _others_are_ready():
                self._ring(due)
        finally:
            self._watch()

    def _next_due(self) -> float | None:
        while self._alarms and self._alarms[0][2].is_cancelled:
            heapq.heappop(self._alarms)
        return self._alarms[0][0] if self._alarms else None

    def _ring(self, due: float) -> None:
        self._turn_to(max(due, self._elapsed))
        _, _, alarm = heapq.heappop(self._alarms)
        alarm.callback()

    def _turn_to(self, moment: float) -> None:
        self._elapsed = moment


async def sleep(clock: Clock, seconds: float) -> None:
    """Wait on any clock that can call later."""
    woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake() -> None:
        if not woken.done():
            woken.set_result(None)

    alarm = clock.call_later(seconds, wake)
    try:
        await woken
    finally:
        alarm.cancel()


async def within(clock: Clock, seconds: float, work: Awaitable[T]) -> T:
    """Return what the work returns, if it does so in time by that clock.

    Raises TimeoutError when it was cancelled because it took longer.
    """
    with anyio.CancelScope() as scope:
        alarm = clock.call_later(seconds, scope.cancel)
        try:
            return await work
        finally:
            alarm.cancel()
    raise TimeoutError


@define
class _Alarm:
    callback: Callable[[], object]
    is_cancelled: bool = False

    def cancel(self) -> None:
        self.is_cancelled = True


def _others_are_ready() -> bool:
    # asyncio has no public way to ask whether anything else could run now.
    ready = getattr(asyncio.get_running_loop(), "_ready", None)
    if ready is None:
        raise ConfigurationError("expected asyncio's own event loop for a ManualClock")
    return bool(ready)


async def _settle() -> None:
    await asyncio.sleep(0)
    while _others_are_ready():  # noqa: ASYNC110 - nothing announces an idle loop
        await asyncio.sleep(0)
