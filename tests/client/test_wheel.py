"""A million moments in order, with nothing for the garbage collector to look at."""

from __future__ import annotations

import math
import random
from bisect import insort
from itertools import count, pairwise

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from callauth.client.wheel import Wheel
from tests.support.tracked import tracked

# Close together and far apart, before 0 as well, and often the same one twice.
_MOMENTS = st.one_of(
    st.integers(-4, 40).map(lambda twentieths: twentieths / 20),
    st.floats(-1.0, 3.0),
    st.floats(-1e9, 1e9),
)


class _AgainstASortedList(RuleBasedStateMachine):
    """However it is used, it gives out what a sorted list would."""

    def __init__(self) -> None:
        super().__init__()
        self.wheel = Wheel()
        self.sorted: list[tuple[float, int, int]] = []
        self.order = count()

    @rule(moment=_MOMENTS, number=st.integers(0, 5))
    def put(self, moment: float, number: int) -> None:
        """Put the same number in as often as you like."""
        self.wheel.put(moment, number)
        insort(self.sorted, (moment, next(self.order), number))

    @rule(now=_MOMENTS)
    def pop(self, now: float) -> None:
        """Take out one, if it is due."""
        due = self.sorted and self.sorted[0][0] <= now
        expected = self.sorted[0][2] if due else None

        assert self.wheel.peek(now) == expected
        assert self.wheel.pop(now) == expected
        del self.sorted[: 1 if due else 0]

    @rule(now=_MOMENTS)
    def pop_all(self, now: float) -> None:
        """Take out all that are due, in their order."""
        due = [number for moment, _, number in self.sorted if moment <= now]
        popped = []
        while (number := self.wheel.pop(now)) is not None:
            popped.append(number)

        assert popped == due
        del self.sorted[: len(due)]

    @invariant()
    def next_moment(self) -> None:
        """Know when to look again, to the last digit."""
        expected = self.sorted[0][0] if self.sorted else math.inf

        assert self.wheel.next_moment() == expected


TestAgainstASortedList = _AgainstASortedList.TestCase


def test_it_holds_no_object_for_each_number() -> None:
    """A full garbage collection looks at each object, and stops the loop meanwhile."""
    dice = random.Random(1)
    wheel = Wheel()
    for number in range(50_000):
        wheel.put(1e6 + 120 * dice.random(), number)

    assert tracked(wheel) <= 50_000 / 5


def test_a_crowd_comes_out_in_the_order_of_its_moments() -> None:
    """Also when the machine was suspended, and all of it is due at once."""
    dice = random.Random(2)
    moments = [1e6 + 120 * dice.random() for _ in range(20_000)]
    wheel = Wheel()
    for number, moment in enumerate(moments):
        wheel.put(moment, number)

    popped = [wheel.pop(2e6) for _ in moments]

    assert wheel.pop(2e6) is None
    assert sorted(map(str, popped)) == sorted(map(str, range(20_000)))
    times = [moments[number] for number in popped if number is not None]
    assert all(a <= b for a, b in pairwise(times))
