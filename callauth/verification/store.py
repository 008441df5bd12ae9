"""Store: what the Verifier knows, kept where every process can find it.

The store keeps four plain things and knows nothing of verification: records that are
replaced only when nobody changed them meanwhile, locks with an owner and an end,
counters with windows, and the order of changes. Whoever implements it runs
``callauth.testing.store_suite`` against it.

No method reads a clock: the moment is an argument.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from attrs import field, frozen

from ..models.secret import Secret
from .counters import Charge, Refusal


@frozen(kw_only=True)
class Record:
    """Hold one attempt as a store sees it.

    ``document`` is opaque text that may name a person, so ``repr`` does not show it.
    ``worker`` is the process that looks after the attempt, None once nobody has to.
    From ``purge_at`` on it may be thrown away.
    """

    attempt_id: str
    version: int
    document: str = field(repr=False)
    worker: str | None
    purge_at: datetime


@frozen(kw_only=True)
class Lock:
    """Hold who has a lock, and until when."""

    owner: str
    until: datetime


@frozen
class Changes:
    """Hold the ids of records that changed, and the position up to which that is."""

    position: int
    attempt_ids: Sequence[str]


class Store(Protocol):
    """Keep records, locks and counters for any number of processes.

    Every method is atomic, whoever else calls at the same time, and what it reports is
    on the disk when the store is durable. Each raises StoreError when it cannot.
    """

    @property
    def pepper(self) -> Secret | None:
        """The key for what must not stand in the store as it is.

        A store that dies with its process makes one. A durable one returns None: the
        application keeps the key somewhere else.
        """

    async def open(self) -> None:
        """Make it ready.

        Raises ConfigurationError when it is of a newer schema or cannot be written.
        """

    async def aclose(self) -> None:
        """Close it; calling it again does nothing."""

    async def insert(self, record: Record) -> bool:
        """Keep a new record; False when there is one with this id already."""

    async def get(self, attempt_id: str) -> Record | None:
        """Return the record, None when there is none."""

    async def replace(self, record: Record, *, expected_version: int) -> bool:
        """Replace the record of this id if it still has that version.

        False when it has another one or is gone; nothing is changed then.
        """

    async def live(self, worker: str) -> Sequence[Record]:
        """Return the records that this worker looks after."""

    async def workers(self) -> Sequence[str]:
        """Return every worker that looks after a record, each once."""

    async def changes(self, after: int) -> Changes:
        """Return what was inserted or replaced after that position, each id once.

        ``changes(-1)`` returns the present position and no ids.
        """

    async def lock(
        self, name: str, owner: str, *, until: datetime, now: datetime
    ) -> Lock:
        """Take the lock, or move its end when the owner has it; return who has it.

        The owner of the returned lock is another one while that one's has not ended.
        """

    async def holder(self, name: str, *, now: datetime) -> Lock | None:
        """Return the lock that stands, None when nobody has it."""

    async def unlock(self, name: str, owner: str) -> None:
        """Give the lock free if it is this owner's."""

    async def charge(
        self, charges: Sequence[Charge], *, now: datetime, enforce: bool = True
    ) -> Refusal | None:
        """Count all of them, or none: then return the refusal with the longest wait.

        Without ``enforce`` all are counted in any case, and the refusal is still told.
        A counter occurs once in a call. A hit is kept for the window it was charged
        with, so a second window is a second counter.
        """

    async def refund(self, charges: Sequence[Charge], *, at: datetime) -> None:
        """Take back so much weight of what was charged at that very moment."""

    async def purge(self, *, now: datetime) -> int:
        """Throw away what has ended; return how many records that were."""
