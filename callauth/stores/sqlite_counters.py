"""The counters of the store: their hits are rows, the rule is the charge's own."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from ..verification.counters import Charge, Hit, Refusal, longest_refusal
from .sqlite_moments import kept, restored

_HITS = "SELECT at, weight FROM hits WHERE counter = ? AND ends_at > ?"
_FORGET = "DELETE FROM hits WHERE counter = ? AND ends_at <= ?"
_COUNT = "INSERT INTO hits (counter, at, weight, ends_at) VALUES (?, ?, ?, ?)"
_OF_THAT_MOMENT = "SELECT rowid, weight FROM hits WHERE counter = ? AND at = ?"
_LIGHTEN = "UPDATE hits SET weight = weight - ? WHERE rowid = ?"
_DROP = "DELETE FROM hits WHERE rowid = ?"


def charge(
    connection: sqlite3.Connection,
    charges: Sequence[Charge],
    now: datetime,
    *,
    enforce: bool,
) -> Refusal | None:
    """Count all of them, or none: then return the refusal with the longest wait."""
    hits = {each.counter: _hits(connection, each.counter, now) for each in charges}
    refusal = longest_refusal(charges, hits, now)
    if refusal is None or not enforce:
        for each in charges:
            _count(connection, each, now)
    return refusal


def refund(
    connection: sqlite3.Connection, charges: Sequence[Charge], at: datetime
) -> None:
    """Take back so much weight of what was charged at that very moment."""
    for each in charges:
        _refund_one(connection, each, at)


def _hits(connection: sqlite3.Connection, counter: str, now: datetime) -> list[Hit]:
    rows = connection.execute(_HITS, (counter, kept(now)))
    return [Hit(restored(at), weight) for at, weight in rows]


def _count(connection: sqlite3.Connection, charge: Charge, now: datetime) -> None:
    ends_at = now + timedelta(seconds=charge.window_seconds)
    connection.execute(_FORGET, (charge.counter, kept(now)))
    connection.execute(
        _COUNT, (charge.counter, kept(now), charge.weight, kept(ends_at))
    )


def _refund_one(connection: sqlite3.Connection, charge: Charge, at: datetime) -> None:
    owed = charge.weight
    for rowid, weight in connection.execute(
        _OF_THAT_MOMENT, (charge.counter, kept(at))
    ).fetchall():
        taken = min(owed, weight)
        owed -= taken
        if 0 < taken < weight:
            connection.execute(_LIGHTEN, (taken, rowid))
        elif taken:
            connection.execute(_DROP, (rowid,))
