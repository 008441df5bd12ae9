"""FarStore: a store that takes its time, so that others come in between.

A store in memory never suspends, and whatever is done in one breath cannot be
interrupted. Here each operation begins and ends a few turns of the loop later, as
chance will have it, and is atomic in itself.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime

from callauth import MemoryStore
from callauth.verification import Changes, Charge, Lock, Record, Refusal

_MOST_TURNS = 3


class FarStore(MemoryStore):
    """Keep attempts in memory, at a distance."""

    async def insert(self, record: Record) -> bool:
        """Keep a new record."""
        await _travel()
        kept = await super().insert(record)
        await _travel()
        return kept

    async def get(self, attempt_id: str) -> Record | None:
        """Return the record."""
        await _travel()
        found = await super().get(attempt_id)
        await _travel()
        return found

    async def replace(self, record: Record, *, expected_version: int) -> bool:
        """Replace the record."""
        await _travel()
        done = await super().replace(record, expected_version=expected_version)
        await _travel()
        return done

    async def changes(self, after: int) -> Changes:
        """Return what has changed."""
        await _travel()
        found = await super().changes(after)
        await _travel()
        return found

    async def lock(
        self, name: str, owner: str, *, until: datetime, now: datetime
    ) -> Lock:
        """Take the lock."""
        await _travel()
        lock = await super().lock(name, owner, until=until, now=now)
        await _travel()
        return lock

    async def holder(self, name: str, *, now: datetime) -> Lock | None:
        """Return the lock that stands."""
        await _travel()
        found = await super().holder(name, now=now)
        await _travel()
        return found

    async def unlock(self, name: str, owner: str) -> None:
        """Give the lock free."""
        await _travel()
        await super().unlock(name, owner)
        await _travel()

    async def charge(
        self, charges: Sequence[Charge], *, now: datetime, enforce: bool = True
    ) -> Refusal | None:
        """Count all of them, or none."""
        await _travel()
        refusal = await super().charge(charges, now=now, enforce=enforce)
        await _travel()
        return refusal

    async def refund(self, charges: Sequence[Charge], *, at: datetime) -> None:
        """Take back what was charged."""
        await _travel()
        await super().refund(charges, at=at)
        await _travel()


async def _travel() -> None:
    # Seeded with the town, like the jitter of the clients.
    for _ in range(random.randrange(_MOST_TURNS)):
        await asyncio.sleep(0)
