"""One pin has one winner, however many type it at the same moment."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from callauth import MemoryStore

from .kills.bell import with_bell
from .races import (
    Naive,
    at_once,
    durable,
    naive,
    started,
    winners,
    winners_of_processes,
)
from .stepped import SteppedStore

_ROUNDS = 200


async def test_many_processes_have_one_winner(tmp_path: Path) -> None:
    """They know of each other only through the file."""
    counts = await winners_of_processes(durable, tmp_path / "callauth.db", _ROUNDS)

    assert Counter(counts) == {1: _ROUNDS}


async def test_many_tasks_have_one_winner() -> None:
    """In one process, everybody in the middle of everybody else's submit."""
    store = SteppedStore(MemoryStore(), at_once)
    async with with_bell(store) as verifier:
        attempt_ids = await started(verifier, _ROUNDS)
        counts = [await winners(verifier, each) for each in attempt_ids]

    assert Counter(counts) == {1: _ROUNDS}


async def test_a_store_that_reads_and_then_writes_is_caught(tmp_path: Path) -> None:
    """Otherwise these races would show nothing."""
    counts = await winners_of_processes(naive, tmp_path / "callauth.db", 10)

    assert max(counts) > 1


async def test_a_store_that_reads_and_then_writes_is_caught_in_memory() -> None:
    """Within one process, too."""
    async with with_bell(Naive(MemoryStore(), at_once)) as verifier:
        counts = [await winners(verifier, each) for each in await started(verifier, 10)]

    assert max(counts) > 1
