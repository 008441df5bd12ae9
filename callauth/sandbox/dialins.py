"""DialIns: which leased numbers were called, each call readable once.

NeroTech, method verify: a call of the last two minutes is a success, and reading it a
second time is an error. The call need not belong to the newest lease: when the same
number is leased again, a call that was left over satisfies it.
"""

from __future__ import annotations

from enum import Enum
from math import inf
from typing import TypeAlias

from attrs import define, field

from ..models.phone import PhoneNumber
from .window import within

Pair: TypeAlias = tuple[PhoneNumber, PhoneNumber]
"""A service number and the phone that it is leased to."""

WINDOW_SECONDS = 120.0


class Reading(Enum):
    """Name what asking for a call comes to."""

    CALLED = "called"
    ALREADY_READ = "already_read"
    NOT_FOUND = "not_found"


@define(eq=False)
class DialIns:
    """Remember leases, calls and readings; moments are seconds of the ledger."""

    _leased: dict[Pair, float] = field(factory=dict)
    _called: dict[Pair, float] = field(factory=dict)
    _read: dict[Pair, float] = field(factory=dict)

    def lease(self, pair: Pair, elapsed: float) -> None:
        """Note that the number was leased."""
        self._leased[pair] = elapsed

    def call(self, pair: Pair, elapsed: float, *, window_seconds: float | None) -> None:
        """Note a call if it came within the window of the lease; None takes all."""
        leased = self._leased.get(pair, -inf)
        if window_seconds is None or within(leased, elapsed, window_seconds):
            self._called[pair] = elapsed

    def read(self, pair: Pair, elapsed: float) -> Reading:
        """Say whether there is a call of the last 120 seconds, and use it up."""
        if within(self._called.pop(pair, -inf), elapsed, WINDOW_SECONDS):
            self._read[pair] = elapsed
            return Reading.CALLED
        if within(self._read.get(pair, -inf), elapsed, WINDOW_SECONDS):
            return Reading.ALREADY_READ
        return Reading.NOT_FOUND
