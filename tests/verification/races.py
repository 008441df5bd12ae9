"""Races: many type the right pin of one attempt at the same moment."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import TypeAlias, TypeVar

from callauth import (
    AttemptId,
    AttemptSettled,
    Confirmed,
    PhoneNumber,
    SQLiteStore,
    Verifier,
)
from callauth.verification import Record, Store

from .kills.bell import PIN, with_bell
from .kills.children import CHILDREN
from .stepped import SteppedStore

T = TypeVar("T")
Make: TypeAlias = Callable[[Path], Store]

TASKS = 64
PROCESSES = 4
_PATIENCE_SECONDS = 60.0


class Naive(SteppedStore):
    """Read, compare, then write: what a store must not do."""

    async def replace(self, record: Record, *, expected_version: int) -> bool:
        found = await self.get(record.attempt_id)
        if found is None or found.version != expected_version:
            return False
        is_written = False
        while not is_written and found is not None:
            is_written = await super().replace(record, expected_version=found.version)
            found = await self.get(record.attempt_id)
        return is_written


async def at_once(work: Awaitable[T]) -> T:
    """Let everybody else do as much first."""
    await asyncio.sleep(0)
    return await work


def durable(path: Path) -> Store:
    return SQLiteStore(path)


def naive(path: Path) -> Store:
    return Naive(SQLiteStore(path), at_once)


async def started(verifier: Verifier, rounds: int) -> list[AttemptId]:
    """Start one attempt for each round."""
    phones = [PhoneNumber(f"+7999{number:07}") for number in range(rounds)]
    attempts = await asyncio.gather(*(verifier.start(phone) for phone in phones))
    return [attempt.id for attempt in attempts]


async def winners(verifier: Verifier, attempt_id: AttemptId) -> int:
    """Type the right pin so many times at once; return how many were confirmed."""
    typing = [verifier.submit(attempt_id, PIN) for _ in range(TASKS)]
    results = await asyncio.gather(*typing, return_exceptions=True)
    kinds = Counter(type(result) for result in results)
    assert kinds.keys() <= {Confirmed, AttemptSettled}, kinds
    return kinds[Confirmed]


def race(
    make: Make,
    path: Path,
    attempt_ids: Sequence[AttemptId],
    barrier: Barrier,
    results: Connection,
) -> None:
    """Run in a process of its own: type in all rounds, each begun by all at once."""

    async def run() -> None:
        async with with_bell(make(path)) as verifier:
            for attempt_id in attempt_ids:
                barrier.wait(_PATIENCE_SECONDS)
                results.send(await winners(verifier, attempt_id))

    asyncio.run(run())


async def winners_of_processes(make: Make, path: Path, rounds: int) -> list[int]:
    """Return how many were confirmed in each round, in all processes together."""
    async with with_bell(durable(path)) as verifier:
        attempt_ids = await started(verifier, rounds)
    barrier = CHILDREN.Barrier(PROCESSES)
    readers = []
    processes = []
    for _ in range(PROCESSES):
        reader, writer = CHILDREN.Pipe(duplex=False)
        arguments = (make, path, attempt_ids, barrier, writer)
        processes.append(CHILDREN.Process(target=race, args=arguments, daemon=True))
        processes[-1].start()
        writer.close()
        readers.append(reader)
    counts = [sum(reader.recv() for reader in readers) for _ in range(rounds)]
    for process, reader in zip(processes, readers, strict=True):
        process.join()
        reader.close()
    return counts
