"""SteppedLedger: a ledger with something around each operation, and broken ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from attrs import evolve

from callauth.bulk import Ledger, Row, RowState
from callauth.bulk.job import Job
from tests.verification.stepped import Around

from .orders import Defect


class SteppedLedger:
    """Keep everything in another ledger, each operation but the closing a step."""

    def __init__(self, ledger: Ledger, around: Around) -> None:
        self._ledger = ledger
        self._around = around

    async def open(self) -> Job | None:
        return await self._around(self._ledger.open())

    async def aclose(self) -> None:
        await self._ledger.aclose()

    async def add(self, rows: Sequence[Row], job: Job) -> int:
        return await self._around(self._ledger.add(rows, job))

    async def write(self, row: Row) -> None:
        await self._around(self._ledger.write(row))

    async def queued(self, after: int, most: int) -> Sequence[Row]:
        return await self._around(self._ledger.queued(after, most))

    async def begun(self) -> Sequence[Row]:
        return await self._around(self._ledger.begun())

    async def counts(self) -> Mapping[RowState, int]:
        return await self._around(self._ledger.counts())

    def rows(self) -> AsyncIterator[Row]:
        return self._ledger.rows()


class ForgetsCalls(SteppedLedger):
    """Let whoever comes next call the same people."""

    async def write(self, row: Row) -> None:
        if row.state is not RowState.CALLING:
            await super().write(row)


class LosesRows(SteppedLedger):
    """Let somebody wait for a call that never comes."""

    async def add(self, rows: Sequence[Row], job: Job) -> int:
        return await super().add(rows[:-1] if len(rows) > 1 else rows, job)


class CallsAllConfirmed(SteppedLedger):
    """Let those pass who were never reached."""

    async def write(self, row: Row) -> None:
        state = RowState.CONFIRMED if row.is_settled else row.state
        await super().write(evolve(row, state=state))


LEDGERS: Mapping[Defect, type[SteppedLedger]] = {
    Defect.NONE: SteppedLedger,
    Defect.FORGETS_CALLS: ForgetsCalls,
    Defect.LOSES_ROWS: LosesRows,
    Defect.CALLS_ALL_CONFIRMED: CallsAllConfirmed,
}
