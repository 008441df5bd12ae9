"""The schema of a ledger; moments are whole microseconds since 1970 in UTC.

Phones are their E.164 digits as a number, which halves the file. There is no index on
the state: rows are taken in their order, and a run that goes on reads all of them once.
"""

from __future__ import annotations

from ..sqlite.schema import Schema

_VERSION_1 = (
    """
    CREATE TABLE rows (
        id INTEGER PRIMARY KEY,
        phone INTEGER UNIQUE,
        text TEXT NOT NULL,
        state TEXT NOT NULL,
        key TEXT,
        placed TEXT,
        called_at INTEGER,
        settled_at INTEGER,
        reason TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE job (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        channel TEXT NOT NULL,
        read INTEGER NOT NULL,
        digest TEXT NOT NULL,
        duplicates INTEGER NOT NULL,
        is_read_whole INTEGER NOT NULL
    ) STRICT
    """,
)

LEDGER_SCHEMA = Schema("ledger", application_id=0x63616C6C, versions=(_VERSION_1,))
