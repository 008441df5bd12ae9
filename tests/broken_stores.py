"""Stores with one bug each."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from attrs import evolve

from callauth.models.secret import Secret
from callauth.stores import SQLiteStore
from callauth.verification.counters import Charge, Refusal
from callauth.verification.memory import MemoryStore
from callauth.verification.store import Changes, Lock, Record

_MOMENT = timedelta(microseconds=1)
_ALL = 10**6


class ReadsThenWrites(MemoryStore):
    async def replace(self, record: Record, *, expected_version: int) -> bool:
        kept = await self.get(record.attempt_id)
        await asyncio.sleep(0)
        if kept is None or kept.version != expected_version:
            return False
        return await super().replace(
            record, expected_version=await _version(self, record)
        )


class AsksNoVersion(MemoryStore):
    async def replace(self, record: Record, *, expected_version: int) -> bool:
        return await super().replace(
            record, expected_version=await _version(self, record)
        )


class Resurrects(MemoryStore):
    async def replace(self, record: Record, *, expected_version: int) -> bool:
        is_new = await self.insert(record)
        return is_new or await super().replace(
            record, expected_version=expected_version
        )


class InsertsOver(MemoryStore):
    async def insert(self, record: Record) -> bool:
        return await self.replace(
            record, expected_version=await _version(self, record)
        ) or await super().insert(record)


class LooksThenInserts(MemoryStore):
    async def insert(self, record: Record) -> bool:
        if await self.get(record.attempt_id) is not None:
            return False
        await asyncio.sleep(0)
        return await self.replace(
            record, expected_version=await _version(self, record)
        ) or await super().insert(record)


class EndsAtNul(MemoryStore):
    async def insert(self, record: Record) -> bool:
        document = record.document.partition("\0")[0]
        return await super().insert(evolve(record, document=document))


class KeepsNoMicroseconds(MemoryStore):
    async def insert(self, record: Record) -> bool:
        purge_at = record.purge_at.replace(microsecond=0)
        return await super().insert(evolve(record, purge_at=purge_at))


class IgnoresCase(MemoryStore):
    async def insert(self, record: Record) -> bool:
        attempt_id = record.attempt_id.lower()
        return await super().insert(evolve(record, attempt_id=attempt_id))


class KeepsTheFirstWorker(MemoryStore):
    async def replace(self, record: Record, *, expected_version: int) -> bool:
        kept = await self.get(record.attempt_id)
        if kept is not None:
            record = evolve(record, worker=kept.worker)
        return await super().replace(record, expected_version=expected_version)


class NamesWorkersTwice(MemoryStore):
    async def workers(self) -> Sequence[str]:
        return [*await super().workers(), *await super().workers()]


class TellsAllChanges(MemoryStore):
    async def changes(self, after: int) -> Changes:
        return await super().changes(min(after, 0))


class CountsRecordsAsChanges(MemoryStore):
    """Its position goes back when something is purged."""

    purged = 0

    async def changes(self, after: int) -> Changes:
        after += self.purged if after >= 0 else 0
        found = await super().changes(after)
        return Changes(found.position - self.purged, found.attempt_ids)

    async def purge(self, *, now: datetime) -> int:
        purged = await super().purge(now=now)
        self.purged += purged
        return purged


class TellsAPositionTooHigh(MemoryStore):
    async def changes(self, after: int) -> Changes:
        found = await super().changes(after)
        return Changes(found.position + 1, found.attempt_ids)


class GivesLocksToAll(MemoryStore):
    async def lock(
        self, name: str, owner: str, *, until: datetime, now: datetime
    ) -> Lock:
        held = await self.holder(name, now=now)
        if held is not None:
            await self.unlock(name, held.owner)
        return await super().lock(name, owner, until=until, now=now)


class TellsTheAskedOwner(MemoryStore):
    async def lock(
        self, name: str, owner: str, *, until: datetime, now: datetime
    ) -> Lock:
        await super().lock(name, owner, until=until, now=now)
        return Lock(owner=owner, until=until)


class NeverMovesAnEnd(MemoryStore):
    async def lock(
        self, name: str, owner: str, *, until: datetime, now: datetime
    ) -> Lock:
        held = await self.holder(name, now=now)
        return held or await super().lock(name, owner, until=until, now=now)


class LocksAMomentTooLong(MemoryStore):
    async def holder(self, name: str, *, now: datetime) -> Lock | None:
        return await super().holder(name, now=now - _MOMENT)


class LocksForEver(MemoryStore):
    async def lock(
        self, name: str, owner: str, *, until: datetime, now: datetime
    ) -> Lock:
        held = await self.holder(name, now=datetime.min.replace(tzinfo=UTC))
        if held is not None and held.owner != owner:
            return held
        return await super().lock(name, owner, until=until, now=now)


class UnlocksForAnybody(MemoryStore):
    async def unlock(self, name: str, owner: str) -> None:
        held = await self.holder(name, now=datetime.min.replace(tzinfo=UTC))
        await super().unlock(name, held.owner if held else owner)


class LooksThenCounts(MemoryStore):
    async def charge(
        self, charges: Sequence[Charge], *, now: datetime, enforce: bool = True
    ) -> Refusal | None:
        refusal = await super().charge(charges, now=now)
        if refusal is None:
            await self.refund(charges, at=now)
        await asyncio.sleep(0)
        if refusal is None or not enforce:
            await super().charge(charges, now=now, enforce=False)
        return refusal


class CountsOneByOne(MemoryStore):
    async def charge(
        self, charges: Sequence[Charge], *, now: datetime, enforce: bool = True
    ) -> Refusal | None:
        found = [
            await super(CountsOneByOne, self).charge([each], now=now, enforce=enforce)
            for each in charges
        ]
        refusals = [each for each in found if each is not None]
        return max(refusals, key=lambda each: each.retry_after, default=None)


class IgnoresCaseOfCounters(MemoryStore):
    async def charge(
        self, charges: Sequence[Charge], *, now: datetime, enforce: bool = True
    ) -> Refusal | None:
        folded = [evolve(each, counter=each.counter.lower()) for each in charges]
        return await super().charge(folded, now=now, enforce=enforce)


class CountsTheRefused(MemoryStore):
    async def charge(
        self, charges: Sequence[Charge], *, now: datetime, enforce: bool = True
    ) -> Refusal | None:
        return await super().charge(charges, now=now, enforce=False)


class AlwaysEnforces(MemoryStore):
    async def charge(
        self, charges: Sequence[Charge], *, now: datetime, enforce: bool = True
    ) -> Refusal | None:
        return await super().charge(charges, now=now)


class TellsTheFirstRefusal(MemoryStore):
    async def charge(
        self, charges: Sequence[Charge], *, now: datetime, enforce: bool = True
    ) -> Refusal | None:
        refusal = await super().charge(charges, now=now, enforce=enforce)
        if refusal is None:
            return None
        return await super().charge(charges[:1], now=now) or refusal


class CountsByTheMinute(MemoryStore):
    """Its windows do not slide."""

    async def charge(
        self, charges: Sequence[Charge], *, now: datetime, enforce: bool = True
    ) -> Refusal | None:
        minute = now.replace(second=0, microsecond=0)
        return await super().charge(charges, now=minute, enforce=enforce)


class WeighsAllAlike(MemoryStore):
    async def charge(
        self, charges: Sequence[Charge], *, now: datetime, enforce: bool = True
    ) -> Refusal | None:
        alike = [evolve(each, weight=1) for each in charges]
        return await super().charge(alike, now=now, enforce=enforce)


class RefundsNothing(MemoryStore):
    async def refund(self, charges: Sequence[Charge], *, at: datetime) -> None:
        pass


class RefundsTooMuch(MemoryStore):
    async def refund(self, charges: Sequence[Charge], *, at: datetime) -> None:
        await super().refund([evolve(each, weight=_ALL) for each in charges], at=at)


class PurgesTooLate(MemoryStore):
    async def purge(self, *, now: datetime) -> int:
        return await super().purge(now=now - _MOMENT)


class PurgesTooEarly(MemoryStore):
    async def purge(self, *, now: datetime) -> int:
        return await super().purge(now=now + _MOMENT)


class PurgesStandingLocks(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.locked: set[tuple[str, str]] = set()

    async def lock(
        self, name: str, owner: str, *, until: datetime, now: datetime
    ) -> Lock:
        self.locked.add((name, owner))
        return await super().lock(name, owner, until=until, now=now)

    async def purge(self, *, now: datetime) -> int:
        for name, owner in self.locked:
            await self.unlock(name, owner)
        return await super().purge(now=now)


class PurgesHits(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.charged: list[tuple[Sequence[Charge], datetime]] = []

    async def charge(
        self, charges: Sequence[Charge], *, now: datetime, enforce: bool = True
    ) -> Refusal | None:
        self.charged.append((charges, now))
        return await super().charge(charges, now=now, enforce=enforce)

    async def purge(self, *, now: datetime) -> int:
        for charges, at in self.charged:
            await self.refund(charges, at=at)
        return await super().purge(now=now)


class ChangesItsPepper(MemoryStore):
    @property
    def pepper(self) -> Secret:
        return Secret(secrets.token_hex(32))


class SharesItsPepper(MemoryStore):
    @property
    def pepper(self) -> Secret:
        return Secret("pepper")


class CachesRecords(SQLiteStore):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.cached: dict[str, Record | None] = {}

    async def get(self, attempt_id: str) -> Record | None:
        if self.cached.get(attempt_id) is None:
            self.cached[attempt_id] = await super().get(attempt_id)
        return self.cached[attempt_id]


class ReadsThenWritesTheFile(SQLiteStore):
    async def replace(self, record: Record, *, expected_version: int) -> bool:
        kept = await self.get(record.attempt_id)
        if kept is None or kept.version != expected_version:
            return False
        is_written = False
        while not is_written:
            version = await _version(self, record)
            is_written = await super().replace(record, expected_version=version)
        return True


class KeepsLocksToItself(SQLiteStore):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.own = MemoryStore()

    async def lock(
        self, name: str, owner: str, *, until: datetime, now: datetime
    ) -> Lock:
        return await self.own.lock(name, owner, until=until, now=now)


class KeepsCountersToItself(SQLiteStore):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.own = MemoryStore()

    async def charge(
        self, charges: Sequence[Charge], *, now: datetime, enforce: bool = True
    ) -> Refusal | None:
        return await self.own.charge(charges, now=now, enforce=enforce)


class KeepsItsPepper(SQLiteStore):
    @property
    def pepper(self) -> Secret:
        return Secret("pepper")


async def _version(store: MemoryStore | SQLiteStore, record: Record) -> int:
    kept = await store.get(record.attempt_id)
    return -1 if kept is None else kept.version
