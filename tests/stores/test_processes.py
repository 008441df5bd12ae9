from __future__ import annotations

from pathlib import Path

from callauth.stores import SQLiteStore
from tests.broken_stores import ReadsThenWritesTheFile

from .race import winners

_ROUNDS = 200
_A_FEW = 10


def test_one_of_all_processes_wins_each_round(path: Path) -> None:
    """A code that is typed to four workers at once is used once."""
    assert winners(SQLiteStore, path, _ROUNDS) == [1] * _ROUNDS


def test_a_store_that_reads_and_then_writes_is_caught(path: Path) -> None:
    """The race must be one that somebody can lose."""
    assert max(winners(ReadsThenWritesTheFile, path, _A_FEW)) > 1
