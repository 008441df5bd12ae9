"""SQLiteStore: one file, for one process or several on one machine."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TypeVar

from ..errors import ConfigurationError
from ..models.secret import Secret
from ..sqlite.connection import connect
from ..sqlite.moments import kept, restored
from ..sqlite.thread import ConnectionThread, Work
from ..sqlite.writer import Writer
from ..verification.counters import Charge, Refusal
from ..verification.store import Changes, Lock, Record
from .sqlite_counters import charge, refund
from .sqlite_schema import STORE_SCHEMA

T = TypeVar("T")

_POSITION = "SELECT change FROM position"
_INSERT = """
    INSERT INTO records (attempt_id, version, document, worker, purge_at, change)
    VALUES (?, ?, ?, ?, ?, 1 + (SELECT change FROM position))
    ON CONFLICT (attempt_id) DO NOTHING
"""
# Whatever a statement sets it writes into the indexes, changed or not, so what seldom
# changes is set only when it has to be.
_REPLACE_DOCUMENT = """
    UPDATE records SET version = ?, document = ?,
        change = 1 + (SELECT change FROM position)
    WHERE worker IS ? AND purge_at = ? AND attempt_id = ? AND version = ?
"""
_REPLACE_ALL = """
    UPDATE records SET version = ?, document = ?, worker = ?, purge_at = ?,
        change = 1 + (SELECT change FROM position)
    WHERE attempt_id = ? AND version = ?
"""
_SELECT = "SELECT attempt_id, version, document, worker, purge_at FROM records"
_GET = f"{_SELECT} WHERE attempt_id = ?"
_LIVE = f"{_SELECT} WHERE worker = ?"
_WORKERS = "SELECT DISTINCT worker FROM records WHERE worker IS NOT NULL"
_CHANGED = "SELECT attempt_id FROM records WHERE change > ? ORDER BY change"
_LOCK = """
    INSERT INTO locks (name, owner, until) VALUES (:name, :owner, :until)
    ON CONFLICT (name) DO UPDATE SET owner = :owner, until = :until
    WHERE owner = :owner OR until <= :now
"""
_HOLDER = "SELECT owner, until FROM locks WHERE name = ? AND until > ?"
_UNLOCK = "DELETE FROM locks WHERE name = ? AND owner = ?"
_KEEP_POSITION = "UPDATE purged SET change = (SELECT change FROM position)"
# A long transaction would keep everybody else waiting.
_AT_ONCE = 1000
_PURGE = (
    """
    DELETE FROM locks WHERE name IN (
        SELECT name FROM locks WHERE until <= :now LIMIT :at_once)
    """,
    """
    DELETE FROM hits WHERE rowid IN (
        SELECT rowid FROM hits WHERE ends_at <= :now LIMIT :at_once)
    """,
    """
    DELETE FROM records WHERE rowid IN (
        SELECT rowid FROM records WHERE purge_at <= :now LIMIT :at_once)
    """,
)


class SQLiteStore:
    """Keep attempts in a file of SQLite, for any number of processes on this machine.

    The file is made when it is not there, for its owner only; its folder must be there,
    and on a local disk. What a method reports is on the disk, since each commit is
    synchronised; callers at the same time share one, so that many at once cost little
    more than one.

    Each method raises StoreError when the disk is full or broken, or when other
    processes keep the file locked for ``busy_seconds``; nothing is done then.

    Use it in the event loop that opened it. A caller who is cancelled does not stop
    what was asked: it is done, or not. Text with a lone surrogate cannot be kept.

    >>> import asyncio, tempfile
    >>> async def count(path):
    ...     store = SQLiteStore(path)
    ...     await store.open()
    ...     try:
    ...         return await store.purge(now=datetime.now().astimezone())
    ...     finally:
    ...         await store.aclose()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     asyncio.run(count(Path(folder) / "callauth.db"))
    0
    """

    def __init__(self, path: str | PathLike[str], *, busy_seconds: float = 5.0) -> None:
        self._connect = partial(
            connect, Path(path), STORE_SCHEMA, busy_seconds=busy_seconds
        )
        self._opening = asyncio.Lock()
        self._writer: Writer | None = None

    @property
    def pepper(self) -> Secret | None:
        """None: the key must not lie beside what it protects."""
        return None

    async def open(self) -> None:
        """Open the file and bring its schema up to date; once open, do nothing.

        Raises ConfigurationError when the file is of a newer schema, cannot be written
        or is something else, StoreError when the disk is full or others keep the file
        locked for ``busy_seconds``.
        """
        async with self._opening:
            self._writer = self._writer or await self._started()

    async def aclose(self) -> None:
        """Finish what was asked and close the file; calling it again does nothing."""
        if self._writer is not None:
            self._writer.require_loop()
        writer, self._writer = self._writer, None
        if writer is not None:
            await writer.aclose()

    async def insert(self, record: Record) -> bool:
        """Keep a new record; False when there is one with this id already."""
        return await self._write(_insertion(record))

    async def get(self, attempt_id: str) -> Record | None:
        """Return the record, None when there is none."""
        if not _can_be_kept(attempt_id):
            return None
        row = await self._read(
            lambda cursor: cursor.execute(_GET, (attempt_id,)).fetchone()
        )
        return None if row is None else _record(row)

    async def replace(self, record: Record, *, expected_version: int) -> bool:
        """Replace the record of this id if it still has that version."""
        return await self._write(_replacement(record, expected_version))

    async def live(self, worker: str) -> Sequence[Record]:
        """Return the records that this worker looks after."""
        rows = await self._read(
            lambda cursor: cursor.execute(_LIVE, (worker,)).fetchall()
        )
        return [_record(row) for row in rows]

    async def workers(self) -> Sequence[str]:
        """Return every worker that looks after a record, each once."""
        rows = await self._read(lambda cursor: cursor.execute(_WORKERS).fetchall())
        return [worker for (worker,) in rows]

    async def changes(self, after: int) -> Changes:
        """Return what was inserted or replaced after that position, each id once."""
        return await self._read(lambda cursor: _changes(cursor, after))

    async def lock(
        self, name: str, owner: str, *, until: datetime, now: datetime
    ) -> Lock:
        """Take the lock, or move its end when the owner has it; return who has it."""
        wanted = Lock(owner=owner, until=until)
        return await self._write(lambda cursor: _lock(cursor, name, wanted, now))

    async def holder(self, name: str, *, now: datetime) -> Lock | None:
        """Return the lock that stands, None when nobody has it."""
        asked = (name, kept(now))
        row = await self._read(lambda cursor: cursor.execute(_HOLDER, asked).fetchone())
        return None if row is None else _lock_of(row)

    async def unlock(self, name: str, owner: str) -> None:
        """Give the lock free if it is this owner's."""
        asked = (name, owner)
        await self._write(lambda cursor: cursor.execute(_UNLOCK, asked).rowcount)

    async def charge(
        self, charges: Sequence[Charge], *, now: datetime, enforce: bool = True
    ) -> Refusal | None:
        """Count all of them, or none: then return the refusal with the longest wait."""
        return await self._write(
            lambda cursor: charge(cursor, charges, now, enforce=enforce)
        )

    async def refund(self, charges: Sequence[Charge], *, at: datetime) -> None:
        """Take back so much weight of what was charged at that very moment."""
        await self._write(lambda cursor: refund(cursor, charges, at))

    async def purge(self, *, now: datetime) -> int:
        """Throw away what has ended; return how many records that were.

        It does so in several steps, and others are served in between.
        """
        purged, is_more = 0, True
        while is_more:
            *others, records = await self._write(lambda cursor: _purge(cursor, now))
            purged += records
            is_more = max(*others, records) == _AT_ONCE
        return purged

    async def _started(self) -> Writer:
        thread = ConnectionThread()
        await thread.open(self._connect)
        return Writer(thread)

    def _read(self, work: Work[T]) -> asyncio.Future[T]:
        return self._open_writer().put(work, is_read=True)

    def _write(self, work: Work[T]) -> asyncio.Future[T]:
        return self._open_writer().put(work, is_read=False)

    def _open_writer(self) -> Writer:
        if self._writer is None:
            raise ConfigurationError("expected a store that is open")
        return self._writer


