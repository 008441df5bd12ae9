"""Checks of counters: exact limits within a sliding window."""

from __future__ import annotations

from ..verification.counters import Refusal
from ..verification.store import Store
from .check import Checks, check, expect, together
from .samples import NOW, ROUNDS, TASKS, WINDOW_SECONDS, charge, later, room

_LIMIT = 5
_MICROSECOND = 0.000_001


class CounterChecks(Checks):
    """Check charge and refund."""

    @check
    async def test_a_limit_is_reached_and_not_passed(self, store: Store) -> None:
        """The one after the last is told when there is room again."""
        allowed = await room(store, charge(limit=_LIMIT))
        refusal = await store.charge([charge(limit=_LIMIT)], now=later(20))

        expect(allowed, _LIMIT, "as many are allowed as the limit says")
        expect(_told(refusal), ("counter", WINDOW_SECONDS - 20), "the wait is told")

    @check
    async def test_a_limit_is_exact_when_many_come_at_once(self, store: Store) -> None:
        """A limit that many requests at once can pass is none."""
        for number in range(ROUNDS):
            wanted = charge(f"counter {number}", limit=_LIMIT)
            refusals = await together(
                store.charge([wanted], now=NOW) for _ in range(TASKS)
            )
            expect(
                refusals.count(None), _LIMIT, "as many are allowed as the limit says"
            )

    @check
    async def test_the_window_slides(self, store: Store) -> None:
        """Each hit makes room when its own time is over, not all at midnight."""
        for seconds in (0, 10, 20):
            await store.charge([charge(limit=3)], now=later(seconds))
        end = WINDOW_SECONDS

        for at, allowed in ((end - _MICROSECOND, 0), (end, 1), (end + 10, 1)):
            found = await room(store, charge(limit=3), at=at)
            expect(found, allowed, f"{at} s after the first there is so much room")

    @check
    async def test_a_hit_of_the_future_counts(self, store: Store) -> None:
        """A clock that is set back forgives nothing."""
        await store.charge([charge(limit=1)], now=later(30))

        refusal = await store.charge([charge(limit=1)], now=NOW)

        expect(_told(refusal), ("counter", WINDOW_SECONDS + 30), "it still counts")

    @check
    async def test_a_refused_charge_counts_nothing(self, store: Store) -> None:
        """Whoever is refused must not be kept out the longer for trying."""
        for seconds in (0, *range(30)):
            await store.charge([charge(limit=1)], now=later(seconds))

        found = await room(store, charge(limit=1), at=WINDOW_SECONDS)

        expect(found, 1, "the first hit alone was counted")

    @check
    async def test_all_are_counted_or_none(self, store: Store) -> None:
        """What one limit refuses must not use up the others."""
        full, open_ = charge("full", limit=1), charge("open", limit=_LIMIT)
        await store.charge([full], now=NOW)

        for order in ([full, open_], [open_, full]):
            refusal = await store.charge(order, now=NOW)
            expect(_told(refusal), ("full", WINDOW_SECONDS), "the full one is named")

        expect(await room(store, open_), _LIMIT, "the other was not counted")

    @check
    async def test_all_or_none_when_many_come_at_once(self, store: Store) -> None:
        """Two counters that are charged together never part."""
        tight, wide = charge("tight", limit=_LIMIT), charge("wide", limit=TASKS)

        await together(store.charge([wide, tight], now=NOW) for _ in range(TASKS))

        left = await room(store, wide, most=2 * TASKS)
        expect(left, TASKS - _LIMIT, "both were counted equally often")

    @check
    async def test_the_longest_wait_is_told(self, store: Store) -> None:
        """A shorter one would only lead to the next refusal."""
        early, late = charge("early", limit=1), charge("late", limit=1)
        await store.charge([early], now=NOW)
        await store.charge([late], now=later(20))

        for order in ([early, late], [late, early]):
            refusal = await store.charge(order, now=later(30))
            expect(_told(refusal), ("late", WINDOW_SECONDS - 10), "the longest is told")

    @check
    async def test_weights_add_up(self, store: Store) -> None:
        """Some calls cost more than others."""
        for weight, is_allowed in ((3, True), (3, False), (2, True), (1, False)):
            wanted = charge(limit=_LIMIT, weight=weight)
            refusal = await store.charge([wanted], now=NOW)
            expect(refusal is None, is_allowed, f"a weight of {weight} more")

    @check
    async def test_too_much_at_once_is_refused_even_at_first(
        self, store: Store
    ) -> None:
        """A limit holds for a single charge, too."""
        wanted = charge(limit=_LIMIT, weight=_LIMIT + 1)

        refusal = await store.charge([wanted], now=NOW)

        expect(_told(refusal), ("counter", WINDOW_SECONDS), "more than the limit")

    @check
    async def test_pauses_grow(self, store: Store) -> None:
        """After each call the next one has to wait longer."""
        wanted = charge(pauses=(5, 10))
        for at, wait in ((0, 0), (4, 1), (5, 0), (6, 9), (15, 0), (16, 9), (25, 0)):
            refusal = await store.charge([wanted], now=later(at))
            expected = ("counter", wait) if wait else None
            expect(_told(refusal), expected, f"the charge {at} s after the first")

    @check
    async def test_no_limit_refuses_nothing(self, store: Store) -> None:
        """What is only counted is never in the way."""
        expect(await room(store, charge()), 20, "all are allowed")

    @check
    async def test_without_enforcement_all_are_counted(self, store: Store) -> None:
        """A dry run tells what would have been refused."""
        full, other = charge("full", limit=1), charge("other", limit=_LIMIT)
        await store.charge([full], now=NOW)

        refusal = await store.charge([full, other], now=NOW, enforce=False)

        expect(_told(refusal), ("full", WINDOW_SECONDS), "the refusal is still told")
        expect(await room(store, other), _LIMIT - 1, "and all were counted")
        raised = charge("full", limit=_LIMIT)
        expect(await room(store, raised), _LIMIT - 2, "the refused one, too")

    @check
    async def test_counters_stand_apart(self, store: Store) -> None:
        """One phone's calls are not another one's."""
        await room(store, charge("one", limit=_LIMIT))

        expect(await room(store, charge("two", limit=_LIMIT)), _LIMIT, "it is empty")

    @check
    async def test_no_charges_are_allowed(self, store: Store) -> None:
        """A policy may limit nothing at all."""
        expect(await store.charge([], now=NOW), None, "nothing is refused")

    @check
    async def test_what_is_taken_back_makes_room(self, store: Store) -> None:
        """A call that was not placed is not counted."""
        first, second = charge("one", limit=_LIMIT), charge("two", limit=_LIMIT)
        for at in (0, 1):
            await store.charge([first, second], now=later(at))

        await store.refund([first, second], at=later(1))

        for each in (first, second):
            left = await room(store, each, at=1)
            expect(left, _LIMIT - 1, "one of two was taken back")

    @check
    async def test_only_that_moment_is_taken_back(self, store: Store) -> None:
        """What was never charged cannot be given back."""
        await store.charge([charge(limit=_LIMIT)], now=NOW)

        for at in (-_MICROSECOND, _MICROSECOND, 30):
            await store.refund([charge()], at=later(at))
        await store.refund([charge("another")], at=NOW)

        expect(await room(store, charge(limit=_LIMIT)), _LIMIT - 1, "nothing came back")

    @check
    async def test_so_much_weight_is_taken_back(self, store: Store) -> None:
        """Tries that were not used are given back, the others stay counted."""
        await store.charge([charge(limit=10, weight=3)], now=NOW)
        await store.charge([charge(limit=10, weight=4)], now=NOW)

        await store.refund([charge(weight=5)], at=NOW)
        expect(await room(store, charge(limit=4)), 2, "2 of 7 are left")
        await store.refund([charge(weight=100)], at=NOW)
        expect(await room(store, charge(limit=4)), 4, "never more than was charged")

    @check
    async def test_of_two_at_the_same_moment_one_is_taken_back(
        self, store: Store
    ) -> None:
        """Two requests may come in the same microsecond."""
        for _ in range(2):
            await store.charge([charge()], now=NOW)

        await store.refund([charge()], at=NOW)

        expect(await room(store, charge(limit=_LIMIT)), _LIMIT - 1, "the other counts")

    @check
    async def test_a_hit_that_was_taken_back_needs_no_pause(self, store: Store) -> None:
        """Nobody was called, so nobody has to wait."""
        await store.charge([charge(pauses=(30,))], now=NOW)

        await store.refund([charge(pauses=(30,))], at=NOW)

        refusal = await store.charge([charge(pauses=(30,))], now=later(1))
        expect(refusal, None, "there is no hit to wait after")

    @check
    async def test_taking_back_many_at_once_is_exact(self, store: Store) -> None:
        """Of many who give back at the same time none is forgotten."""
        most = charge(limit=TASKS)
        await store.charge([charge(limit=TASKS, weight=TASKS)], now=NOW)

        await together(store.refund([charge()], at=NOW) for _ in range(TASKS // 2))

        left = await room(store, most, most=2 * TASKS)
        expect(left, TASKS // 2, "each has given back its own")


def _told(refusal: Refusal | None) -> tuple[str, float] | None:
    # To the millisecond: a store may reckon in other units than the charge does.
    if refusal is None:
        return None
    return refusal.counter, round(refusal.retry_after, 3)
