"""Every ledger keeps rows alike; that of SQLite keeps them for good."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from attrs import evolve

from callauth import ConfigurationError, ManualClock, PhoneNumber, StoreError
from callauth.bulk import Ledger, MemoryLedger, Row, RowState, SQLiteLedger
from callauth.bulk.job import Job
from callauth.stores import SQLiteStore
from tests.support.refusals import refused

from .world import kept, strangers

_ROOT = Path(__file__).parents[2]
_NOW = ManualClock().now()
_JOB = Job(channel="flash_call:callpass", read=3, digest="abc")


@pytest.fixture(params=["memory", "sqlite"])
async def ledger(request: pytest.FixtureRequest, path: Path) -> AsyncIterator[Ledger]:
    """Give an open ledger of each kind."""
    opened: Ledger = MemoryLedger()
    if request.param == "sqlite":
        opened = SQLiteLedger(path)
    await opened.open()
    yield opened
    await opened.aclose()


def _rows(count: int, first: int = 0) -> list[Row]:
    return [Row(id=0, phone=PhoneNumber(each)) for each in strangers(count, first)]


def _bad(text: str) -> Row:
    return Row(
        id=0,
        phone=None,
        text=text,
        state=RowState.REFUSED,
        settled_at=_NOW,
        reason="not a phone number",
    )


async def _all(ledger: Ledger) -> list[Row]:
    return [row async for row in ledger.rows()]


async def test_a_new_ledger_has_no_job(ledger: Ledger) -> None:
    """Opening it again changes nothing."""
    assert await ledger.open() is None
    assert await _all(ledger) == []
    assert dict(await ledger.counts()) == {}
    assert list(await ledger.begun()) == list(await ledger.queued(0, 10)) == []


async def test_rows_get_ids_in_their_order(ledger: Ledger) -> None:
    """From 1 on, over all calls."""
    rows = [*_rows(3), _bad("nobody"), *_rows(2, first=3)]
    assert await ledger.add(rows[:2], _JOB) == 0
    assert await ledger.add(rows[2:], _JOB) == 0

    expected = [evolve(row, id=number) for number, row in enumerate(rows, 1)]
    assert await _all(ledger) == expected


async def test_a_number_is_kept_once(ledger: Ledger) -> None:
    """Of one call, or of two; bad texts are all kept, since each is a line to mend."""
    first, second, third = _rows(3)
    assert await ledger.add([first, second, first, _bad("x"), _bad("x")], _JOB) == 1
    job = evolve(_JOB, read=8, duplicates=1)
    assert await ledger.add([second, first, third], job) == 2

    rows = await _all(ledger)
    assert [row.phone for row in rows] == [
        first.phone,
        second.phone,
        None,
        None,
        third.phone,
    ]
    assert [row.id for row in rows] == [1, 2, 3, 4, 5]
    assert await ledger.open() == evolve(job, duplicates=3)


async def test_the_job_is_replaced_as_a_whole(ledger: Ledger) -> None:
    """It says how far the source was read."""
    await ledger.add(_rows(1), _JOB)
    later = Job(
        channel="voice_otp:nerotech",
        read=9,
        digest="def",
        duplicates=4,
        is_read_whole=True,
    )
    await ledger.add([], later)

    assert await ledger.open() == later


async def test_a_row_is_replaced(ledger: Ledger) -> None:
    """In every column, and nobody else."""
    await ledger.add(_rows(3), _JOB)
    _, row, _ = before = await _all(ledger)
    full = evolve(
        row,
        state=RowState.NO_ANSWER,
        key="a key",
        placed='{"call": "id"}',
        called_at=_NOW,
        settled_at=_NOW + timedelta(microseconds=1),
        reason="NO_ANSWER",
    )
    await ledger.write(full)
    assert await _all(ledger) == [before[0], full, before[2]]

    await ledger.write(row)
    assert await _all(ledger) == before


async def test_the_queued_are_given_some_at_a_time(ledger: Ledger) -> None:
    """In their order, after the last one that was given."""
    await ledger.add(_rows(10), _JOB)
    for row in (await _all(ledger))[::2]:
        await ledger.write(evolve(row, state=RowState.PLACED))

    assert [row.id for row in await ledger.queued(0, 3)] == [2, 4, 6]
    assert [row.id for row in await ledger.queued(6, 3)] == [8, 10]
    assert list(await ledger.queued(10, 3)) == []


async def test_the_begun_are_those_without_an_end(ledger: Ledger) -> None:
    """A robot's call that was placed may have its end already."""
    await ledger.add(_rows(5), _JOB)
    calling, placed, done, confirmed, _ = await _all(ledger)
    await ledger.write(evolve(placed, state=RowState.PLACED))
    await ledger.write(evolve(calling, state=RowState.CALLING))
    await ledger.write(evolve(done, state=RowState.PLACED, settled_at=_NOW))
    await ledger.write(evolve(confirmed, state=RowState.CONFIRMED, settled_at=_NOW))

    assert [row.id for row in await ledger.begun()] == [calling.id, placed.id]
    assert dict(await ledger.counts()) == {
        RowState.QUEUED: 1,
        RowState.CALLING: 1,
        RowState.PLACED: 2,
        RowState.CONFIRMED: 1,
    }


async def test_all_rows_are_given(ledger: Ledger) -> None:
    """More than are read at once."""
    await ledger.add(_rows(2500), _JOB)

    assert [row.id async for row in ledger.rows()] == list(range(1, 2501))


async def test_closing_it_again_does_nothing(ledger: Ledger) -> None:
    """And what was kept is there when it is opened again."""
    await ledger.add([*_rows(2), _bad("nobody")], _JOB)
    before = await _all(ledger)
    await ledger.aclose()
    await ledger.aclose()

    assert await ledger.open() == _JOB
    assert await _all(ledger) == before