# In functions of their own, so that no frame of a traceback holds the document.
def _insertion(record: Record) -> Work[bool]:
    row = (record.attempt_id, *_columns(record))
    return lambda cursor: cursor.execute(_INSERT, row).rowcount == 1


def _replacement(record: Record, expected_version: int) -> Work[bool]:
    row = (*_columns(record), record.attempt_id, expected_version)
    return lambda cursor: (
        cursor.execute(_REPLACE_DOCUMENT, row).rowcount == 1
        or cursor.execute(_REPLACE_ALL, row).rowcount == 1
    )


def _changes(cursor: sqlite3.Cursor, after: int) -> Changes:
    (position,) = cursor.execute(_POSITION).fetchone()
    if after < 0:
        return Changes(position, ())
    rows = cursor.execute(_CHANGED, (after,))
    return Changes(position, [attempt_id for (attempt_id,) in rows])


def _lock(cursor: sqlite3.Cursor, name: str, wanted: Lock, now: datetime) -> Lock:
    values = {"name": name, "owner": wanted.owner, "until": kept(wanted.until)}
    if cursor.execute(_LOCK, {**values, "now": kept(now)}).rowcount == 1:
        return wanted
    (row,) = cursor.execute(_HOLDER, (name, kept(now)))
    return _lock_of(row)


def _purge(cursor: sqlite3.Cursor, now: datetime) -> list[int]:
    cursor.execute(_KEEP_POSITION)
    values = {"now": kept(now), "at_once": _AT_ONCE}
    return [cursor.execute(statement, values).rowcount for statement in _PURGE]


def _can_be_kept(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _columns(record: Record) -> tuple[int, str, str | None, int]:
    return record.version, record.document, record.worker, kept(record.purge_at)


def _record(row: tuple[str, int, str, str | None, int]) -> Record:
    attempt_id, version, document, worker, purge_at = row
    return Record(
        attempt_id=attempt_id,
        version=version,
        document=document,
        worker=worker,
        purge_at=restored(purge_at),
    )


def _lock_of(row: tuple[str, int]) -> Lock:
    owner, until = row
    return Lock(owner=owner, until=restored(until))
