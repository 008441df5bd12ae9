"""Tally: the numbers of the demo's table, counted without any I/O."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import ceil

from attrs import frozen

from ..models.outcome import Confirmed, Expired, Rejected, Unknown
from ..models.phone import PhoneNumber
from .kinds import KINDS, Kind
from .result import Refused, Result, reason_of

OUTCOMES: tuple[type[Result], ...] = (Confirmed, Rejected, Expired, Unknown, Refused)


@frozen(kw_only=True)
class Finished:
    """Hold how one number ended, after how many seconds of the sandbox.

    ``backed`` says that the ledger proves what the result claims; ``rings`` is how
    often the phone was called.
    """

    phone: PhoneNumber
    kind: Kind
    result: Result
    seconds: float
    rings: int
    backed: bool


@frozen(kw_only=True)
class Row:
    """Hold one line of the table; the seconds are those until confirmation."""

    title: str
    numbers: int
    counts: Mapping[type[Result], int]
    p50: float | None
    p95: float | None
    rings: int


@frozen(kw_only=True)
class Reason:
    """Hold why numbers were not confirmed, and how many in which flow."""

    outcome: type[Result]
    reason: str
    flows: Mapping[str, int]

    @property
    def numbers(self) -> int:
        """How many there are in all flows."""
        return sum(self.flows.values())


@frozen
class Verdict:
    """Hold the two numbers that must be 0."""

    rings_twice: int
    false_verifications: int

    @property
    def is_good(self) -> bool:
        """Whether both are."""
        return self.rings_twice == 0 and self.false_verifications == 0

    def __str__(self) -> str:
        return (
            f"rings twice: {self.rings_twice}, "
            f"false verifications: {self.false_verifications}"
        )


def rows(finished: Sequence[Finished]) -> list[Row]:
    """Return a row per flow, and one of all at the end."""
    by_kind = [(kind.title, [f for f in finished if f.kind == kind]) for kind in KINDS]
    return [_row(title, members) for title, members in [*by_kind, ("all", finished)]]


def reasons(finished: Iterable[Finished]) -> list[Reason]:
    """Return what came instead of confirmations, by outcome, the frequent first."""
    flows: dict[tuple[type[Result], str], Counter[str]] = defaultdict(Counter)
    for ended in finished:
        if not isinstance(ended.result, Confirmed):
            reason = reason_of(ended.result, ended.kind.method)
            flows[type(ended.result), reason][ended.kind.title] += 1
    found = [
        Reason(outcome=outcome, reason=reason, flows=counts)
        for (outcome, reason), counts in flows.items()
    ]
    return sorted(
        found, key=lambda r: (OUTCOMES.index(r.outcome), -r.numbers, r.reason)
    )


def verdict(finished: Iterable[Finished]) -> Verdict:
    """Return how many phones rang twice, and how many were confirmed without proof."""
    ended = list(finished)
    return Verdict(
        rings_twice=sum(f.rings > 1 for f in ended),
        false_verifications=sum(
            isinstance(f.result, Confirmed) and not f.backed for f in ended
        ),
    )


def percentile(values: Iterable[float], percent: int) -> float | None:
    """Return the value that so many percent do not exceed, None for no values.

    >>> percentile([1.0, 2.0, 3.0, 4.0], 50)
    2.0
    """
    ordered = sorted(values)
    if not ordered:
        return None
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]


def _row(title: str, members: Sequence[Finished]) -> Row:
    confirmed = [f.seconds for f in members if isinstance(f.result, Confirmed)]
    return Row(
        title=title,
        numbers=len(members),
        counts=Counter(type(f.result) for f in members),
        p50=percentile(confirmed, 50),
        p95=percentile(confirmed, 95),
        rings=sum(f.rings for f in members),
    )
