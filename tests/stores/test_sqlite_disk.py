"""A disk that is full or broken, a file that is locked, a process that is killed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from callauth.errors import StoreError
from callauth.stores import SQLiteStore
from callauth.testing.samples import record
from tests.support.refusals import refused

_ROOT = Path(__file__).parents[2]

_FILL = """
import asyncio, os, resource, sys
from callauth.errors import StoreError
from callauth.stores import SQLiteStore
from callauth.testing.samples import record

ENDLESS = resource.RLIM_INFINITY

async def fill(store):
    records = [record(str(n), document="x" * 10_000) for n in range(30)]
    found = [await asyncio.gather(store.insert(each), return_exceptions=True)
             for each in records]
    told = {str(each) for each, in found if isinstance(each, StoreError)}
    kept = [await store.get(each.attempt_id) == each for each in records]
    print(*told)
    print(0 < kept.count(True) < 30)
    print(kept == [each is True for each, in found])

async def main(path, *, limit):
    store = SQLiteStore(path)
    await store.open()
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, ENDLESS))
    await fill(store)
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (ENDLESS, ENDLESS))
        print(await store.insert(record("more", document="x" * 10_000)))
    await store.aclose()

asyncio.run(main(sys.argv[1], limit=int(sys.argv[2])))
"""


def test_a_write_that_fails_is_told_and_undone(path: Path) -> None:
    """What was reported is there, what failed is not, and later writes succeed."""
    lines = _lines([sys.executable, "-c", _FILL, str(path), "200000"])

    clause = "expected a disk that works, got SQLITE_IOERR_WRITE"
    assert lines == [clause, "True", "True", "True"]


_ON_A_SMALL_DISK = """
mount -t tmpfs -o size=400k none "$1" || exit 99
exec "$2" -c "$3" "$1/a.db" 0
"""


def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    """Disks fill up, mostly at night."""
    unshare = shutil.which("unshare")
    if unshare is None or _may_not_mount(unshare, tmp_path):
        pytest.skip("expected to be allowed to mount a small disk")
    shell = [unshare, "-rm", "sh", "-c", _ON_A_SMALL_DISK, "sh"]

    lines = _lines([*shell, str(tmp_path), sys.executable, _FILL])

    clause = "expected room on the disk, got SQLITE_FULL"
    assert lines == [clause, "True", "True"]


def _may_not_mount(unshare: str, folder: Path) -> bool:
    mount = [unshare, "-rm", "mount", "-t", "tmpfs", "none", str(folder)]
    return subprocess.run(mount, capture_output=True, check=False).returncode != 0


async def test_a_file_that_stays_locked_is_told(path: Path) -> None:
    """Somebody opened it in an editor; whoever only reads need not care."""
    store = SQLiteStore(path, busy_seconds=0.01)
    await store.open()
    await store.insert(record())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    clause = "^expected a store that others let go of in time, got SQLITE_BUSY$"
    with refused(StoreError, match=clause):
        await store.replace(record(version=2), expected_version=1)
    assert await store.get("attempt") == record()

    other.close()
    assert await store.replace(record(version=2), expected_version=1)
    await store.aclose()


_INSERT_FOR_EVER = """
import asyncio, sys
from callauth.stores import SQLiteStore
from callauth.testing.samples import record

async def main(path):
    store = SQLiteStore(path)
    await store.open()
    for number in range(10**6):
        await store.insert(record(str(number)))
        print(number, flush=True)

asyncio.run(main(sys.argv[1]))
"""


async def test_what_was_reported_survives_a_kill(path: Path) -> None:
    """A process dies without a word; the phone rings all the same."""
    last = _last_before_a_kill(path)

    store = SQLiteStore(path)
    await store.open()
    found = [await store.get(str(number)) for number in range(last + 1)]
    is_new = await store.insert(record("after"))
    await store.aclose()

    assert found == [record(str(number)) for number in range(last + 1)]
    assert is_new


def _last_before_a_kill(path: Path) -> int:
    script = [sys.executable, "-c", _INSERT_FOR_EVER, str(path)]
    with subprocess.Popen(script, stdout=subprocess.PIPE, text=True, cwd=_ROOT) as run:
        assert run.stdout is not None
        numbers = [int(run.stdout.readline()) for _ in range(50)]
        run.kill()
    return numbers[-1]


def _lines(command: list[str]) -> list[str]:
    run = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
    )
    assert run.stderr == ""
    return run.stdout.splitlines()


class _Asked(sqlite3.Connection):
    """Ask at the end how it was used; what is lost with the power no test sees."""

    answers: list[object] = []  # noqa: RUF012 - SQLite makes the connections

    def close(self) -> None:
        for name in ("synchronous", "journal_mode"):
            self.answers += self.execute(f"PRAGMA {name}").fetchone()
        super().close()


async def test_every_commit_waits_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attempt that was acknowledged is not forgotten when the power fails."""
    connect = partial(sqlite3.connect, factory=_Asked)
    monkeypatch.setattr(sqlite3, "connect", connect)
    monkeypatch.setattr(_Asked, "answers", [])
    store = SQLiteStore(tmp_path / "callauth.db")
    await store.open()
    await store.insert(record("one"))
    await store.aclose()

    full = 2
    assert _Asked.answers == [full, "wal"]
