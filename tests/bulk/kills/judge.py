"""Judge: holds the words of all processes against the ledger and the network."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing

from attrs import frozen

from callauth import PhoneNumber
from callauth.bulk import Row, RowState
from callauth.bulk.job import Job
from callauth.sandbox import Lease, Ledger
from tests.verification.kills.orders import Failed, Finished

from .orders import Kind, Resulted, Word

# What each end says of the call, in the network's words.
_ENDS = {"NORMAL_CLEARING": RowState.CONFIRMED, "USER_BUSY": RowState.BUSY}


@frozen(kw_only=True)
class Heard:
    """Hold what one process said."""

    words: tuple[Word, ...]
    was_killed: bool


@frozen(kw_only=True)
class Case:
    """Hold everything that is known of one cycle; ``job`` is that of the ledger."""

    kind: Kind
    phones: tuple[PhoneNumber, ...]
    blocked: frozenset[PhoneNumber]
    bad: int
    texts: tuple[str, ...]
    concurrency: int
    lives: tuple[Heard, ...]
    file: str
    job: Job | None
    rows: tuple[Row, ...]
    ledger: Ledger

    @property
    def kills(self) -> int:
        """How many processes were killed."""
        return sum(life.was_killed for life in self.lives)


def violations(case: Case) -> Iterator[str]:
    """Name every promise that was broken."""
    with closing(sqlite3.connect(case.file)) as connection:
        (integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
    if integrity != "ok":
        yield f"the file is damaged: {integrity}"
    rows = {row.phone: row for row in case.rows if row.phone is not None}
    yield from _unfinished(case)
    yield from _misread(case)
    yield from _lost(case, rows)
    yield from _retold(case, rows)
    for phone, row in rows.items():
        yield from _untrue(case, phone, row)
    unknown = sum(row.state is RowState.UNKNOWN for row in case.rows)
    # Whatever else is unknown was given up without need.
    if unknown > (0 if case.kind == "voice" else case.kills * case.concurrency):
        yield f"{unknown} are unknown after {case.kills} kills"


def _unfinished(case: Case) -> Iterator[str]:
    for number, life in enumerate(case.lives):
        last = life.words[-1] if life.words else None
        if isinstance(last, Failed):
            yield f"life {number} failed: {last.error}"
        elif not isinstance(last, Finished) and not life.was_killed:
            yield f"life {number} ended by itself"


def _misread(case: Case) -> Iterator[str]:
    if case.job is None:
        yield "the ledger has no job"
        return
    duplicates = len(case.texts) - len(case.phones) - case.bad
    read = (case.job.read, case.job.duplicates, case.job.is_read_whole)
    if read != (len(case.texts), duplicates, True):
        yield f"read {read} of {len(case.texts)} with {duplicates} duplicates"


def _lost(case: Case, rows: Mapping[PhoneNumber, Row]) -> Iterator[str]:
    if missing := len(set(case.phones) - rows.keys()):
        yield f"lost {missing} numbers"
    if len(case.rows) != len(case.phones) + case.bad:
        yield f"{len(case.rows)} rows of {len(case.phones)} numbers"
    for row in case.rows:
        if not row.is_settled:
            yield f"left a row {row.state.value}"


def _retold(case: Case, rows: Mapping[PhoneNumber, Row]) -> Iterator[str]:
    words = [word for life in case.lives for word in life.words]
    told = [word for word in words if isinstance(word, Resulted)]
    times = Counter(word.phone for word in told if word.phone is not None)
    if times and max(times.values()) > 1:
        yield "told a result twice"
    for word in told:
        row = None if word.phone is None else rows.get(word.phone)
        if row is not None and row.state is not word.state:
            yield f"made {row.state.value} of {word.state.value}"
    if not case.kills and len(times) != len(case.phones):
        yield f"told {len(times)} of {len(case.phones)}"


def _untrue(case: Case, phone: PhoneNumber, row: Row) -> Iterator[str]:
    if case.kind == "reverse":
        yield from _untrue_lease(case, phone, row)
        return
    rings = case.ledger.rings(phone)
    if len(rings) > 1:
        yield f"rang {len(rings)} times"
    if row.state is RowState.UNKNOWN:
        return
    expected = RowState.REFUSED
    if rings and case.kind == "voice":
        expected = RowState.PLACED
    elif rings:
        expected = _ENDS[rings[0].cause]
    if row.state is not expected:
        yield f"{row.state.value}, but it was {expected.value}"


def _untrue_lease(case: Case, phone: PhoneNumber, row: Row) -> Iterator[str]:
    leases = sum(lease.phone == phone for lease in case.ledger.entries(Lease))
    if leases > 1:
        yield f"leased {leases} numbers"
    if row.state is RowState.UNKNOWN:
        return
    expected = RowState.REFUSED if phone in case.blocked else RowState.CONFIRMED
    if row.state is not expected:
        yield f"{row.state.value}, but it was {expected.value}"
    if row.state is RowState.CONFIRMED and not case.ledger.backs(phone):
        yield "confirmed what the ledger does not back"
