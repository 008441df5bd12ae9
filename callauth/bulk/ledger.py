"""Ledger: what a bulk run writes down before and after each call.

Any ledger with these methods will do; ``SQLiteLedger`` survives the process.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from .job import Job
from .row import Row, RowState


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
