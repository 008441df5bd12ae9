"""Ledger: what a bulk run writes down before and after each call.

Any ledger with these methods will do; ``SQLiteLedger`` survives the process.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

from ..errors import ConfigurationError
from .job import Job
from .row import Row, RowState

_WORKED_ON: set[int] = set()


class Ledger(Protocol):
    """Keep the rows of one job."""

    async def open(self) -> Job | None:
        """Open it; return the job that it belongs to, None for a new one."""

    async def aclose(self) -> None:
        """Close it; calling it again does nothing."""

    async def add(self, rows: Sequence[Row], job: Job) -> int:
        """Add rows with ids of the ledger's own, and how far the source was read.

        A number that is there already is left out; return how many were. In one step:
        either all of it is kept, or nothing.
        """

    async def write(self, row: Row) -> None:
        """Replace the row with this id; once it returns, the row survives a crash."""

    async def queued(self, after: int, most: int) -> Sequence[Row]:
        """Return the queued rows with the next ids after that, in their order."""

    async def begun(self) -> Sequence[Row]:
        """Return the rows that a process has begun and not settled, in their order."""

    async def counts(self) -> Mapping[RowState, int]:
        """Return how many rows are in each state."""

    def rows(self) -> AsyncIterator[Row]:
        """Return all rows in their order, some at a time."""


@contextmanager
def worked_on(ledger: Ledger) -> Iterator[None]:
    """Keep the other runs of this process off the ledger.

    Two that work on one job would call everybody twice. Raises ConfigurationError when
    another run works on it.
    """
    if id(ledger) in _WORKED_ON:
        raise ConfigurationError("expected a ledger that no other run works on")
    _WORKED_ON.add(id(ledger))
    try:
        yield
    finally:
        _WORKED_ON.discard(id(ledger))
