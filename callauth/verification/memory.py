"""MemoryStore: a store that lives and ends with its process.

It is here and not beside the other stores because the Verifier takes it when it is
given none, and imports point to the left.

No method awaits anything between looking and writing, so each is atomic within its
event loop. What ends is kept in heaps: nothing is ever searched from end to end.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import takewhile

from attrs import define, field, frozen

from ..models.secret import Secret
from .counters import Charge, Hit, Refusal, longest_refusal
from .store import Changes, Lock, Record


class MemoryStore:
    """Keep attempts in the memory of this process, for tests and for one process.

    It can be opened and closed again and again, and keeps what it holds. The pepper is
    a fresh one in each store.

    >>> import asyncio
    >>> asyncio.run(MemoryStore().get("unknown")) is None
    True
    """

    def __init__(self) -> None:
        self._pepper = Secret(secrets.token_hex(32))
        self._records = _Records()
        self._locks = _Locks()
        self._counters = _Counters()

    @property
    def pepper(self) -> Secret:
        """The key of this store, which nobody else has."""
        return self._pepper

    async def open(self) -> None:
        """Do nothing: it is ready."""

    async def aclose(self) -> None:
        """Do nothing: it ends with its process."""

    async def insert(self, record: Record) -> bool:
        """Keep a new record; False when there is one with this id already."""
        if record.attempt_id in self._records.by_id:
            return False
        self._records.put(record)
        return True

    async def get(self, attempt_id: str) -> Record | None:
        """Return the record, None when there is none."""
        return self._records.by_id.get(attempt_id)

    async def replace(self, record: Record, *, expected_version: int) -> bool:
        """Replace the record of this id if it still has that version."""
        kept = self._records.by_id.get(record.attempt_id)
        if kept is None or kept.version != expected_version:
            return False
        self._records.put(record)
        return True

    async def live(self, worker: str) -> Sequence[Record]:
        """Return the records that this worker looks after."""
        return self._records.of_worker(worker)

    async def workers(self) -> Sequence[str]:
        """Return every worker that looks after a record, each once."""
        return self._records.workers()

    async def changes(self, after: int) -> Changes:
        """Return what was inserted or replaced after that position, each id once."""
        return self._records.changes(after)

    async def lock(
        self, name: str, owner: str, *, until: datetime, now: datetime
    ) -> Lock:
        """Take the lock, or move its end when the owner has it; return who has it."""
        held = self._locks.standing(name, now)
        if held is not None and held.owner != owner:
            return held
        return self._locks.put(name, Lock(owner=owner, until=until))

    async def holder(self, name: str, *, now: datetime) -> Lock | None:
        """Return the lock that stands, None when nobody has it."""
        return self._locks.standing(name, now)

    async def unlock(self, name: str, owner: str) -> None:
        """Give the lock free if it is this owner's."""
        self._locks.drop(name, owner)

    async def charge(
        self, charges: Sequence[Charge], *, now: datetime, enforce: bool = True
    ) -> Refusal | None:
        """Count all of them, or none: then return the refusal with the longest wait."""
        hits = {
            each.counter: self._counters.hits(each.counter, now) for each in charges
        }
        refusal = longest_refusal(charges, hits, now)
        if refusal is None or not enforce:
            for each in charges:
                self._counters.count(each, now)
        return refusal

    async def refund(self, charges: Sequence[Charge], *, at: datetime) -> None:
        """Take back so much weight of what was charged at that very moment."""
        for each in charges:
            self._counters.refund(each, at)

    async def purge(self, *, now: datetime) -> int:
        """Throw away what has ended; return how many records that were."""
        self._locks.purge(now)
        self._counters.purge(now)
        return self._records.purge(now)


@define(eq=False)
class _Ends:
    """Know what ends next: one entry for each name, at the first end it may have."""

    _heap: list[tuple[datetime, str]] = field(factory=list)
    _first: dict[str, datetime] = field(factory=dict)

    def note(self, name: str, end: datetime) -> None:
        """Let the name come up at its end; one that moved back comes up before."""
        known = self._first.get(name)
        if known is None or end < known:
            self._first[name] = end
            heappush(self._heap, (end, name))

    def take(self, now: datetime) -> list[str]:
        """Return, once, the names that have ended unless their end has moved."""
        due = []
        while self._heap and self._heap[0][0] <= now:
            end, name = heappop(self._heap)
            if self._first.get(name) == end:
                del self._first[name]
                due.append(name)
        return due


