from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from callauth import SystemClock, Verifier
from callauth.errors import ConfigurationError
from callauth.stores import SQLiteStore
from callauth.testing import store_suite
from callauth.testing.samples import NOW, charge, later, record
from tests.support.canaries import Canaries
from tests.support.refusals import refused
from tests.verification.own import Bell

TestSQLiteStore = store_suite(lambda folder: SQLiteStore(folder / "a.db"), durable=True)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
async def test_only_the_owner_may_read_it(umask: int, path: Path) -> None:
    """It holds the numbers of people who want to log in."""
    store = SQLiteStore(path)
    before = os.umask(umask)
    try:
        await store.open()
        await store.insert(record())
        modes = _modes(path.parent)
    finally:
        os.umask(before)
        await store.aclose()

    assert modes == {"a.db": 0o600, "a.db-wal": 0o600, "a.db-shm": 0o600}


async def test_the_mode_of_a_file_that_is_there_is_kept(path: Path) -> None:
    """Somebody may have let a group read it on purpose."""
    os.close(os.open(path, os.O_CREAT, 0o640))

    store = SQLiteStore(path)
    await store.open()
    await store.aclose()

    assert _modes(path.parent) == {"a.db": 0o640}


async def test_a_closed_store_is_one_file(path: Path) -> None:
    """Whoever copies the file of a closed store has everything."""
    store = SQLiteStore(path)
    await store.open()
    await store.insert(record())
    await store.aclose()

    assert _modes(path.parent).keys() == {"a.db"}


@pytest.mark.parametrize(
    "name", [":memory:", "a?mode=ro", "a#b", "a%41", "я b", "file:a"]
)
async def test_any_name_is_the_name_of_a_file(name: str, tmp_path: Path) -> None:
    """A path must not be read as anything else."""
    store = SQLiteStore(str(tmp_path / name))
    await store.open()
    await store.aclose()

    assert _modes(tmp_path).keys() == {name}


async def test_it_writes_to_the_log_first(store: SQLiteStore, path: Path) -> None:
    """In this mode readers do not wait for writers."""
    with sqlite3.connect(path) as other:
        mode = other.execute("PRAGMA journal_mode").fetchone()
    other.close()

    assert mode == ("wal",)


async def test_opening_again_does_nothing(store: SQLiteStore) -> None:
    """Two who share a store may both make it ready, at the same time even."""
    await store.insert(record())

    await asyncio.gather(store.open(), store.open())

    assert await store.get("attempt") == record()


async def test_a_store_can_be_opened_after_it_was_closed(store: SQLiteStore) -> None:
    """It is the file that matters."""
    await store.insert(record())
    await store.aclose()
    await store.open()

    assert await store.get("attempt") == record()


async def test_a_store_that_is_not_open_is_refused(path: Path) -> None:
    """A caller who forgot to open it, or uses it too long, must hear of it."""
    store = SQLiteStore(path)
    for _ in range(2):
        with refused(ConfigurationError, match="^expected a store that is open$"):
            await store.get("attempt")
        await store.open()
        await store.aclose()


def test_another_event_loop_is_refused(path: Path) -> None:
    """Its results come to the loop that opened it."""
    store = SQLiteStore(path)
    with asyncio.Runner() as first, asyncio.Runner() as second:
        first.run(store.open())
        for call in (store.get("attempt"), store.purge(now=NOW)):
            with refused(ConfigurationError, match="the event loop that opened"):
                second.run(call)
        first.run(store.aclose())


def test_closing_in_another_event_loop_leaves_it_open(path: Path) -> None:
    """Whoever opened it can close it still: a file left open holds back its log."""
    store = SQLiteStore(path)
    with asyncio.Runner() as first, asyncio.Runner() as second:
        first.run(store.open())
        with refused(ConfigurationError, match="the event loop that opened"):
            second.run(store.aclose())
        assert first.run(store.insert(record()))
        first.run(store.aclose())

    assert _modes(path.parent).keys() == {"a.db"}


@pytest.mark.parametrize("is_opened", [True, False])
async def test_a_verifier_on_it_may_be_closed_again(
    path: Path, canaries: Canaries, *, is_opened: bool
) -> None:
    """A framework that stops, and a context manager, may both do it."""
    channel, secret = Bell(SystemClock()), canaries.secret()
    verifier = Verifier([channel], store=SQLiteStore(path), pepper=secret)
    if is_opened:
        await verifier.__aenter__()
        await verifier.aclose()

    await verifier.aclose()

    assert list(_modes(path.parent)) == ([path.name] if is_opened else [])


async def test_what_is_over_leaves_no_rows(store: SQLiteStore, path: Path) -> None:
    """A file that only grows fills the disk."""
    await store.insert(record(purge_seconds=10))
    await store.lock("lock", "owner", until=later(10), now=NOW)
    await store.charge([charge("a"), charge("b")], now=NOW)
    await store.charge([charge("b")], now=later(70))
    assert _rows(path) == {"records": 1, "locks": 1, "hits": 2}

    await store.purge(now=later(130))

    assert _rows(path) == {"records": 0, "locks": 0, "hits": 0}


def _rows(path: Path) -> dict[str, int]:
    tables = ("records", "locks", "hits")
    connection = sqlite3.connect(path)
    counts = {
        table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in tables
    }
    connection.close()
    return counts


def _modes(folder: Path) -> dict[str, int]:
    return {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()}
