"""Model: what the documents promise of attempts, without a store, tasks or timers.

A route holds for each channel how long it rings, None for one that leases a number. The
provider of a leased number is asked every second, counted from the lease.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TypeAlias

from attrs import define, field

PIN_SECONDS = 120.0
LAST_CHECK_SECONDS = 130.0
CALL_COUNTS_SECONDS = 135.0
COOL_DOWN = (30.0, 60.0, 120.0)
TRIES, FAILURES, STARTS = 3, 4, 6

Fate: TypeAlias = str
"""What the channel does next: rings or leases ("well"), "not sent", "lost", "no"."""


def pin_of(position: int, call: int) -> str:
    """Return the pin of a call, counted from 0, by the channel at that position."""
    return f"{1000 * (position + 1) + call}"


class Refused(Exception):
    """What a call raises, by the name of its class."""

    def __init__(self, name: str, retry_after: float | None = None) -> None:
        super().__init__(name)
        self.name = name
        self.retry_after = retry_after


@define(eq=False)
class Case:
    """One attempt."""

    phone: int
    position: int = 0
    state: str = "Pending"
    pin: str = ""
    tries: int = 0
    since: float = 0.0
    lease_id: int | None = None
    caller: int | None = None


@define(eq=False)
class Model:
    """All that is known, and the rules."""

    route: tuple[float | None, ...]
    now: float = 0.0
    cases: list[Case] = field(factory=list)
    fates: dict[int, Fate] = field(factory=dict)
    rings_until: dict[int, float] = field(factory=dict)
    reverse_until: dict[int, tuple[float, Case]] = field(factory=dict)
    rings: defaultdict[int, list[float]] = field(factory=lambda: defaultdict(list))
    starts: Counter[int] = field(factory=Counter)
    failures: Counter[int] = field(factory=Counter)
    leases: int = 0
    calls: Counter[int] = field(factory=Counter)
    hinted: dict[int, float] = field(factory=dict)

    def start(self, phone: int) -> Case:
        """Begin with the first channel."""
        case = Case(phone)
        case.tries = self.reserve(case, 0)
        self.count_start(phone)
        self.cases.append(case)
        self.place(case)
        return case

    def next_channel(self, case: Case) -> None:
        """Go to the next one; until it is reserved, all stays as it is."""
        self.require_live(case)
        position, tries = self.reserve_next(case)
        self.count_start(case.phone)
        self.free_lease(case)
        case.position, case.tries = position, tries
        case.lease_id = case.caller = None
        self.place(case)

    def submit(self, case: Case, typed: str) -> None:
        """Take a pin."""
        if case.state == "Expired":
            return
        self.require_live(case)
        if case.lease_id is not None:
            raise Refused("ConfigurationError")
        if typed == case.pin:
            self.end(case, "Confirmed")
            return
        case.tries -= 1
        self.failures[case.phone] += 1
        if case.tries == 0:
            self.end(case, "Rejected")

    def cancel(self, case: Case) -> None:
        """Give up."""
        self.require_live(case)
        self.end(case, "Rejected")

    def hint(self, lease_id: int) -> None:
        """Ask at once, once per second."""
        case = self.leased(lease_id)
        if case is None or self.now < self.hinted.get(lease_id, -1.0) + 1.0:
            return
        self.hinted[lease_id] = self.now
        self.ask(case)

    def dial(self, lease_id: int, caller: int) -> None:
        """Somebody calls the number of that lease."""
        case = self.leased(lease_id)
        if case is not None:
            case.caller = caller

    def advance(self, seconds: float) -> None:
        """Let time pass, and everything that is due in its order."""
        end = self.now + seconds
        while True:
            due = [(self.due(case), at) for at, case in enumerate(self.cases)]
            moment, at = min(due, default=(math.inf, 0))
            if moment > end:
                break
            self.now = moment
            case = self.cases[at]
            if case.lease_id is not None and case.caller is not None:
                self.ask(case)
            else:
                self.end(case, "Expired")
        self.now = end

    def due(self, case: Case) -> float:
        """Return when something happens to the attempt by itself."""
        if case.state != "Pending":
            return math.inf
        if case.lease_id is None:
            return case.since + PIN_SECONDS
        last = case.since + LAST_CHECK_SECONDS
        if case.caller is None:
            return last
        check = case.since + math.floor(self.now - case.since) + 1
        return min(check, last)

    def reserve(self, case: Case, position: int) -> int:
        """Look at locks and counts; return the tries."""
        ring_seconds = self.route[position]
        if ring_seconds is None:
            self.require_unlocked(self.reverse_until.get(case.phone, (0.0, case))[0])
            return 0
        self.require_unlocked(self.rings_until.get(case.phone, 0.0))
        rings = self.rings[case.phone]
        if rings:
            pause = COOL_DOWN[min(len(rings), len(COOL_DOWN)) - 1]
            if self.now < rings[-1] + pause:
                raise Refused("TooManyAttempts", rings[-1] + pause - self.now)
        left = FAILURES - self.failures[case.phone] - self.held_by_others(case)
        if left < 1:
            raise Refused("TooManyAttempts")
        return min(TRIES, left)

    def reserve_next(self, case: Case) -> tuple[int, int]:
        """Pass over a number to dial while a call of the phone is waited for."""
        refusal = Refused("NoChannelLeft")
        for position in range(case.position + 1, len(self.route)):
            try:
                return position, self.reserve(case, position)
            except Refused as error:
                if error.name != "RingLocked" or self.route[position] is not None:
                    raise
                refusal = error
        raise refusal

    def require_unlocked(self, until: float) -> None:
        """Refuse while the phone is locked."""
        if until > self.now:
            raise Refused("RingLocked", until - self.now)

    def held_by_others(self, case: Case) -> int:
        """Return the tries that other live attempts of this phone may still use."""
        return sum(
            each.tries
            for each in self.cases
            if each.phone == case.phone and each.state == "Pending" and each is not case
        )

    def count_start(self, phone: int) -> None:
        """Count a call that somebody asked for."""
        if self.starts[phone] == STARTS:
            raise Refused("TooManyAttempts")
        self.starts[phone] += 1

    def place(self, case: Case) -> None:
        """Ask the channel, and those after it when nothing was placed."""
        while True:
            fate = self.fates.get(case.position, "well")
            is_ring = self.route[case.position] is not None
            self.calls[case.position] += 1
            if fate == "no":
                self.end(case, "Rejected")
                raise Refused("NumberBlocked")
            if fate == "lost" and is_ring:
                self.ring(case, 30.0)
                self.end(case, "Unknown")
                return
            if fate == "well":
                self.issue(case)
                return
            self.pass_on(case)

    def pass_on(self, case: Case) -> None:
        """Let the next channel be asked, if it can be."""
        try:
            position, tries = self.reserve_next(case)
        except Refused:
            self.end(case, "Rejected")
            raise
        case.position, case.tries = position, tries

    def issue(self, case: Case) -> None:
        """Give the person something to do."""
        case.since = self.now
        if self.route[case.position] is not None:
            self.ring(case, 0.0)
            case.pin = pin_of(case.position, self.calls[case.position] - 1)
            return
        self.leases += 1
        case.lease_id, case.caller = self.leases, None
        self.reverse_until[case.phone] = (self.now + CALL_COUNTS_SECONDS, case)

    def ring(self, case: Case, more: float) -> None:
        """Let the phone ring."""
        seconds = self.route[case.position]
        assert seconds is not None
        self.rings[case.phone].append(self.now)
        self.rings_until[case.phone] = self.now + seconds + more

    def ask(self, case: Case) -> None:
        """Hear from the provider who has called."""
        if case.caller is not None:
            is_right = case.caller == case.phone
            self.end(case, "Confirmed" if is_right else "Rejected")

    def leased(self, lease_id: int) -> Case | None:
        """Return the attempt that waits for a call to that number."""
        waiting = (
            each
            for each in self.cases
            if each.lease_id == lease_id and each.state == "Pending"
        )
        return next(waiting, None)

    def require_live(self, case: Case) -> None:
        """Refuse what has an outcome."""
        if case.state != "Pending":
            raise Refused("AttemptSettled")

    def end(self, case: Case, state: str) -> None:
        """Write down the outcome."""
        case.state = state
        self.free_lease(case)

    def free_lease(self, case: Case) -> None:
        """Let the phone dial another number."""
        _, owner = self.reverse_until.get(case.phone, (0.0, None))
        if owner is case:
            del self.reverse_until[case.phone]
