"""Processes that race for the same records of one file."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import TypeAlias

from callauth.stores import SQLiteStore
from callauth.testing.samples import TASKS, record

MakeStore: TypeAlias = Callable[[Path], SQLiteStore]

PROCESSES = 4
_SECONDS = 60

_barriers: list[Barrier] = []


def winners(make_store: MakeStore, path: Path, rounds: int) -> list[int]:
    """Return how many replacements of the one version won, for each round."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(PROCESSES, timeout=_SECONDS)
    with ProcessPoolExecutor(
        PROCESSES, context, initializer=_meet_at, initargs=(barrier,)
    ) as pool:
        racing = [pool.submit(_run, make_store, path, rounds) for _ in range(PROCESSES)]
        won = [each.result(timeout=_SECONDS) for each in racing]
    return [sum(round_) for round_ in zip(*won, strict=True)]


def _meet_at(barrier: Barrier) -> None:
    _barriers.append(barrier)


def _run(make_store: MakeStore, path: Path, rounds: int) -> list[int]:
    return asyncio.run(_race(make_store(path), rounds))


async def _race(store: SQLiteStore, rounds: int) -> list[int]:
    await store.open()
    try:
        return [await _round(store, str(number)) for number in range(rounds)]
    finally:
        await store.aclose()


async def _round(store: SQLiteStore, attempt_id: str) -> int:
    await store.insert(record(attempt_id))
    # Nothing else runs in this loop, so it may stand still.
    _barriers[0].wait()
    rivals = [record(attempt_id, version=2, document=str(n)) for n in range(TASKS)]
    won = await asyncio.gather(
        *(store.replace(rival, expected_version=1) for rival in rivals)
    )
    return sum(won)
