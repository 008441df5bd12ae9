"""Ledger: the record that says afterwards what really happened.

It is the judge of two promises: no phone rings twice, and nobody is verified who did
not prove anything. It only ever grows, until it is cleared or told to forget.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import TypeVar

from attrs import fields

from ..models.phone import PhoneNumber
from ..models.pin import Pin
from ..transport.port import Clock
from .entries import Dial, Entry, Lease, Received, Ring, Stamp
from .window import within

E = TypeVar("E", bound=Entry)


class Ledger:
    """Keep what happened, in its order; ``repr`` shows the number of entries only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = clock.monotonic()
        self._all: list[Entry] = []
        self._kinds: dict[type[Entry], list[Entry]] = defaultdict(list)
        self._rings: dict[PhoneNumber, list[Ring]] = defaultdict(list)
        self._leases: dict[PhoneNumber, list[Lease]] = defaultdict(list)
        self._dials: dict[PhoneNumber, list[Dial]] = defaultdict(list)

    def elapsed(self) -> float:
        """Return the seconds since the sandbox began."""
        return self._clock.monotonic() - self._began

    def stamp(self) -> Stamp:
        """Return the present moment, for a new entry."""
        return {"at": self._clock.now(), "elapsed": self.elapsed()}

    def write(self, entry: E) -> E:
        """Add the entry and return it."""
        self._all.append(entry)
        self._kinds[type(entry)].append(entry)
        match entry:
            case Ring():
                self._rings[entry.phone].append(entry)
            case Lease():
                self._leases[entry.phone].append(entry)
            case Dial():
                self._dials[entry.caller].append(entry)
        return entry

    def entries(self, kind: type[E]) -> list[E]:
        """Return the entries of one kind in order; ``Entry`` means all."""
        kept = self._kinds.get(kind, self._all)
        return [entry for entry in kept if isinstance(entry, kind)]

    def received(self, operation: str) -> list[Received]:
        """Return the requests that reached a provider for this operation."""
        entries = self.entries(Received)
        return [entry for entry in entries if entry.operation == operation]

    def rings(self, phone: PhoneNumber) -> list[Ring]:
        """Return the calls placed to a phone, whether they reached it or not."""
        return list(self._rings.get(phone, ()))

    def rings_twice(self) -> list[PhoneNumber]:
        """Return the phones that were called more than once."""
        return [phone for phone, rings in self._rings.items() if len(rings) > 1]

    def backs(self, phone: PhoneNumber, *, since: datetime | None = None) -> bool:
        """Say whether anything proves that a person holds this phone.

        Proof is a code that reached the phone, or a call from it to a number that was
        leased to it, within the lease's window. What began before ``since`` does not
        count.
        """
        return self._code_reached(phone, since) or self._dialled(phone, since)

    def clear(self) -> None:
        """Forget everything; time begins anew."""
        self._began = self._clock.monotonic()
        self._empty()

    def forget(self, *, older_than_seconds: float) -> None:
        """Forget what happened longer ago, so that a long run fits into memory.

        Nothing can be judged by it any more. With less than the two minutes that a call
        or a lease may last, a phone that rings counts as silent.
        """
        since = self.elapsed() - older_than_seconds
        kept = [entry for entry in self._all if entry.elapsed >= since]
        self._empty()
        for entry in kept:
            self.write(entry)

    def to_json(self, *, reveal: bool = False) -> str:
        """Return the ledger as a JSON array; ``reveal`` shows numbers and codes."""
        return json.dumps([_row(entry, reveal=reveal) for entry in self._all])

    def __len__(self) -> int:
        return len(self._all)

    def __repr__(self) -> str:
        return f"Ledger({len(self._all)} entries)"

    def _empty(self) -> None:
        self._all.clear()
        for kept in (self._kinds, self._rings, self._leases, self._dials):
            kept.clear()

    def _code_reached(self, phone: PhoneNumber, since: datetime | None) -> bool:
        now = self.elapsed()
        rings = _from(since, self._rings.get(phone, []))
        return any(ring.reached_by(now) for ring in rings)

    def _dialled(self, phone: PhoneNumber, since: datetime | None) -> bool:
        leases = self._leases.get(phone, [])
        return any(
            dial.number == lease.number
            and within(lease.elapsed, dial.elapsed, lease.window_seconds)
            for dial in _from(since, self._dials.get(phone, []))
            for lease in leases
        )


def _from(since: datetime | None, entries: list[E]) -> Iterator[E]:
    return (entry for entry in entries if since is None or entry.at >= since)


def _row(entry: Entry, *, reveal: bool) -> dict[str, object]:
    kind = type(entry)
    row: dict[str, object] = {"kind": kind.__name__}
    for attribute in fields(kind):
        value = getattr(entry, attribute.name)
        row[attribute.name] = _plain(value, reveal=reveal)
    return row


def _plain(value: object, *, reveal: bool) -> object:
    match value:
        case PhoneNumber():
            return value.e164 if reveal else value.masked
        case Pin():
            return value.reveal() if reveal else "•" * len(value)
        case datetime():
            return value.isoformat()
        case Enum():
            return value.value
    return value
