"""MemoryLedger: for a job that need not survive the process."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import islice

from attrs import evolve

from .job import Job
from .row import Row, RowState


class MemoryLedger:
    """Keep the rows of one job in memory, all of them."""

    def __init__(self) -> None:
        self._job: Job | None = None
        self._rows: list[Row] = []
        self._phones: set[str] = set()

    async def open(self) -> Job | None:
        """Return the job that it belongs to, None for a new one."""
        return self._job

    async def aclose(self) -> None:
        """Do nothing: there is nothing to close."""

    async def add(self, rows: Sequence[Row], job: Job) -> int:
        """Add rows, and how far the source was read; return how many were there."""
        already = 0
        for row in rows:
            if row.phone is not None and row.phone.e164 in self._phones:
                already += 1
                continue
            if row.phone is not None:
                self._phones.add(row.phone.e164)
            self._rows.append(evolve(row, id=len(self._rows) + 1))
        self._job = evolve(job, duplicates=job.duplicates + already)
        return already

    async def write(self, row: Row) -> None:
        """Replace the row with this id."""
        self._rows[row.id - 1] = row

    async def queued(self, after: int, most: int) -> Sequence[Row]:
        """Return the queued rows with the next ids after that, in their order."""
        later = (self._rows[at] for at in range(after, len(self._rows)))
        return list(islice(filter(_is_queued, later), most))

    async def begun(self) -> Sequence[Row]:
        """Return the rows that were begun and not settled, in their order."""
        return [
            row
            for row in self._rows
            if not row.is_settled and row.state is not RowState.QUEUED
        ]

    async def counts(self) -> Mapping[RowState, int]:
        """Return how many rows are in each state."""
        return Counter(row.state for row in self._rows)

    async def rows(self) -> AsyncIterator[Row]:
        """Return all rows in their order."""
        for row in self._rows:
            yield row


def _is_queued(row: Row) -> bool:
    return row.state is RowState.QUEUED
