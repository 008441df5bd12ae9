"""The schema of the store; moments are whole microseconds since 1970 in UTC."""

from __future__ import annotations

from ..sqlite.schema import Schema

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

STORE_SCHEMA = Schema("store", application_id=0, versions=(_VERSION_1,))
