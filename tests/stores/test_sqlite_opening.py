from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from callauth.errors import ConfigurationError, StoreError
from callauth.sqlite.connection import connect
from callauth.sqlite.schema import Schema, migrate
from callauth.stores import SQLiteStore
from callauth.stores.sqlite_schema import STORE_SCHEMA
from callauth.testing.samples import record
from tests.support.refusals import refused


@pytest.mark.parametrize("version", [2, 7, -1])
async def test_a_newer_schema_is_refused(version: int, path: Path) -> None:
    """An older program must not write what a newer one could not read."""
    _run(path, f"PRAGMA user_version = {version}")

    with refused(
        ConfigurationError, match=f"^expected a store of schema <= 1, got {version}$"
    ):
        await SQLiteStore(path).open()


async def test_a_refused_file_is_left_as_it_was(path: Path) -> None:
    """It is somebody else's."""
    _run(path, "CREATE TABLE records (a)", "PRAGMA user_version = 3")
    before = _bytes(path)

    with refused(ConfigurationError):
        await SQLiteStore(path).open()

    assert _bytes(path) == before


def _no_folder(path: Path) -> Path:
    return path / "missing" / "a.db"


def _a_folder(path: Path) -> Path:
    path.mkdir()
    return path


def _no_database(path: Path) -> Path:
    path.write_text("not a database, but a text that is long enough" * 100)
    return path


def _a_foreign_database(path: Path) -> Path:
    _run(path, "CREATE TABLE records (a)")
    return path


def _a_file_where_a_folder_is_due(path: Path) -> Path:
    path.touch()
    return path / "a.db"


_WRONG = [
    (_no_folder, "expected a file that can be made, got ENOENT"),
    (_a_folder, "got SQLITE_CANTOPEN"),
    (_no_database, "expected a database of SQLite, got SQLITE_NOTADB"),
    (_a_foreign_database, "expected a store of callauth, got SQLITE_ERROR"),
    (_a_file_where_a_folder_is_due, "expected a file that can be made, got ENOTDIR"),
]


@pytest.mark.parametrize(("make", "clause"), _WRONG)
async def test_a_wrong_path_is_refused(
    make: Callable[[Path], Path], clause: str, path: Path
) -> None:
    """It is told when the application starts, not at the first visitor."""
    wrong = make(path)

    with refused(ConfigurationError, match=clause) as refusal:
        await SQLiteStore(wrong).open()

    assert str(path.parent) not in str(refusal.error)


_AS_NOBODY = """
import asyncio, os, sys
from pathlib import Path
from callauth.errors import ConfigurationError
from callauth.stores import SQLiteStore

if os.getuid() == 0:
    os.setuid(65534)
try:
    asyncio.run(SQLiteStore(sys.argv[1]).open())
except ConfigurationError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("file_mode", "folder_mode", "clause"),
    [
        (0o444, 0o777, "a file and a folder that can be written, got SQLITE_READONLY"),
        (0o666, 0o555, "got SQLITE_"),
        (0o000, 0o777, "got SQLITE_CANTOPEN"),
        (None, 0o555, "a file that can be made, got EACCES"),
    ],
)
def test_what_cannot_be_written_is_refused(
    file_mode: int | None, folder_mode: int, clause: str
) -> None:
    """Permissions are the first thing that goes wrong on a server."""
    # Not in pytest's own folder: that one is closed to others, and root may do all.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.db"
        if file_mode is not None:
            _run(path, "CREATE TABLE a (b)")
            path.chmod(file_mode)
        Path(folder).chmod(folder_mode)
        told = _told(_AS_NOBODY, str(path))
        Path(folder).chmod(0o700)

    assert clause in told


async def test_a_file_that_is_locked_for_too_long_may_open_later(path: Path) -> None:
    """Nothing is wrong with the set-up: another process is slow."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    store = SQLiteStore(path, busy_seconds=0.01)
    with refused(StoreError, match="let go of in time, got SQLITE_BUSY"):
        await store.open()
    other.close()
    await store.open()
    await store.aclose()


async def test_many_may_open_a_new_file_at_once(path: Path) -> None:
    """All workers of a server start in the same second."""
    stores = [SQLiteStore(path) for _ in range(8)]

    await asyncio.gather(*(store.open() for store in stores))

    inserted = [await store.insert(record()) for store in stores]
    assert inserted == [True] + [False] * 7
    await asyncio.gather(*(store.aclose() for store in stores))


def test_a_migration_is_one_more_entry(path: Path) -> None:
    """What is there stays, and each step is taken once."""
    connection = connect(path, STORE_SCHEMA, busy_seconds=1)
    connection.execute("INSERT INTO locks VALUES ('phone', 'owner', 1)")
    longer = _grown("ALTER TABLE locks ADD COLUMN note TEXT")

    migrate(connection, longer)
    migrate(connection, longer)

    assert connection.execute("SELECT * FROM locks").fetchall() == [
        ("phone", "owner", 1, None)
    ]
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    connection.close()


def test_a_migration_is_done_as_a_whole(path: Path) -> None:
    """A schema between two versions could be read by nobody."""
    connection = connect(path, STORE_SCHEMA, busy_seconds=1)
    broken = _grown("CREATE TABLE half (a)", "CREATE TABLE locks (a)")

    with refused(sqlite3.OperationalError):
        migrate(connection, broken)

    tables = connection.execute("SELECT name FROM sqlite_schema").fetchall()
    assert ("half",) not in tables
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()


async def test_a_cancelled_opening_leaves_nothing_open(path: Path) -> None:
    """A server that is stopped while it starts must end."""
    for turns in range(4):
        opening = asyncio.create_task(SQLiteStore(path).open())
        for _ in range(turns):
            await asyncio.sleep(0)
        opening.cancel()
        await asyncio.wait([opening])


def _bytes(path: Path) -> bytes:
    return path.read_bytes()


def _run(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def _told(script: str, *arguments: str) -> str:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert run.stderr == ""
    return run.stdout


def _grown(*statements: str) -> Schema:
    return evolve(STORE_SCHEMA, versions=(*STORE_SCHEMA.versions, statements))
