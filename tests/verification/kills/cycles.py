"""Cycles: lives that end early, and what becomes of their people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import TypeAlias

from attrs import evolve

from callauth import AttemptId, PhoneNumber
from tests.support.tally import Tally

from .children import lived
from .judge import Case, Heard, violations
from .lives import ALL_IS_OVER_SECONDS, begin, go_on
from .orders import Order, Person, Told
from .plans import Plan, by_chance
from .wards import Ward, judged_by_chance

Life: TypeAlias = Callable[[Order, Connection], None]


class StoreWard(Ward[Plan, Case]):
    """Let processes share stores."""

    async def cycle(self, plan: Plan) -> Case:
        """Let processes live as planned; return everything that is to be judged."""
        number = next(self.numbers)
        first = Order(
            store=str(self.folder / f"{number}.db"),
            base=self.base,
            desk=plan.desk,
            defect=plan.defect,
            patience_seconds=plan.patience_seconds,
            people=tuple(
                Person(phone=self.phone(number, place), deed=deed)
                for place, deed in enumerate(plan.deeds)
            ),
            at_once=plan.at_once,
            cools_down=plan.cools_down,
            death=plan.death,
        )
        began = self.sandbox.clock.now()
        lives = [await _lived(begin, first, plan.after_seconds)]
        for order in _orders_to_go_on(first, plan):
            lives.append(await _lived(go_on, evolve(order, known=_known(lives))))
            if not lives[-1].was_killed:
                break
        return Case(
            people=first.people,
            lives=tuple(lives),
            began=began,
            file=first.store,
            ledger=self.sandbox.ledger,
        )

    def violations(self, case: Case) -> Iterator[str]:
        """Name every promise that was broken."""
        return violations(case)


def _orders_to_go_on(first: Order, plan: Plan) -> Iterator[Order]:
    shift = plan.shift_seconds
    yield evolve(first, death=plan.second_death, shift_seconds=shift)
    while True:
        shift += ALL_IS_OVER_SECONDS
        yield evolve(first, death=None, shift_seconds=shift, ends_all=True)


def _known(lives: list[Heard]) -> tuple[tuple[AttemptId, PhoneNumber], ...]:
    told = [word for life in lives for word in life.words if isinstance(word, Told)]
    return tuple({each.attempt_id: each.phone for each in told}.items())


async def _lived(life: Life, order: Order, after_seconds: float | None = None) -> Heard:
    words, was_killed = await lived(life, order, after_seconds)
    return Heard(words=words, was_killed=was_killed)


async def kill_cycles(cycles: int, seed: int) -> Tally:
    """Run so many cycles by chance: for the campaign."""
    return await judged_by_chance(StoreWard, seed, by_chance(seed), cycles)
