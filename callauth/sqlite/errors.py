"""What errors of SQLite mean to whoever uses the store.

Only the names of errors are told: the texts of SQLite may hold a path or a value.
"""

from __future__ import annotations

import sqlite3
from typing import TypeAlias

from ..errors import ConfigurationError, StoreError

REFUSED = (sqlite3.Error, UnicodeEncodeError, OverflowError, MemoryError)
"""What a job raises when SQLite cannot do it."""

Refused: TypeAlias = sqlite3.Error | UnicodeEncodeError | OverflowError | MemoryError

_EXPECTED = {
    sqlite3.SQLITE_BUSY: "a store that others let go of in time",
    sqlite3.SQLITE_CANTOPEN: "a file that can be opened, in a folder that is there",
    sqlite3.SQLITE_CORRUPT: "a store that is whole",
    sqlite3.SQLITE_FULL: "room on the disk",
    sqlite3.SQLITE_IOERR: "a disk that works",
    sqlite3.SQLITE_NOTADB: "a database of SQLite",
    sqlite3.SQLITE_READONLY: "a file and a folder that can be written",
}
# They may be over at the next try, and say nothing of the set-up.
_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
}


def store_error(error: Refused) -> StoreError:
    """Return the error of a store that is open."""
    return StoreError(_clause(error, "a value that SQLite can keep"))


def opening_error(error: sqlite3.Error, kind: str) -> StoreError | ConfigurationError:
    """Return the error of a file of that kind which could not be opened."""
    clause = _clause(error, f"a {kind} of callauth")
    if _code(error) in _PASSING:
        return StoreError(clause)
    return ConfigurationError(clause)


def _clause(error: Refused, otherwise: str) -> str:
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return f"expected {_EXPECTED.get(_code(error), otherwise)}, got {name}"


def _code(error: Refused) -> int:
    # The primary code is in the lowest byte; the module's own errors have none.
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
