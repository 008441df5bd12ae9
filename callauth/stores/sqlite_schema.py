"""The schema of the store, as the steps that lead to it.

A version is a tuple of statements. ``PRAGMA user_version`` tells how many have been
applied; a new version is one more entry at the end, and what is there stays.

Moments are whole microseconds since 1970 in UTC.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from ..errors import ConfigurationError

_VERSION_1 = (
    """
    CREATE TABLE records (
        attempt_id TEXT NOT NULL UNIQUE,
        version INTEGER NOT NULL,
        document TEXT NOT NULL,
        worker TEXT,
        purge_at INTEGER NOT NULL,
        change INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX records_by_change ON records (change)",
    "CREATE INDEX records_by_worker ON records (worker) WHERE worker IS NOT NULL",
    "CREATE INDEX records_by_end ON records (purge_at)",
    # The last change when something was purged: its number stays used.
    "CREATE TABLE purged (change INTEGER NOT NULL) STRICT",
    "INSERT INTO purged VALUES (0)",
    """
    CREATE VIEW position (change) AS
    SELECT max(change, (SELECT ifnull(max(change), 0) FROM records)) FROM purged
    """,
    """
    CREATE TABLE locks (
        name TEXT NOT NULL PRIMARY KEY,
        owner TEXT NOT NULL,
        until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX locks_by_end ON locks (until)",
    """
    CREATE TABLE hits (
        counter TEXT NOT NULL,
        at INTEGER NOT NULL,
        weight INTEGER NOT NULL,
        ends_at INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX hits_by_counter ON hits (counter, ends_at, at, weight)",
    "CREATE INDEX hits_by_end ON hits (ends_at)",
)

MIGRATIONS: tuple[Sequence[str], ...] = (_VERSION_1,)


def migrate(
    connection: sqlite3.Connection, migrations: Sequence[Sequence[str]] = MIGRATIONS
) -> None:
    """Bring the schema up to the last version.

    Several processes may do so at once: the first one does it, the others find it done.

    Raises ConfigurationError when it is newer than the last version.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        _apply_missing(connection, migrations)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _apply_missing(
    connection: sqlite3.Connection, migrations: Sequence[Sequence[str]]
) -> None:
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    last = len(migrations)
    if not 0 <= found <= last:
        raise ConfigurationError(f"expected a store of schema <= {last}, got {found}")
    for statements in migrations[found:]:
        for statement in statements:
            connection.execute(statement)
    if found < last:
        connection.execute(f"PRAGMA user_version = {last}")
