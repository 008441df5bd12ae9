"""Cycles: lives that end early, and what becomes of their people."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from itertools import count, islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeAlias

from attrs import define, evolve, field

from callauth import AttemptId, PhoneNumber
from callauth.sandbox import Sandbox
from tests.support.tally import Tally

from .children import lived
from .judge import Case, Heard, violations
from .lives import ALL_IS_OVER_SECONDS, begin, go_on
from .orders import Order, Person, Told
from .plans import Plan, by_chance
from .served import served

# A kill leaves what was written in the page cache, so no disk is needed for it.
_MEMORY = Path("/dev/shm")
_AT_ONCE = 2
_CYCLES_OF_A_WARD = 500

Life: TypeAlias = Callable[[Order, Connection], None]


@define(eq=False)
class Ward:
    """A sandbox over HTTP, and a folder for the stores of its cycles."""

    sandbox: Sandbox
    base: str
    folder: Path
    _numbers: Iterator[int] = field(factory=count, init=False)

    async def cycle(self, plan: Plan) -> Case:
        """Let processes live as planned; return everything that is to be judged."""
        number = next(self._numbers)
        first = Order(
            store=str(self.folder / f"{number}.db"),
            base=self.base,
            desk=plan.desk,
            defect=plan.defect,
            patience_seconds=plan.patience_seconds,
            people=tuple(
                Person(phone=self._phone(number, place), deed=deed)
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
            store=first.store,
            ledger=self.sandbox.ledger,
        )

    async def judged(self, plan: Plan) -> tuple[Case, list[str]]:
        """Return one cycle and the promises that it broke."""
        case = await self.cycle(plan)
        broken = [f"{plan}: {what}" for what in violations(case)]
        for path in self.folder.glob(Path(case.store).name + "*"):
            path.unlink()
        return case, broken

    def _phone(self, number: int, place: int) -> PhoneNumber:
        return PhoneNumber(f"+7{900 + place}{number:07}")


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


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None)


@asynccontextmanager
async def ward(seed: int) -> AsyncIterator[Ward]:
    """Open a sandbox and a folder."""
    with _folder() as folder:
        async with served(seed) as (sandbox, base):
            yield Ward(sandbox, base, Path(folder))


async def judged_all(seed: int, plans: Iterable[Plan]) -> Tally:
    """Run all plans, a few at once; count the kills as the faults."""
    tally = Tally()
    left = iter(plans)
    async with ward(seed) as made:

        async def work() -> None:
            for plan in left:
                case, broken = await made.judged(plan)
                tally.runs += 1
                tally.faults += sum(life.was_killed for life in case.lives)
                tally.broken += broken

        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(work())
    return tally


async def kill_cycles(cycles: int, seed: int) -> Tally:
    """Run so many cycles by chance: for the campaign."""
    tally = Tally()
    plans = by_chance(seed)
    while tally.runs < cycles:
        # Its ledger grows with every cycle.
        some = min(_CYCLES_OF_A_WARD, cycles - tally.runs)
        tally.add(await judged_all(seed + tally.runs, islice(plans, some)))
    return tally
