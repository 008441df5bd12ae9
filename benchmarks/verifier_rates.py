"""How many verifications and writes a second, as ratios over peers in one run.

A verification is a start and a submit of the right pin, on a sandbox in process. Its
peer is the bare client call on the same sandbox: what is left is what the Verifier
costs. The peer of SQLiteStore is itself with one commit for each write, which is what
a store without group commit does.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TypeAlias

from attrs import evolve

from callauth import (
    CallPassClient,
    CallSettled,
    Confirmed,
    FlashCall,
    MemoryStore,
    PhoneNumber,
    PlacedCall,
    Sandbox,
    Secret,
    SQLiteStore,
    Verifier,
)
from callauth.client.events import Event
from callauth.verification.store import Record, Store

AT_ONCE = (1, 32, 256)
ROUNDS = 3
ROUND_SECONDS = 0.5
_PEPPER = Secret("only for the benchmark")

Ratios: TypeAlias = dict[str, dict[int, list[float]]]


async def rate(work: Callable[[], Awaitable[object]], at_once: int) -> float:
    """Return how often the work is done per second with that many on the way."""
    done = 0

    async def worker(end: float) -> None:
        nonlocal done
        while time.perf_counter() < end:
            await work()
            done += 1

    await work()
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(worker(began + ROUND_SECONDS))
    return done / (time.perf_counter() - began)


class People:
    """Give every verification a phone of its own, and its pin back."""

    def __init__(self) -> None:
        self._numbers = count(79_000_000_000)
        self._pins: dict[PhoneNumber, str] = {}

    def phone(self) -> PhoneNumber:
        return PhoneNumber(f"+{next(self._numbers)}")

    def pin(self, phone: PhoneNumber) -> str:
        return self._pins.pop(phone)

    def hook(self, event: Event) -> None:
        if isinstance(event, CallSettled) and isinstance(event.result, PlacedCall):
            self._pins[event.phone] = event.result.pin.reveal()


async def calls(at_once: int) -> float:
    """Return bare client calls per second."""
    people = People()
    async with AsyncExitStack() as stack:
        client = await _client(stack, people)

        async def call() -> None:
            phone = people.phone()
            placed = await client.start_call_password(phone)
            assert placed.pin.matches(people.pin(phone))

        return await rate(call, at_once)


async def verifications(store: Store, at_once: int) -> float:
    """Return starts with their submits per second."""
    people = People()
    async with AsyncExitStack() as stack:
        client = await _client(stack, people)
        verifier = Verifier([FlashCall(client)], store=store, pepper=_PEPPER)
        await stack.enter_async_context(verifier)

        async def verify() -> None:
            phone = people.phone()
            attempt = await verifier.start(phone)
            outcome = await verifier.submit(attempt.id, people.pin(phone))
            assert isinstance(outcome, Confirmed)

        return await rate(verify, at_once)


async def writes(store: SQLiteStore, at_once: int, *, together: bool) -> float:
    """Return replacements per second, each writer with a record of its own."""
    numbers = count()
    free: list[Record] = []
    turn = asyncio.Semaphore(at_once if together else 1)

    async def write() -> None:
        record = free.pop() if free else await _inserted(store, next(numbers))
        async with turn:
            newer = evolve(record, version=record.version + 1)
            assert await store.replace(newer, expected_version=record.version)
        free.append(newer)

    await store.open()
    try:
        free += [await _inserted(store, next(numbers)) for _ in range(at_once)]
        return await rate(write, at_once)
    finally:
        await store.aclose()


def measure() -> Ratios:
    """Return the ratios of every comparison by how many were on the way."""
    found: Ratios = {}
    for at_once in AT_ONCE:
        for _ in range(ROUNDS):
            for name, ratio in _one_round(at_once).items():
                found.setdefault(name, {}).setdefault(at_once, []).append(ratio)
    return found


def filesystem(folder: Path) -> str:
    """Return the type of the file system that holds the folder."""
    lines = Path("/proc/mounts").read_text().splitlines()
    mounts = [line.split()[1:3] for line in lines]
    holding = [each for each in mounts if folder.is_relative_to(each[0])]
    return max(holding, key=lambda each: len(each[0]))[1]


def _one_round(at_once: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        files = (Path(folder) / f"{number}.db" for number in count())
        bare = asyncio.run(calls(at_once))
        in_memory = asyncio.run(verifications(MemoryStore(), at_once))
        on_disk = asyncio.run(verifications(SQLiteStore(next(files)), at_once))
        grouped, single = (
            asyncio.run(writes(SQLiteStore(next(files)), at_once, together=together))
            for together in (True, False)
        )
    return {
        "verifications with MemoryStore over bare client calls": in_memory / bare,
        "verifications with SQLiteStore over bare client calls": on_disk / bare,
        "writes of SQLiteStore over one commit for each write": grouped / single,
    }


async def _client(stack: AsyncExitStack, people: People) -> CallPassClient:
    sandbox = await stack.enter_async_context(Sandbox())
    client = CallPassClient(
        "benchmark", transport=sandbox.transport(), hooks=[people.hook]
    )
    return await stack.enter_async_context(client)


async def _inserted(store: SQLiteStore, number: int) -> Record:
    record = Record(
        attempt_id=f"{number:022}",
        version=1,
        document="x" * 500,
        worker="benchmark",
        purge_at=datetime.now(UTC) + timedelta(days=1),
    )
    assert await store.insert(record)
    return record
