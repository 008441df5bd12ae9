"""Feed: gives out queued rows, and takes back what may be called once more."""

from __future__ import annotations

from collections import Counter, deque

import anyio

from ..transport.port import Clock, Timer
from .ledger import Ledger
from .row import Row

_AT_ONCE = 500
_AGAIN_SECONDS = 5.0
_MOST_TIMES = 5


class Feed:
    """Hold the next rows of a ledger, a few at a time.

    ``taken`` says of how many rows it is not known yet whether they come back.
    """

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._rows: deque[Row] = deque()
        self._last_id = 0
        self._taken = 0
        self._times: Counter[int] = Counter()
        self._timers: dict[int, Timer] = {}
        self._is_ended = False
        self._is_whole = False
        self._change = anyio.Event()
        self._reading = anyio.Lock()

    async def next(self) -> Row | None:
        """Return the next row, None when there will be no more."""
        while not self._is_ended:
            if not self._rows:
                await self._read()
            if self._rows:
                self._taken += 1
                return self._rows.popleft()
            if self._is_whole and not self._taken and not self._timers:
                return None
            await self._change.wait()
        return None

    def settle(self, row: Row) -> None:
        """Say that the row does not come back."""
        self._taken -= 1
        self._times.pop(row.id, None)
        self._tell()

    def again(self, row: Row) -> bool:
        """Give the row out once more in a while; False when that was done too often."""
        self._times[row.id] += 1
        if self._times[row.id] >= _MOST_TIMES:
            return False
        self._taken -= 1
        pause = _AGAIN_SECONDS * 2 ** (self._times[row.id] - 1)
        self._timers[row.id] = self._clock.call_later(pause, lambda: self._put(row))
        return True

    def keep(self) -> None:
        """Leave the row that was taken in the ledger, for another run."""
        self._taken -= 1
        self._tell()

    def more(self, *, is_whole: bool) -> None:
        """Say that the ledger has more rows, or all of them."""
        self._is_whole = is_whole
        self._tell()

    def end(self) -> None:
        """Give out nothing any more."""
        self._is_ended = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._tell()

    async def _read(self) -> None:
        async with self._reading:
            if not self._rows:
                rows = await self._ledger.queued(self._last_id, _AT_ONCE)
                self._rows.extend(rows)
                if rows:
                    self._last_id = rows[-1].id

    def _put(self, row: Row) -> None:
        del self._timers[row.id]
        self._rows.append(row)
        self._tell()

    def _tell(self) -> None:
        change, self._change = self._change, anyio.Event()
        change.set()
