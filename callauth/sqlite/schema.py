"""Schema: the tables of a file, as the steps that lead to them.

A version is a tuple of statements. ``PRAGMA user_version`` tells how many have been
applied; a new version is one more entry at the end, and what is there stays.
``PRAGMA application_id`` tells what kind of file it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from attrs import frozen

from ..errors import ConfigurationError


@frozen
class Schema:
    """Hold the versions of one kind of file; ``kind`` is what errors call it."""

    kind: str
    application_id: int
    versions: tuple[Sequence[str], ...]


def migrate(connection: sqlite3.Connection, schema: Schema) -> None:
    """Bring the file up to the last version.

    Several processes may do so at once: the first one does it, the others find it done.

    Raises ConfigurationError when it is newer than the last version, or of another
    kind.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        _apply_missing(connection, schema)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _apply_missing(connection: sqlite3.Connection, schema: Schema) -> None:
    found, last = _pragma(connection, "user_version"), len(schema.versions)
    if found and _pragma(connection, "application_id") != schema.application_id:
        raise ConfigurationError(f"expected a {schema.kind}, got another file")
    if not 0 <= found <= last:
        raise ConfigurationError(
            f"expected a {schema.kind} of schema <= {last}, got {found}"
        )
    for statements in schema.versions[found:]:
        for statement in statements:
            connection.execute(statement)
    if found < last:
        connection.execute(f"PRAGMA user_version = {last}")
        connection.execute(f"PRAGMA application_id = {schema.application_id}")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return int(value)
