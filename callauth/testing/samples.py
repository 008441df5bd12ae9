"""Moments, records and charges that the checks are made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ..verification.counters import Charge
from ..verification.store import Record, Store

TASKS = 64
ROUNDS = 20
NOW = datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)
WINDOW_SECONDS = 60.0


def later(seconds: float) -> datetime:
    """Return the moment so many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def record(
    attempt_id: str = "attempt",
    *,
    version: int = 1,
    document: str = "{}",
    worker: str | None = "worker",
    purge_seconds: float = 3600,
) -> Record:
    """Return a record that is purged so many seconds after NOW."""
    return Record(
        attempt_id=attempt_id,
        version=version,
        document=document,
        worker=worker,
        purge_at=later(purge_seconds),
    )


def charge(
    counter: str = "counter",
    *,
    limit: int | None = None,
    weight: int = 1,
    pauses: tuple[float, ...] = (),
) -> Charge:
    """Return a charge with the window of WINDOW_SECONDS."""
    return Charge(
        counter=counter,
        window_seconds=WINDOW_SECONDS,
        limit=limit,
        weight=weight,
        pauses=pauses,
    )


async def room(store: Store, each: Charge, *, at: float = 0, most: int = 20) -> int:
    """Use up the counter so many seconds after NOW; return how often that worked."""
    for times in range(most):
        if await store.charge([each], now=later(at)) is not None:
            return times
    return most
