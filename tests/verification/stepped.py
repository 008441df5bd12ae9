"""SteppedStore: a store with something around each operation."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from callauth import Secret
from callauth.verification import Changes, Charge, Lock, Record, Refusal, Store

T = TypeVar("T")


class Around(Protocol):
    """Do the work, and whatever else."""

    async def __call__(self, work: Awaitable[T]) -> T:
        """Return the result of the work."""


class SteppedStore:
    """Keep everything in another store, each operation but the closing a step."""

    def __init__(self, store: Store, around: Around) -> None:
        self._store = store
        self._around = around

    @property
    def pepper(self) -> Secret | None:
        return self._store.pepper

    async def open(self) -> None:
        await self._around(self._store.open())

    async def aclose(self) -> None:
        await self._store.aclose()

    async def insert(self, record: Record) -> bool:
        return await self._around(self._store.insert(record))

    async def get(self, attempt_id: str) -> Record | None:
        return await self._around(self._store.get(attempt_id))

    async def replace(self, record: Record, *, expected_version: int) -> bool:
        work = self._store.replace(record, expected_version=expected_version)
        return await self._around(work)

    async def live(self, worker: str) -> Sequence[Record]:
        return await self._around(self._store.live(worker))

    async def workers(self) -> Sequence[str]:
        return await self._around(self._store.workers())

    async def changes(self, after: int) -> Changes:
        return await self._around(self._store.changes(after))

    async def lock(
        self, name: str, owner: str, *, until: datetime, now: datetime
    ) -> Lock:
        work = self._store.lock(name, owner, until=until, now=now)
        return await self._around(work)

    async def holder(self, name: str, *, now: datetime) -> Lock | None:
        return await self._around(self._store.holder(name, now=now))

    async def unlock(self, name: str, owner: str) -> None:
        await self._around(self._store.unlock(name, owner))

    async def charge(
        self, charges: Sequence[Charge], *, now: datetime, enforce: bool = True
    ) -> Refusal | None:
        work = self._store.charge(charges, now=now, enforce=enforce)
        return await self._around(work)

    async def refund(self, charges: Sequence[Charge], *, at: datetime) -> None:
        await self._around(self._store.refund(charges, at=at))

    async def purge(self, *, now: datetime) -> int:
        return await self._around(self._store.purge(now=now))
