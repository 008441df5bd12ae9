"""Feed: gives out queued rows, and takes back what may be called once more."""

from __future__ import annotations

import asyncio
from collections import Counter, deque

import anyio

from ..transport.port import Clock, Timer
from .ledger import Ledger
from .row import Row

_AT_ONCE = 500
# Half an hour in all: a provider may turn everybody away for a while.
_AGAIN_SECONDS = 5.0
_LONGEST_PAUSE_SECONDS = 300.0
_MOST_TIMES = 12


class Feed:
    """Hold the next rows of a ledger, a few at a time."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._rows: deque[Row] = deque()
        self._last_id = 0
        # Of so many rows it is not known yet whether they come back.
        self._taken = 0
        self._times: Counter[int] = Counter()
        self._timers: dict[int, Timer] = {}
        self._is_ended = False
        self._is_whole = False
        # Whether the ledger has no more rows for now.
        self._is_drained = False
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._reading = anyio.Lock()

    async def next(self) -> Row | None:
        """Return the next row, None when there will be no more."""
        while not self._is_ended:
            if not (self._rows or self._is_drained):
                await self._read()
            if self._rows:
                self._taken += 1
                return self._rows.popleft()
            if self._is_finished():
                self._wake(len(self._waiting))
                return None
            if self._is_drained:
                await self._wait()
        return None

    def give(self, row: Row) -> None:
        """Give out this row as well, which is not queued in the ledger."""
        self._rows.append(row)
        self._wake(1)

    def settle(self, row: Row) -> None:
        """Say that the row does not come back."""
        self._times.pop(row.id, None)
        self.keep()

    def again(self, row: Row) -> bool:
        """Give the row out once more in a while; False when that was done too often."""
        if self._is_ended:
            # Another run will.
            self._taken -= 1
            return True
        self._times[row.id] += 1
        if self._times[row.id] >= _MOST_TIMES:
            return False
        self._taken -= 1
        growing = _AGAIN_SECONDS * 2 ** (self._times[row.id] - 1)
        pause = min(growing, _LONGEST_PAUSE_SECONDS)
        self._timers[row.id] = self._clock.call_later(pause, lambda: self._put(row))
        return True

    def keep(self) -> None:
        """Leave the row that was taken in the ledger, for another run."""
        self._taken -= 1
        if self._is_finished():
            self._wake(len(self._waiting))

    def more(self, *, is_whole: bool) -> None:
        """Say that the ledger has more rows, or all of them."""
        self._is_whole = is_whole
        self._is_drained = False
        # Whoever wakes reads, and wakes the others.
        self._wake(1)

    def end(self) -> None:
        """Give out nothing any more."""
        self._is_ended = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._wake(len(self._waiting))

    async def _read(self) -> None:
        async with self._reading:
            if self._rows or self._is_drained:
                return
            self._is_drained = True
            rows = await self._ledger.queued(self._last_id, _AT_ONCE)
            self._rows.extend(rows)
            if rows:
                self._is_drained = False
                self._last_id = rows[-1].id
                self._wake(len(rows))

    def _is_finished(self) -> bool:
        # While somebody reads, the next rows may be on their way.
        is_drained = self._is_drained and not self._reading.locked()
        is_read = self._is_whole and is_drained and not self._rows
        return is_read and not self._taken and not self._timers

    def _put(self, row: Row) -> None:
        del self._timers[row.id]
        self.give(row)

    async def _wait(self) -> None:
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        await waiting

    def _wake(self, most: int) -> None:
        while most and self._waiting:
            waiting = self._waiting.popleft()
            # One that was cancelled has left.
            if not waiting.done():
                waiting.set_result(None)
                most -= 1