@define(eq=False)
class _Records:
    """Hold the records, by their ids, their workers and the order of changes."""

    by_id: dict[str, Record] = field(factory=dict)
    _by_worker: dict[str, dict[str, None]] = field(factory=dict)
    # The number of the last change of each id, the latest at the end.
    _changes: OrderedDict[str, int] = field(factory=OrderedDict)
    _position: int = 0
    _ends: _Ends = field(factory=_Ends)

    def put(self, record: Record) -> None:
        self._leave_worker(record.attempt_id)
        self.by_id[record.attempt_id] = record
        if record.worker is not None:
            self._by_worker.setdefault(record.worker, {})[record.attempt_id] = None
        self._position += 1
        self._changes[record.attempt_id] = self._position
        self._changes.move_to_end(record.attempt_id)
        self._ends.note(record.attempt_id, record.purge_at)

    def of_worker(self, worker: str) -> list[Record]:
        return [self.by_id[each] for each in self._by_worker.get(worker, ())]

    def workers(self) -> list[str]:
        return list(self._by_worker)

    def changes(self, after: int) -> Changes:
        if after < 0:
            return Changes(self._position, ())
        latest = takewhile(
            lambda item: item[1] > after, reversed(self._changes.items())
        )
        return Changes(self._position, [name for name, _ in latest][::-1])

    def purge(self, now: datetime) -> int:
        purged = 0
        for attempt_id in self._ends.take(now):
            record = self.by_id[attempt_id]
            if record.purge_at > now:
                self._ends.note(attempt_id, record.purge_at)
                continue
            self._leave_worker(attempt_id)
            del self.by_id[attempt_id], self._changes[attempt_id]
            purged += 1
        return purged

    def _leave_worker(self, attempt_id: str) -> None:
        kept = self.by_id.get(attempt_id)
        if kept is None or kept.worker is None:
            return
        theirs = self._by_worker[kept.worker]
        del theirs[attempt_id]
        if not theirs:
            del self._by_worker[kept.worker]


@define(eq=False)
class _Locks:
    """Hold the locks by their names."""

    _by_name: dict[str, Lock] = field(factory=dict)
    _ends: _Ends = field(factory=_Ends)

    def standing(self, name: str, now: datetime) -> Lock | None:
        lock = self._by_name.get(name)
        return lock if lock is not None and lock.until > now else None

    def put(self, name: str, lock: Lock) -> Lock:
        self._by_name[name] = lock
        self._ends.note(name, lock.until)
        return lock

    def drop(self, name: str, owner: str) -> None:
        lock = self._by_name.get(name)
        if lock is not None and lock.owner == owner:
            del self._by_name[name]

    def purge(self, now: datetime) -> None:
        for name in self._ends.take(now):
            lock = self._by_name.get(name)
            if lock is not None and lock.until > now:
                self._ends.note(name, lock.until)
            else:
                self._by_name.pop(name, None)


@frozen
class _KeptHit:
    """Hold a hit until the window is over that it was charged with."""

    hit: Hit
    ends_at: datetime


@define(eq=False)
class _Counters:
    """Hold the hits of each counter."""

    _by_name: defaultdict[str, list[_KeptHit]] = field(
        factory=lambda: defaultdict(list)
    )
    _ends: _Ends = field(factory=_Ends)

    def hits(self, name: str, now: datetime) -> list[Hit]:
        if name not in self._by_name:
            return []
        return [each.hit for each in self._keep_after(name, now)]

    def count(self, charge: Charge, now: datetime) -> None:
        ends_at = now + timedelta(seconds=charge.window_seconds)
        hit = _KeptHit(Hit(now, charge.weight), ends_at)
        self._by_name[charge.counter].append(hit)
        self._ends.note(charge.counter, ends_at)

    def refund(self, charge: Charge, at: datetime) -> None:
        owed = charge.weight
        left = []
        for each in self._by_name.pop(charge.counter, ()):
            taken = min(owed, each.hit.weight) if each.hit.at == at else 0
            owed -= taken
            if not taken:
                left.append(each)
            elif taken < each.hit.weight:
                hit = Hit(at, each.hit.weight - taken)
                left.append(_KeptHit(hit, each.ends_at))
        if left:
            self._by_name[charge.counter] = left

    def purge(self, now: datetime) -> None:
        for name in self._ends.take(now):
            if name in self._by_name and (left := self._keep_after(name, now)):
                self._ends.note(name, max(each.ends_at for each in left))

    def _keep_after(self, name: str, now: datetime) -> list[_KeptHit]:
        left = [each for each in self._by_name.pop(name) if each.ends_at > now]
        if left:
            self._by_name[name] = left
        return left
