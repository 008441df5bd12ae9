"""The connection to a file."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from ..errors import ConfigurationError
from .errors import opening_error
from .schema import Schema, migrate

_FOR_THE_OWNER_ONLY = 0o600


def connect(path: Path, schema: Schema, *, busy_seconds: float) -> sqlite3.Connection:
    """Return a connection in the WAL mode, with the schema in place.

    A file that is made has the mode 0600. Raises ConfigurationError, and StoreError
    when the disk is full or the file is locked for too long.
    """
    try:
        _create(path)
        return _prepared(path, schema, busy_seconds)
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, "OSError")
        raise ConfigurationError(
            f"expected a file that can be made, got {name}"
        ) from None
    except sqlite3.Error as error:
        raise opening_error(error, schema.kind) from None


def disconnect(connection: sqlite3.Connection) -> None:
    """Close it, and move what was committed from the log into the file."""
    # The log is as durable: whoever opens the store next moves the rest.
    with suppress(sqlite3.Error):
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    connection.close()


def _create(path: Path) -> None:
    # SQLite would give it the mode that the umask leaves; its log takes the mode of
    # the file.
    with suppress(FileExistsError):
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR
        os.close(os.open(path, flags, _FOR_THE_OWNER_ONLY))


def _prepared(path: Path, schema: Schema, busy_seconds: float) -> sqlite3.Connection:
    # As a URI no name is special, ":memory:" neither, and nothing is made by SQLite.
    uri = f"{path.absolute().as_uri()}?mode=rw"
    with ExitStack() as stack:
        connection = sqlite3.connect(
            uri, uri=True, timeout=busy_seconds, isolation_level=None
        )
        stack.callback(connection.close)
        connection.execute("PRAGMA synchronous = FULL")
        # Before the mode is changed, so that a foreign database stays as it is.
        migrate(connection, schema)
        _use_wal(connection, busy_seconds)
        stack.pop_all()
    return connection


def _use_wal(connection: sqlite3.Connection, busy_seconds: float) -> None:
    # SQLite does not wait for others itself when the mode is changed.
    until = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() >= until:
                raise
            time.sleep(0.01)
        else:
            return
