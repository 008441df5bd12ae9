"""Stores in a file, which leave neither thread nor open file behind."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from callauth.stores import SQLiteStore


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path) -> Iterator[None]:
    """Fail when a test leaves a thread or an open file behind."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=10)
    assert set(threading.enumerate()) <= before
    assert [each for each in _open_files() if each.is_relative_to(tmp_path)] == []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the path of a store that is not there yet."""
    return tmp_path / "a.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SQLiteStore]:
    """Give an open store."""
    opened = SQLiteStore(path)
    await opened.open()
    try:
        yield opened
    finally:
        await opened.aclose()


def _open_files() -> Iterator[Path]:
    for each in Path("/proc/self/fd").iterdir():
        # The one that lists the folder is gone by now.
        with suppress(FileNotFoundError):
            yield each.readlink()
