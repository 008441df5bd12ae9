"""The counters of the store: their hits are rows, the rule is the charge's own."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from ..sqlite.moments import kept, restored
from ..verification.counters import Charge, Hit, Refusal, longest_refusal

_HITS = "SELECT at, weight FROM hits WHERE counter = ? AND ends_at > ?"
_FORGET = "DELETE FROM hits WHERE counter = ? AND ends_at <= ?"
_COUNT = "INSERT INTO hits (counter, at, weight, ends_at) VALUES (?, ?, ?, ?)"
_OF_THAT_MOMENT = "SELECT rowid, weight FROM hits WHERE counter = ? AND at = ?"
_LIGHTEN = "UPDATE hits SET weight = weight - ? WHERE rowid = ?"
_DROP = "DELETE FROM hits WHERE rowid = ?"


def charge(
    cursor: sqlite3.Cursor,
    charges: Sequence[Charge],
    now: datetime,
    *,
    enforce: bool,
) -> Refusal | None:
    """Count all of them, or none: then return the refusal with the longest wait."""
    hits = {each.counter: _hits(cursor, each.counter, now) for each in charges}
    refusal = longest_refusal(charges, hits, now)
    if refusal is None or not enforce:
        for each in charges:
            _count(cursor, each, now)
    return refusal


def refund(cursor: sqlite3.Cursor, charges: Sequence[Charge], at: datetime) -> None:
    """Take back so much weight of what was charged at that very moment."""
    for each in charges:
        _refund_one(cursor, each, at)


def _hits(cursor: sqlite3.Cursor, counter: str, now: datetime) -> list[Hit]:
    rows = cursor.execute(_HITS, (counter, kept(now)))
    return [Hit(restored(at), weight) for at, weight in rows]


def _count(cursor: sqlite3.Cursor, charge: Charge, now: datetime) -> None:
    ends_at = now + timedelta(seconds=charge.window_seconds)
    cursor.execute(_FORGET, (charge.counter, kept(now)))
    cursor.execute(_COUNT, (charge.counter, kept(now), charge.weight, kept(ends_at)))


def _refund_one(cursor: sqlite3.Cursor, charge: Charge, at: datetime) -> None:
    owed = charge.weight
    for rowid, weight in cursor.execute(
        _OF_THAT_MOMENT, (charge.counter, kept(at))
    ).fetchall():
        taken = min(owed, weight)
        owed -= taken
        if 0 < taken < weight:
            cursor.execute(_LIGHTEN, (taken, rowid))
        elif taken:
            cursor.execute(_DROP, (rowid,))