async def test_a_closed_file_is_told(path: Path) -> None:
    """Nothing is written into the air."""
    ledger = SQLiteLedger(path)

    with refused(ConfigurationError, match="^expected a ledger that is open$"):
        await ledger.add([], _JOB)


async def test_every_kind_of_row_comes_back_in_another_process(path: Path) -> None:
    """To the microsecond."""
    rows = [
        *(
            evolve(row, state=state, called_at=_NOW + timedelta(microseconds=7))
            for row, state in zip(_rows(len(RowState)), RowState, strict=True)
        ),
        _bad("Ёлки \x00 😀"),
    ]
    ledger = SQLiteLedger(path)
    await ledger.open()
    await ledger.add(rows, _JOB)
    await ledger.aclose()

    found = await kept(SQLiteLedger(path))
    assert found == [evolve(row, id=number) for number, row in enumerate(rows, 1)]


async def test_it_is_for_its_owner_only(path: Path) -> None:
    """It holds whole numbers."""
    ledger = SQLiteLedger(path)
    await ledger.open()
    await ledger.add(_rows(1), _JOB)

    modes = {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
    await ledger.aclose()
    assert modes == {0o600}


_OPEN = """
import asyncio, sys
from callauth import ConfigurationError, StoreError
from callauth.bulk import SQLiteLedger

async def main(path):
    ledger = SQLiteLedger(path, busy_seconds=0.05)
    try:
        print(await ledger.open())
        await ledger.aclose()
    except (ConfigurationError, StoreError) as error:
        print(type(error).__name__, error)

asyncio.run(main(sys.argv[1]))
"""


async def test_another_process_is_refused_while_it_is_open(path: Path) -> None:
    """Two that work on one job would call everybody twice."""
    ledger = SQLiteLedger(path)
    await ledger.open()
    fresh = _told(path)
    await ledger.add(_rows(1), _JOB)
    used = _told(path)
    await ledger.aclose()

    clause = "StoreError expected a store that others let go of in time, got SQLITE_"
    assert fresh.startswith(clause), fresh
    assert used.startswith(clause), used
    assert _told(path).startswith("Job(channel='flash_call:callpass', read=3")


async def test_another_ledger_of_this_process_is_refused_as_well(path: Path) -> None:
    """Two runs in one event loop, say."""
    ledger = SQLiteLedger(path)
    await ledger.open()
    other = SQLiteLedger(path, busy_seconds=0.05)
    with refused(StoreError, match="let go of in time"):
        await other.open()

    await ledger.aclose()
    assert await other.open() is None
    await other.aclose()


async def test_a_foreign_database_is_refused_and_left_as_it_was(path: Path) -> None:
    """It is somebody else's."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE rows (a)")
        connection.commit()
    before = _bytes(path)
    with refused(ConfigurationError, match="expected a ledger of callauth"):
        await SQLiteLedger(path).open()

    assert _bytes(path) == before


async def test_a_store_is_no_ledger_and_a_ledger_is_no_store(path: Path) -> None:
    """Both are files of ours, and neither may write into the other."""
    store = SQLiteStore(path)
    await store.open()
    await store.aclose()
    with refused(ConfigurationError, match="expected a ledger"):
        await SQLiteLedger(path).open()

    other = path.with_name("other.db")
    ledger = SQLiteLedger(other)
    await ledger.open()
    await ledger.aclose()
    with refused(ConfigurationError, match="expected a store"):
        await SQLiteStore(other).open()


@pytest.mark.parametrize("text", ["no database at all " * 100, "SQLite format 3"])
async def test_a_file_of_another_kind_is_refused(path: Path, text: str) -> None:
    """The source in place of the ledger, say."""
    _write(path, text)
    with refused(ConfigurationError, match="expected a database of SQLite"):
        await SQLiteLedger(path).open()

    assert _bytes(path) == text.encode()


async def test_a_folder_that_is_not_there_is_refused(path: Path) -> None:
    """Without the path, which may tell whose numbers they are."""
    with refused(ConfigurationError, match="got ENOENT") as refusal:
        await SQLiteLedger(path / "missing" / "run.db").open()

    assert str(path.parent) not in str(refusal.error)


_FILL = """
import asyncio, resource, sys
from callauth import PhoneNumber, StoreError
from callauth.bulk import Row, SQLiteLedger
from callauth.bulk.job import Job

async def main(path):
    ledger = SQLiteLedger(path)
    await ledger.open()
    endless = resource.RLIM_INFINITY
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, endless))
    added = 0
    try:
        for part in range(1000):
            first = 79000000000 + part * 100
            rows = [Row(id=0, phone=PhoneNumber(f"+{first + n}")) for n in range(100)]
            await ledger.add(rows, Job(channel="c", read=(part + 1) * 100))
            added += 100
    except StoreError as error:
        print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (endless, endless))
    job = await ledger.open()
    print(0 < added == sum([1 async for _ in ledger.rows()]) == job.read)
    print(await ledger.add([Row(id=0, phone=PhoneNumber("+79990000000"))], job))
    await ledger.aclose()

asyncio.run(main(sys.argv[1]))
"""


def test_a_full_disk_is_told_and_half_a_batch_is_never_kept(path: Path) -> None:
    """What was reported is there, and how far the source was read fits to it."""
    lines = _told(path, _FILL).splitlines()

    clause = "expected a disk that works, got SQLITE_IOERR_WRITE"
    assert lines == [clause, "True", "0"]


def _bytes(path: Path) -> bytes:
    return path.read_bytes()


def _write(path: Path, text: str) -> None:
    path.write_text(text)


def _told(path: Path, script: str = _OPEN) -> str:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
    )
    assert run.stderr == ""
    return run.stdout
