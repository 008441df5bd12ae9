"""Cycles: runs that end early, and others that go on."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from itertools import count, islice
from pathlib import Path

from attrs import define, evolve, field

from callauth import PhoneNumber
from callauth.bulk import SQLiteLedger
from callauth.sandbox import Sandbox, Subscriber
from tests.support.tally import Tally
from tests.verification.kills.children import lived
from tests.verification.kills.orders import Death
from tests.verification.kills.served import served

from .judge import Case, Heard, violations
from .lives import live
from .orders import Order
from .plans import Plan, by_chance

# A kill leaves what was written in the page cache, so no disk is needed for it.
_MEMORY = Path("/dev/shm")
_AT_ONCE = 2
_CYCLES_OF_A_WARD = 500
_SOON = Subscriber(answers_after_seconds=0.01, dials_after_seconds=0.01)


@define(eq=False)
class Ward:
    """A sandbox over HTTP, and a folder for the ledgers of its cycles."""

    sandbox: Sandbox
    base: str
    folder: Path
    _numbers: Iterator[int] = field(factory=count, init=False)

    async def cycle(self, plan: Plan) -> Case:
        """Let processes live as planned; return everything that is to be judged."""
        number = next(self._numbers)
        phones = tuple(self._phone(number, place) for place in range(plan.phones))
        blocked = frozenset(phones[-1:] if plan.blocked else ())
        self.sandbox.callpass.blocked.update(blocked)
        self.sandbox.nerotech.blocked.update(blocked)
        self.sandbox.telefonip.blocked.update(blocked)
        order = Order(
            ledger=str(self.folder / f"{number}.db"),
            base=self.base,
            kind=plan.kind,
            texts=_texts(plan, phones),
            concurrency=plan.concurrency,
            one_by_one=plan.one_by_one,
            defect=plan.defect,
        )
        lives: list[Heard] = []
        for death in (*plan.deaths, None):
            lives.append(await _lived(order, death))
            if not lives[-1].was_killed:
                break
        ledger = SQLiteLedger(order.ledger)
        job = await ledger.open()
        rows = [row async for row in ledger.rows()]
        await ledger.aclose()
        return Case(
            kind=plan.kind,
            phones=phones,
            blocked=blocked,
            bad=plan.bad,
            texts=order.texts,
            concurrency=plan.concurrency,
            lives=tuple(lives),
            file=order.ledger,
            job=job,
            rows=tuple(rows),
            ledger=self.sandbox.ledger,
        )

    async def judged(self, plan: Plan) -> tuple[Case, list[str]]:
        """Return one cycle and the promises that it broke."""
        case = await self.cycle(plan)
        broken = [f"{plan}: {what}" for what in violations(case)]
        for path in self.folder.glob(Path(case.file).name + "*"):
            path.unlink()
        return case, broken

    def _phone(self, number: int, place: int) -> PhoneNumber:
        return PhoneNumber(f"+7{900 + place}{number:07}")


def _texts(plan: Plan, phones: tuple[PhoneNumber, ...]) -> tuple[str, ...]:
    """Return the numbers, some of them twice, and bad texts in between."""
    again = [f"8{phone.e164[2:]}" for phone in phones[: plan.repeated]]
    bad = [f"nobody {place}" for place in range(plan.bad)]
    return (*bad[:1], *(phone.e164 for phone in phones), *bad[1:], *again)


async def _lived(order: Order, death: Death | float | None) -> Heard:
    if isinstance(death, float):
        words, was_killed = await lived(live, order, death)
    else:
        words, was_killed = await lived(live, evolve(order, death=death))
    return Heard(words=words, was_killed=was_killed)


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None)


@asynccontextmanager
async def ward(seed: int) -> AsyncIterator[Ward]:
    """Open a sandbox and a folder."""
    with _folder() as folder:
        async with served(seed) as (sandbox, base):
            sandbox.network.default = _SOON
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
                tally.faults += case.kills
                tally.broken += broken

        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(work())
    return tally


async def bulk_kill_cycles(cycles: int, seed: int) -> Tally:
    """Run so many cycles by chance: for the campaign."""
    tally = Tally()
    plans = by_chance(seed)
    while tally.runs < cycles:
        # Its ledger grows with every cycle.
        some = min(_CYCLES_OF_A_WARD, cycles - tally.runs)
        tally.add(await judged_all(seed + tally.runs, islice(plans, some)))
    return tally
