"""Entries: what is pending, one number each, in columns.

A column is one object to the garbage collector, however long it is. An entry has none
of its own, so that a million of them cost a full collection no more than their keys do.
"""

from __future__ import annotations

from array import array
from typing import Generic, TypeVar

A = TypeVar("A")

# One that waits for the next check, and one that waits for the end.
_HOLDERS = 2


class Entries(Generic[A]):
    """Give numbers to what is pending; ``len`` says how much that is.

    A number is used again when its entry has ended and each of its two holders has let
    it go. The columns are read by number; an asker of None says that it has ended.
    """

    def __init__(self) -> None:
        self.askers: list[A | None] = []
        self.keys: list[object] = []
        self.last_checks_at = array("d")
        self.checks = array("I")
        self._holders = bytearray()
        self._free = array("q")
        self._pending = 0

    def __len__(self) -> int:
        return self._pending

    def add(self, asker: A, key: object, last_check_at: float) -> int:
        """Return the number of a new entry, which both holders have."""
        self._pending += 1
        number = self._free.pop() if self._free else self._lengthen()
        self.askers[number] = asker
        self.keys[number] = key
        self.last_checks_at[number] = last_check_at
        self.checks[number] = 0
        self._holders[number] = _HOLDERS
        return number

    def end(self, number: int) -> None:
        """Forget what is no longer pending; ending it again does nothing."""
        if self.askers[number] is not None:
            self.askers[number] = self.keys[number] = None
            self._pending -= 1

    def let_go(self, number: int) -> None:
        """Say that one holder does not have the number any more."""
        self._holders[number] -= 1
        if not self._holders[number]:
            self._free.append(number)

    def _lengthen(self) -> int:
        self.askers.append(None)
        self.keys.append(None)
        self.last_checks_at.append(0.0)
        self.checks.append(0)
        self._holders.append(0)
        return len(self._holders) - 1
