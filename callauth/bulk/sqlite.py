"""SQLiteLedger: one file for one job, which one process at a time works on."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TypeAlias, TypeVar

from ..errors import ConfigurationError
from ..models.phone import PhoneNumber
from ..sqlite.connection import connect
from ..sqlite.errors import opening_error
from ..sqlite.moments import kept, restored
from ..sqlite.thread import ConnectionThread, Work
from ..sqlite.writer import Writer
from .job import Job
from .row import Row, RowState
from .schema import LEDGER_SCHEMA

T = TypeVar("T")
_Columns: TypeAlias = tuple[
    int, int | None, str, str, str | None, str | None, int | None, int | None, str
]

_SELECT = """
    SELECT id, phone, text, state, key, placed, called_at, settled_at, reason FROM rows
"""
_INSERT = """
    INSERT INTO rows (phone, text, state, key, placed, called_at, settled_at, reason)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (phone) DO NOTHING
"""
_UPDATE = """
    UPDATE rows SET state = ?, key = ?, placed = ?, called_at = ?, settled_at = ?,
        reason = ?
    WHERE id = ?
"""
_JOB = "SELECT channel, read, digest, duplicates, is_read_whole FROM job"
_WRITE_JOB = "INSERT OR REPLACE INTO job VALUES (1, ?, ?, ?, ?, ?)"
_QUEUED = f"{_SELECT} WHERE id > ? AND state = 'queued' ORDER BY id LIMIT ?"
_BEGUN = f"""
    {_SELECT} WHERE settled_at IS NULL AND state <> 'queued' ORDER BY id
"""
_COUNTS = "SELECT state, count(*) FROM rows GROUP BY state"
_NEXT = f"{_SELECT} WHERE id > ? ORDER BY id LIMIT ?"
_AT_ONCE = 10_000
# A call takes seconds; this much later its steps are written by the hundred.
_LINGER_SECONDS = 0.01


class SQLiteLedger:
    """Keep the rows of one job in a file of SQLite.

    The file is made when it is not there, for its owner only. What a method reports is
    on the disk. It holds whole numbers, and no pin.

    Each method raises StoreError when the disk is full or broken. While it is open no
    other process can use it: two that work on one job would call everybody twice.
    """

    def __init__(self, path: str | PathLike[str], *, busy_seconds: float = 1.0) -> None:
        self._connect = partial(_connect, Path(path), busy_seconds)
        self._writer: Writer | None = None

    async def open(self) -> Job | None:
        """Open it; return the job that it belongs to, None for a new one.

        Raises ConfigurationError when the file is no ledger or cannot be written,
        StoreError when another process has it.
        """
        if self._writer is None:
            thread = ConnectionThread()
            await thread.open(self._connect)
            self._writer = Writer(thread, linger_seconds=_LINGER_SECONDS)
        try:
            return await self._do(_job, is_read=True)
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Finish what was asked and close it; calling it again does nothing."""
        writer, self._writer = self._writer, None
        if writer is not None:
            await writer.aclose()

    async def add(self, rows: Sequence[Row], job: Job) -> int:
        """Add rows, and how far the source was read; return how many were there."""
        values = [_columns(row)[1:] for row in rows]
        return await self._do(partial(_add, values, job))

    async def write(self, row: Row) -> None:
        """Replace the row with this id; once it returns, the row survives a crash."""
        row_id, _, _, *changed = _columns(row)
        await self._do(partial(_update, (*changed, row_id)))

    async def queued(self, after: int, most: int) -> Sequence[Row]:
        """Return the queued rows with the next ids after that, in their order."""
        return await self._rows(_QUEUED, after, most)

    async def begun(self) -> Sequence[Row]:
        """Return the rows that a process has begun and not settled, in their order."""
        return await self._rows(_BEGUN)

    async def counts(self) -> Mapping[RowState, int]:
        """Return how many rows are in each state."""
        found = await self._do(
            lambda cursor: cursor.execute(_COUNTS).fetchall(), is_read=True
        )
        return {RowState(state): number for state, number in found}

    async def rows(self) -> AsyncIterator[Row]:
        """Return all rows in their order, some at a time."""
        after = 0
        while found := await self._rows(_NEXT, after, _AT_ONCE):
            for row in found:
                yield row
            after = found[-1].id

    async def _rows(self, statement: str, *values: int) -> list[Row]:
        return await self._do(
            lambda cursor: [_row(*row) for row in cursor.execute(statement, values)],
            is_read=True,
        )

    async def _do(self, work: Work[T], *, is_read: bool = False) -> T:
        if self._writer is None:
            raise ConfigurationError("expected a ledger that is open")
        return await self._writer.put(work, is_read=is_read)


def _connect(path: Path, busy_seconds: float) -> sqlite3.Connection:
    connection = connect(path, LEDGER_SCHEMA, busy_seconds=busy_seconds)
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        # Taken by the first change, and let go of by the end of the process.
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        connection.close()
        raise opening_error(error, LEDGER_SCHEMA.kind) from None
    return connection


def _job(cursor: sqlite3.Cursor) -> Job | None:
    found = cursor.execute(_JOB).fetchone()
    if found is None:
        return None
    channel, read, digest, duplicates, is_read_whole = found
    return Job(
        channel=channel,
        read=read,
        digest=digest,
        duplicates=duplicates,
        is_read_whole=bool(is_read_whole),
    )


def _add(values: Sequence[tuple[object, ...]], job: Job, cursor: sqlite3.Cursor) -> int:
    added = cursor.executemany(_INSERT, values).rowcount if values else 0
    already = len(values) - added
    duplicates = job.duplicates + already
    written = (job.channel, job.read, job.digest, duplicates, job.is_read_whole)
    cursor.execute(_WRITE_JOB, written)
    return already


def _update(values: tuple[object, ...], cursor: sqlite3.Cursor) -> None:
    cursor.execute(_UPDATE, values)


def _columns(row: Row) -> _Columns:
    return (
        row.id,
        None if row.phone is None else int(row.phone.e164[1:]),
        row.text,
        row.state.value,
        row.key,
        row.placed,
        None if row.called_at is None else kept(row.called_at),
        None if row.settled_at is None else kept(row.settled_at),
        row.reason,
    )


def _row(
    row_id: int,
    phone: int | None,
    text: str,
    state: str,
    key: str | None,
    placed: str | None,
    called_at: int | None,
    settled_at: int | None,
    reason: str,
) -> Row:
    return Row(
        id=row_id,
        phone=None if phone is None else PhoneNumber(f"+{phone}"),
        text=text,
        state=RowState(state),
        key=key,
        placed=placed,
        called_at=None if called_at is None else restored(called_at),
        settled_at=None if settled_at is None else restored(settled_at),
        reason=reason,
    )
