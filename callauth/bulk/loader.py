"""Loader: reads the source into the ledger, never far ahead of the calls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime

import anyio
from attrs import evolve

from ..errors import ConfigurationError, InvalidPhoneNumber
from ..models.phone import PhoneNumber
from .job import Digest, Job
from .ledger import Ledger
from .row import Row, RowState

_LONGEST_TEXT = 64


class Loader:
    """Read the source of one job."""

    def __init__(
        self, ledger: Ledger, job: Job, *, now: Callable[[], datetime]
    ) -> None:
        self.job = job
        self._ledger = ledger
        self._now = now
        self._digest = Digest()
        self._seen = 0
        self.is_same = anyio.Event()
        """Set once the source is known to be that of the job."""

    async def load(
        self,
        batches: AsyncIterator[list[str]],
        loaded: Callable[[list[Row], int], Awaitable[None]],
    ) -> None:
        """Put all numbers into the ledger; tell of each batch and its duplicates.

        What was read by an earlier run is read again and only compared.

        Raises ConfigurationError when that was something else.
        """
        known = self.job
        if not known.read:
            self.is_same.set()
        async for batch in batches:
            texts = self._compare(batch, known)
            if texts:
                await self._add(texts, loaded)
        if self._seen < known.read:
            raise _another_source()
        self.job = evolve(self.job, is_read_whole=True)
        await self._ledger.add([], self.job)

    def _compare(self, batch: list[str], known: Job) -> list[str]:
        """Return the part of the batch that is new."""
        for number, text in enumerate(batch):
            if self._seen >= known.read:
                return batch[number:]
            self._digest.add(text)
            self._seen += 1
            if self._seen == known.read and self._digest.text != known.digest:
                raise _another_source()
            if self._seen == known.read:
                self.is_same.set()
        return []

    async def _add(
        self,
        texts: list[str],
        loaded: Callable[[list[Row], int], Awaitable[None]],
    ) -> None:
        for text in texts:
            self._digest.add(text)
        self._seen += len(texts)
        self.job = evolve(
            self.job, read=self._seen, digest=self._digest.text, is_read_whole=False
        )
        rows = [self._row(text) for text in texts]
        duplicates = await self._ledger.add(rows, self.job)
        self.job = evolve(self.job, duplicates=self.job.duplicates + duplicates)
        await loaded(rows, duplicates)

    def _row(self, text: str) -> Row:
        try:
            return Row(id=0, phone=PhoneNumber.parse(text))
        except InvalidPhoneNumber:
            return Row(
                id=0,
                phone=None,
                # JSON can spell halves of characters, which no file can keep.
                text=text[:_LONGEST_TEXT].encode("utf-8", "replace").decode(),
                state=RowState.REFUSED,
                settled_at=self._now(),
                reason="not a phone number",
            )


def _another_source() -> ConfigurationError:
    return ConfigurationError("expected the numbers of this ledger's job, got others")
