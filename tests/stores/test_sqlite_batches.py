"""Many jobs in one commit: what happens to the others when something goes wrong."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from callauth.errors import StoreError
from callauth.sqlite.connection import connect
from callauth.sqlite.thread import ConnectionThread
from callauth.sqlite.writer import Writer
from callauth.stores import SQLiteStore
from callauth.stores.sqlite_schema import STORE_SCHEMA
from callauth.testing.samples import NOW, charge, record, room
from callauth.verification.store import Record
from tests.support.canaries import Canaries
from tests.support.refusals import refused

_BAD = [
    record("bad", document="\ud83d"),
    record("bad", version=2**63),
    record("\udfff"),
]


@pytest.mark.parametrize("bad", _BAD, ids=["surrogate", "version", "id"])
async def test_a_bad_job_fails_alone(bad: Record, store: SQLiteStore) -> None:
    """Whoever comes at the same time has nothing to do with it."""
    records = [record("a"), bad, record("b"), bad, record("c")]

    found = await asyncio.gather(
        *(store.insert(each) for each in records), return_exceptions=True
    )

    assert [str(each) for each in found] == [
        "True",
        (clause := f"expected a value that SQLite can keep, got {_defect(bad)}"),
        "True",
        clause,
        "True",
    ]
    live = await store.live("worker")
    assert [each.attempt_id for each in live] == ["a", "b", "c"]


def _defect(bad: Record) -> str:
    return "OverflowError" if bad.version > 1 else "UnicodeEncodeError"


async def test_a_failure_shows_no_document(
    store: SQLiteStore, canaries: Canaries
) -> None:
    """An error tracker sends the variables of every frame to somebody else."""
    bad = record(document=f"{canaries.phone().e164} \ud83d")

    with refused(StoreError):
        await store.insert(bad)
    with refused(StoreError):
        await store.replace(bad, expected_version=2**63)

    canaries.scan(repr(bad))


async def test_a_job_that_fails_has_done_nothing(store: SQLiteStore) -> None:
    """The first half of it must not stay."""
    heavy = charge("heavy", weight=2**63)

    with refused(StoreError):
        await store.charge([charge("light"), heavy], now=NOW)

    assert await room(store, charge("light", limit=2)) == 2


async def test_those_who_wait_share_a_commit(store: SQLiteStore, path: Path) -> None:
    """One commit that is really on the disk takes milliseconds."""
    other = sqlite3.connect(path)
    versions = {_data_version(other)}

    inserts = [asyncio.create_task(store.insert(record(str(n)))) for n in range(50)]
    while not all(insert.done() for insert in inserts):
        await asyncio.sleep(0)
        versions.add(_data_version(other))

    other.close()
    assert len(versions) == 2


def _data_version(connection: sqlite3.Connection) -> int:
    version: int
    (version,) = connection.execute("PRAGMA data_version").fetchone()
    return version


@pytest.mark.parametrize("turns", range(6))
async def test_a_caller_who_leaves_disturbs_nobody(
    turns: int, store: SQLiteStore
) -> None:
    """A visitor closes the page: what was asked may be done or not."""
    tasks = [asyncio.create_task(store.insert(record(str(n)))) for n in range(9)]
    for _ in range(turns):
        await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()

    found = await asyncio.gather(*tasks, return_exceptions=True)

    assert found[1::2] == [True] * 4
    for number in (1, 3, 5, 7):
        assert await store.get(str(number)) == record(str(number))


@pytest.mark.parametrize("turns", range(6))
async def test_closing_does_first_what_was_asked(turns: int, path: Path) -> None:
    """A server that is stopped must not forget whom it has called."""
    store = SQLiteStore(path)
    await store.open()
    tasks = []
    for turn in range(turns + 1):
        tasks.append(asyncio.create_task(store.insert(record(str(turn)))))
        await asyncio.sleep(0)

    await store.aclose()

    assert await asyncio.gather(*tasks) == [True] * (turns + 1)
    await store.open()
    assert len(await store.live("worker")) == turns + 1
    await store.aclose()


async def test_a_cancelled_closing_closes_all_the_same(path: Path) -> None:
    """The second Ctrl-C of an impatient person."""
    store = SQLiteStore(path)
    await store.open()
    insert = asyncio.create_task(store.insert(record()))
    closing = asyncio.create_task(store.aclose())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait([closing])

    assert await insert
    assert closing.cancelled()


async def test_a_defect_is_told_to_those_who_wait(path: Path) -> None:
    """Nobody waits for ever because of a mistake of ours; nothing half done stays."""
    thread = ConnectionThread()
    await thread.open(partial(connect, path, STORE_SCHEMA, busy_seconds=1))
    writer = Writer(thread)

    def fail(cursor: sqlite3.Cursor) -> None:
        cursor.execute("DELETE FROM purged")
        raise ZeroDivisionError

    failing = [writer.put(fail, is_read=False) for _ in range(2)]
    found = await asyncio.gather(*failing, return_exceptions=True)
    rows = await writer.put(_purged, is_read=True)
    await writer.aclose()

    assert [type(each) for each in found] == [ZeroDivisionError] * 2
    assert rows == [(0,)]


def _purged(cursor: sqlite3.Cursor) -> list[tuple[int]]:
    return cursor.execute("SELECT change FROM purged").fetchall()


_NEVER_CLOSED = """
import asyncio, sys
from callauth.stores import SQLiteStore
from callauth.testing.samples import record

loop = asyncio.new_event_loop()
store = SQLiteStore(sys.argv[1])
loop.run_until_complete(store.open())
insert = loop.create_task(store.insert(record()))
loop.call_soon(loop.call_soon, loop.call_soon, loop.stop)
loop.run_forever()
insert.cancel()
loop.run_until_complete(asyncio.wait([insert]))
loop.close()
"""


def test_a_loop_that_ends_meanwhile_is_no_defect(path: Path) -> None:
    """A program that forgets to close its store ends, and says nothing."""
    run = subprocess.run(
        [sys.executable, "-c", _NEVER_CLOSED, path],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        timeout=60,
    )

    assert (run.stdout, run.stderr, run.returncode) == ("", "", 0)
    assert asyncio.run(_reopened(path)) == record()


async def _reopened(path: Path) -> Record | None:
    store = SQLiteStore(path)
    await store.open()
    try:
        return await store.get("attempt")
    finally:
        await store.aclose()
