"""Judge: holds the words of all processes against the ledger and the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta

from attrs import frozen

from callauth import AttemptId, Confirmed, Pending, PhoneNumber
from callauth.sandbox import Ledger
from callauth.verification.stored import StoredAttempt, loaded

from .lives import ALL_IS_OVER_SECONDS
from .orders import HOLDERS, Asked, Failed, Finished, Person, Proven, Told, Word

# For as long a phone is locked at least after it was rung.
RING_LOCK_SECONDS = 30.0


@frozen(kw_only=True)
class Heard:
    """Hold what one process said."""

    words: tuple[Word, ...]
    was_killed: bool


@frozen(kw_only=True)
class Case:
    """Hold everything that is known of one cycle."""

    people: tuple[Person, ...]
    lives: tuple[Heard, ...]
    began: datetime
    file: str
    ledger: Ledger

    @property
    def words(self) -> list[Word]:
        """Everything that was said, in order."""
        return [word for life in self.lives for word in life.words]

    def told(self) -> list[Told]:
        """Return what was acknowledged, in order."""
        return [word for word in self.words if isinstance(word, Told)]


def violations(case: Case) -> Iterator[str]:
    """Name every promise that was broken."""
    with closing(sqlite3.connect(case.file)) as connection:
        (integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
        rows = connection.execute("SELECT document FROM records").fetchall()
    if integrity != "ok":
        yield f"the file is damaged: {integrity}"
    kept = {each.id: each for each in (loaded(document) for (document,) in rows)}
    yield from _unfinished(case)
    yield from _forgotten(case, kept)
    yield from _given_back(case)
    yield from _endless(kept)
    yield from _unproven(case, kept)
    yield from _doubted(case, kept)
    for person in case.people:
        yield from _rung_twice(case, person.phone)


def _unfinished(case: Case) -> Iterator[str]:
    for number, life in enumerate(case.lives):
        last = life.words[-1] if life.words else None
        if isinstance(last, Failed):
            yield f"life {number} failed: {last.error}"
        elif not isinstance(last, Finished) and not life.was_killed:
            yield f"life {number} ended by itself"


def _forgotten(case: Case, kept: dict[AttemptId, StoredAttempt]) -> Iterator[str]:
    for told in case.told():
        stored = kept.get(told.attempt_id)
        if stored is None:
            yield "forgot an attempt that was acknowledged"
        elif not isinstance(told.outcome, Pending) and told.outcome != stored.outcome:
            yield f"made {stored.outcome} of {told.outcome}"


def _given_back(case: Case) -> Iterator[str]:
    left: dict[AttemptId, int] = {}
    for told in case.told():
        if told.tries_left is None:
            continue
        if told.tries_left > left.get(told.attempt_id, told.tries_left):
            yield "gave tries back"
        left[told.attempt_id] = told.tries_left


def _endless(kept: dict[AttemptId, StoredAttempt]) -> Iterator[str]:
    for stored in kept.values():
        if isinstance(stored.outcome, Pending):
            yield f"left an attempt {stored.state.value}"


def _unproven(case: Case, kept: dict[AttemptId, StoredAttempt]) -> Iterator[str]:
    afterwards = case.began + timedelta(seconds=ALL_IS_OVER_SECONDS)
    holders = {person.phone for person in case.people if person.deed in HOLDERS}
    for stored in kept.values():
        if not isinstance(stored.outcome, Confirmed):
            continue
        if not case.ledger.backs(stored.phone):
            yield "confirmed what the ledger does not back"
        if stored.phone not in holders and stored.started_at < afterwards:
            yield "confirmed somebody who proved nothing"


def _doubted(case: Case, kept: dict[AttemptId, StoredAttempt]) -> Iterator[str]:
    for word in case.words:
        if isinstance(word, Proven) and not isinstance(word.outcome, Confirmed):
            yield f"did not confirm a holder: {word.outcome}"


def _rung_twice(case: Case, phone: PhoneNumber) -> Iterator[str]:
    # While the first call may ring, nobody else is allowed one.
    moments = {
        0.0 if word.shift_seconds < RING_LOCK_SECONDS else word.shift_seconds
        for word in case.words
        if isinstance(word, Asked) and word.phone == phone and word.may_ring
    }
    rings = len(case.ledger.rings(phone))
    if rings > len(moments):
        yield f"rang {rings} times, asked for {len(moments)}"
