"""Stores that are defective on purpose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from callauth.verification import Lock, Record, Store
from tests.verification.stepped import Around, SteppedStore

from .orders import Defect


class _Early(SteppedStore):
    def __init__(self, store: Store, around: Around) -> None:
        super().__init__(store, around)
        self._late: dict[str, tuple[Record, int]] = {}

    async def get(self, attempt_id: str) -> Record | None:
        if attempt_id in self._late:
            return self._late[attempt_id][0]
        return await super().get(attempt_id)

    async def replace(self, record: Record, *, expected_version: int) -> bool:
        found = await self.get(record.attempt_id)
        if found is None or found.version != expected_version:
            return False
        _, kept_version = self._late.get(record.attempt_id, (record, expected_version))
        self._late[record.attempt_id] = (record, kept_version)
        return True

    async def aclose(self) -> None:
        for record, kept_version in self._late.values():
            await super().replace(record, expected_version=kept_version)
        await super().aclose()


class _Lockless(SteppedStore):
    async def lock(
        self, name: str, owner: str, *, until: datetime, now: datetime
    ) -> Lock:
        await super().lock(name, owner, until=until, now=now)
        return Lock(owner=owner, until=until)


class _Workerless(SteppedStore):
    async def workers(self) -> Sequence[str]:
        return ()


DEFECTS: Mapping[Defect, type[SteppedStore]] = MappingProxyType(
    {
        Defect.NONE: SteppedStore,
        Defect.ACKNOWLEDGES_EARLY: _Early,
        Defect.LOCKS_NOTHING: _Lockless,
        Defect.FORGETS_WORKERS: _Workerless,
    }
)
