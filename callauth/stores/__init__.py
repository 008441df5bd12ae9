"""Where attempts are kept beyond the life of a process."""

from .sqlite import SQLiteStore

__all__ = ["SQLiteStore"]
