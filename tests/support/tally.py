"""Tally: what was done, and what went wrong."""

from __future__ import annotations

from collections import Counter

from attrs import define, field


@define
class Tally:
    """Count what was done and keep what went wrong.

    ``doubled`` counts the callers that were cancelled a second time while they left.
    ``again`` counts the trials that were repeated by themselves, ``kinds`` how often
    something came up, by its name. ``notes`` say what was measured.
    """

    runs: int = 0
    faults: int = 0
    doubled: int = 0
    again: int = 0
    kinds: Counter[str] = field(factory=Counter)
    broken: list[str] = field(factory=list)
    notes: list[str] = field(factory=list)

    def add(self, other: Tally) -> None:
        """Add what another one counted."""
        self.runs += other.runs
        self.faults += other.faults
        self.doubled += other.doubled
        self.again += other.again
        self.kinds += other.kinds
        self.broken += other.broken
        self.notes += other.notes
