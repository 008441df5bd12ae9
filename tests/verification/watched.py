"""Watched: a MemoryStore of which a test sees and stops every operation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, TypeVar

from callauth import MemoryStore, StoreError
from callauth.verification import Changes, Charge, Lock, Record, Refusal

T = TypeVar("T")


class Watched(MemoryStore):
    """Call ``before`` with each operation and its arguments as text.

    Those of ``failing`` fail. With ``yields`` others run before and after each, as with
    a store on a disk.
    """

    def __init__(self, *, yields: bool = False) -> None:
        super().__init__()
        self.yields = yields
        self.failing: set[str] = set()
        self.before: Callable[[str, str], Awaitable[None]] | None = None
        self.texts: list[str] = []

    async def insert(self, record: Record) -> bool:
        return await self._done("insert", super().insert(record), record)

    async def get(self, attempt_id: str) -> Record | None:
        return await self._done("get", super().get(attempt_id), attempt_id)

    async def replace(self, record: Record, *, expected_version: int) -> bool:
        work = super().replace(record, expected_version=expected_version)
        return await self._done("replace", work, record)

    async def workers(self) -> Sequence[str]:
        return await self._done("workers", super().workers())

    async def changes(self, after: int) -> Changes:
        return await self._done("changes", super().changes(after), after)

    async def lock(
        self, name: str, owner: str, *, until: datetime, now: datetime
    ) -> Lock:
        work = super().lock(name, owner, until=until, now=now)
        return await self._done("lock", work, name)

    async def holder(self, name: str, *, now: datetime) -> Lock | None:
        return await self._done("holder", super().holder(name, now=now), name)

    async def unlock(self, name: str, owner: str) -> None:
        return await self._done("unlock", super().unlock(name, owner), name)

    async def charge(
        self, charges: Sequence[Charge], *, now: datetime, enforce: bool = True
    ) -> Refusal | None:
        work = super().charge(charges, now=now, enforce=enforce)
        return await self._done("charge", work, charges)

    async def refund(self, charges: Sequence[Charge], *, at: datetime) -> None:
        return await self._done("refund", super().refund(charges, at=at), charges)

    async def _done(
        self, operation: str, work: Coroutine[Any, Any, T], *about: object
    ) -> T:
        try:
            await self._told(operation, about)
            return await work
        finally:
            work.close()
            if self.yields:
                await asyncio.sleep(0)

    async def _told(self, operation: str, about: tuple[object, ...]) -> None:
        text = repr(about)
        self.texts.append(text)
        if self.before is not None:
            await self.before(operation, text)
        if self.yields:
            await asyncio.sleep(0)
        if operation in self.failing:
            raise StoreError("expected a store that can, got one that fails")


class Shared(Watched):
    """Stand for a store that other processes open, too."""

    pepper = None  # type: ignore[assignment] # as that of a durable store
