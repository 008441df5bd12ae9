"""Wards: cycles of processes that are killed, each judged when nobody is left."""

from __future__ import annotations

import asyncio
import tempfile
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import count, islice
from pathlib import Path
from typing import Generic, Protocol, Self, TypeVar

from attrs import define, field

from callauth import PhoneNumber
from callauth.sandbox import Sandbox
from tests.support.tally import Tally

from .orders import Finished
from .served import served

# A kill leaves what was written in the page cache, so no disk is needed for it.
_MEMORY = Path("/dev/shm")
_AT_ONCE = 2
_CYCLES_OF_A_WARD = 500


class Life(Protocol):
    """What one process said, and how it ended."""

    @property
    def words(self) -> Sequence[object]: ...

    @property
    def was_killed(self) -> bool: ...


class Cycled(Protocol):
    """What is known of one cycle, and the file that its processes shared."""

    @property
    def lives(self) -> Sequence[Life]: ...

    @property
    def file(self) -> str: ...


P = TypeVar("P")
C = TypeVar("C", bound=Cycled)


@define(eq=False)
class Ward(ABC, Generic[P, C]):
    """A sandbox over HTTP, and a folder for the files of its cycles."""

    sandbox: Sandbox
    base: str
    folder: Path
    numbers: Iterator[int] = field(factory=count, init=False)

    @classmethod
    @asynccontextmanager
    async def open(cls, seed: int) -> AsyncIterator[Self]:
        """Open a sandbox and a folder."""
        with _folder() as folder:
            async with served(seed) as (sandbox, base):
                yield cls(sandbox, base, Path(folder))

    @abstractmethod
    async def cycle(self, plan: P) -> C:
        """Let processes live as planned; return everything that is to be judged."""

    @abstractmethod
    def violations(self, case: C) -> Iterator[str]:
        """Name every promise that was broken."""

    async def judged(self, plan: P) -> tuple[C, list[str]]:
        """Return one cycle and the promises that it broke."""
        case = await self.cycle(plan)
        broken = [f"{plan}: {what}" for what in self.violations(case)]
        for path in self.folder.glob(Path(case.file).name + "*"):
            path.unlink()
        return case, broken

    async def steps(self, plan: P) -> int:
        """Return how many steps a life has that nobody ends."""
        case = await self.cycle(plan)
        last = case.lives[0].words[-1]
        assert isinstance(last, Finished), last
        return last.steps

    @staticmethod
    def phone(number: int, place: int) -> PhoneNumber:
        """Return the phone of that cycle and place, which no other one has."""
        return PhoneNumber(f"+7{900 + place}{number:07}")


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None)


async def judged_all(kind: type[Ward[P, C]], seed: int, plans: Iterable[P]) -> Tally:
    """Run all plans, a few at once; count the kills as the faults."""
    tally = Tally()
    left = iter(plans)
    async with kind.open(seed) as made:

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


async def judged_by_chance(
    kind: type[Ward[P, C]], seed: int, plans: Iterator[P], cycles: int
) -> Tally:
    """Run so many of the plans, in wards one after the other."""
    tally = Tally()
    while tally.runs < cycles:
        # Its ledger grows with every cycle.
        some = min(_CYCLES_OF_A_WARD, cycles - tally.runs)
        tally.add(await judged_all(kind, seed + tally.runs, islice(plans, some)))
    return tally
