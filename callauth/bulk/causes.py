"""Causes: why calls ended as they did, by the prefix of the operator."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Final

from attrs import frozen

from ..models.phone import PhoneNumber
from .wording import clean

FOREIGN: Final = "foreign"
OTHER: Final = "other causes"
_MOST_PREFIXES = 20
_MOST_NAMES = 5
# A provider that sends a new text each time must not fill the memory.
_MOST_CAUSES = 100


@frozen
class Prefix:
    """Hold why the numbers ended so that have these three digits after +7.

    ``counts`` has the names of ``Causes.names``, in their order.
    """

    digits: str
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """How many numbers there are."""
        return sum(self.counts.values())


class Causes:
    """Count causes by prefix, a hundred different ones and all others as one."""

    def __init__(self) -> None:
        self.totals: Counter[str] = Counter()
        """How often each cause came, whatever the prefix."""
        self._by_prefix: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add(self, phone: PhoneNumber, cause: str) -> None:
        """Count one number."""
        cause = clean(cause)
        if cause not in self.totals and len(self.totals) >= _MOST_CAUSES:
            cause = OTHER
        self.totals[cause] += 1
        self._by_prefix[_digits(phone)][cause] += 1

    @property
    def ranked(self) -> list[str]:
        """All causes, the most frequent first."""
        return sorted(self.totals, key=lambda each: (-self.totals[each], each))

    @property
    def names(self) -> list[str]:
        """The five most frequent causes, and "other causes" if there are more."""
        first = [cause for cause in self.ranked if cause != OTHER][:_MOST_NAMES]
        return [*first, OTHER] if len(self.totals) > len(first) else first

    def prefixes(self) -> list[Prefix]:
        """Return the 20 prefixes with most numbers, the largest first."""
        ordered = sorted(
            self._by_prefix.items(), key=lambda each: (-each[1].total(), each[0])
        )
        names = self.names
        return [
            Prefix(digits, _joined(counts, names))
            for digits, counts in ordered[:_MOST_PREFIXES]
        ]

    @property
    def prefixes_left_out(self) -> int:
        """How many prefixes are not among those 20."""
        return max(0, len(self._by_prefix) - _MOST_PREFIXES)


def _joined(counts: Counter[str], names: list[str]) -> dict[str, int]:
    joined = {name: counts[name] for name in names if name != OTHER}
    if OTHER in names:
        joined[OTHER] = counts.total() - sum(joined.values())
    return joined


def _digits(phone: PhoneNumber) -> str:
    return phone.e164[2:5] if phone.is_plus_7 else FOREIGN
