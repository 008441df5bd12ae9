"""What is pending has a number, which nobody else has before everybody has let go."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
)

from callauth.client.entries import Entries


class _Numbers(RuleBasedStateMachine):
    """Whatever ends in whatever order, no two entries have one number."""

    numbers = Bundle("numbers")

    def __init__(self) -> None:
        super().__init__()
        self.entries: Entries[str] = Entries()
        self.pending: dict[int, str] = {}
        self.held: dict[int, int] = {}
        self.most = 0

    @rule(target=numbers, key=st.text(max_size=3), last=st.floats(0, 1e6))
    def add(self, key: str, last: float) -> int:
        """Begin with no checks, whoever had the number before."""
        number = self.entries.add("asker", key, last)

        assert number not in self.held
        assert self.entries.checks[number] == 0
        assert self.entries.last_checks_at[number] == last
        self.entries.checks[number] = 7
        self.pending[number], self.held[number] = key, 2
        self.most = max(self.most, len(self.held))
        return number

    @rule(number=consumes(numbers), first=st.booleans(), second=st.booleans())
    def end(self, number: int, *, first: bool, second: bool) -> None:
        """End it before, between or after its holders let it go."""
        if first:
            self.entries.let_go(number)
        self.entries.end(number)
        self.entries.end(number)
        del self.pending[number]
        self.held[number] -= 1 if first else 0
        if second:
            self.entries.let_go(number)
            self.held[number] -= 1
        if not self.held[number]:
            del self.held[number]

    @invariant()
    def it_counts_and_keeps_what_is_pending(self) -> None:
        """No key outlives its entry, and no number is wasted."""
        keys = self.entries.keys

        assert len(self.entries) == len(self.pending)
        assert {n: keys[n] for n in self.pending} == self.pending
        assert sum(key is not None for key in keys) == len(self.pending)
        assert len(keys) == self.most


TestNumbers = _Numbers.TestCase
