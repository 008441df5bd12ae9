"""Dry run: reads all numbers and calls nobody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from attrs import define, field

from ..bulk import Row, RowState, SQLiteLedger
from ..bulk.job import Job
from ..bulk.loader import Loader
from ..bulk.source import batches
from ..transport.clock import SystemClock
from .bulk_figures import amount, counted, duration
from .bulk_order import Order, cost_of, source_of
from .standard_error import say

_LINE_SECONDS = 5.0


async def dry_run(order: Order) -> None:
    """Tell how many numbers there are, and what they would cost.

    They are kept in a temporary file, since there may be more than memory holds.
    """
    with TemporaryDirectory(prefix="callauth-") as folder:
        ledger = SQLiteLedger(Path(folder) / "dry-run.db")
        await ledger.open()
        try:
            job = Job(channel=order["channel"])
            loader = Loader(ledger, job, now=_now)
            reading = _Reading(loader, is_quiet=order["is_quiet"])
            await loader.load(batches(source_of(order)), reading.on_batch)
            counts = await ledger.counts()
        finally:
            await ledger.aclose()
    click.echo("\n".join(_told(order, loader.job, counts)))


@define
class _Reading:
    """Tell every few seconds that it goes on."""

    loader: Loader
    is_quiet: bool = field(kw_only=True)
    _clock: SystemClock = field(factory=SystemClock, init=False)
    _told_at: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._told_at = self._clock.monotonic()

    async def on_batch(self, _rows: list[Row], _duplicates: int) -> None:
        now = self._clock.monotonic()
        if not self.is_quiet and now - self._told_at >= _LINE_SECONDS:
            self._told_at = now
            say(f"{self.loader.job.read:,} read so far")


def _told(order: Order, job: Job, counts: Mapping[RowState, int]) -> list[str]:
    numbers = counts.get(RowState.QUEUED, 0)
    cost, budget, rate = cost_of(order), order["budget"], order["rate"]
    bad = counts.get(RowState.REFUSED, 0)
    lines = [
        (
            f"{job.read:,} read: {counted(numbers, 'number')} to call, "
            f"{counted(job.duplicates, 'duplicate')}, {bad:,} no number."
        ),
        f"All calls cost {amount(numbers * cost)}, at {amount(cost)} each.",
    ]
    if budget is not None and numbers * cost > budget:
        lines.append(f"The budget is enough for {int(budget // cost):,} of them.")
    if rate is not None:
        lines.append(f"At {rate:g}/s they take {duration(numbers / rate)} at least.")
    return [*lines, "Nobody was called."]


def _now() -> datetime:
    return datetime.now(UTC)
