"""Crowd: many people, honest and not, at once before the same Verifiers.

``crowd(seed, people)`` works through towns of up to 1,000 people each, since all that
happened in a town is kept until it is judged. A finding names the seed of its town, its
people and its rate of faults:
``one_town(seed, people, setting_of(seed, fault_rate=rate))`` repeats it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from random import Random

from attrs import define, field

from callauth import Limit, MemoryStore, VerificationPolicy

from .adversaries import SCENES, Scene
from .farstore import FarStore
from .residents import resident
from .town import ORDERS, Setting, Town, town
from .verdicts import unknown, violations

TOWN_PEOPLE = 1000
_SECONDS_BETWEEN = 0.7
_RESIDENTS = 0.7
_QUIET_SECONDS = 900.0
_WEEK_SECONDS = 7 * 86_400.0


@define(kw_only=True)
class Crowd:
    """Hold what became of a crowd; ``log`` is every event as a line of text."""

    people: int = 0
    attempts: int = 0
    confirmed: int = 0
    unknown: int = 0
    faults: int = 0
    broken: list[str] = field(factory=list)
    log: str = field(default="", repr=False)

    def add(self, other: Crowd) -> None:
        """Add what became of another one, without its log."""
        self.people += other.people
        self.attempts += other.attempts
        self.confirmed += other.confirmed
        self.unknown += other.unknown
        self.faults += other.faults
        self.broken += other.broken


async def crowd(seed: int, people: int, *, fault_rate: float = 0.0) -> Crowd:
    """Let so many people come to towns of all settings; keep no log."""
    whole = Crowd()
    while whole.people < people:
        setting = setting_of(seed, fault_rate=fault_rate)
        some = min(TOWN_PEOPLE, people - whole.people)
        whole.add(await one_town(seed, some, setting))
        seed += 1
    return whole


def setting_of(seed: int, *, fault_rate: float = 0.0) -> Setting:
    """Return how the town of that seed is set up."""
    dice = Random(f"setting {seed}")
    # Without pauses between calls the ring lock stands alone, and without a limit of
    # starts that of wrong pins.
    policy = VerificationPolicy(
        keep_seconds=_WEEK_SECONDS,
        cool_down=dice.choice(((30.0, 60.0, 120.0), ())),
        starts_per_phone=dice.choice((Limit(5), None)),
    )
    return Setting(
        order=dice.choice(ORDERS),
        policy=policy,
        one_service_number=dice.random() < 0.5,
        counts_any_call=dice.random() < 0.3,
        fault_rate=fault_rate,
        store=dice.choice((MemoryStore, FarStore)),
    )


async def one_town(
    seed: int, people: int, setting: Setting, *, scene: Scene | None = None
) -> Crowd:
    """Let so many people come, judge what became of them, and close the town.

    With a ``scene`` everybody plays that one.
    """
    before = asyncio.all_tasks()
    defects: list[str] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: defects.append(f"a defect: {context.get('exception')!r}")
    )
    async with town(seed, setting) as made:
        async with asyncio.TaskGroup() as group:
            for number in range(people):
                dice = Random(f"{seed} {number}")
                group.create_task(_come(made, number, dice, scene))
        await made.clock.sleep(_QUIET_SECONDS)
        broken = [*violations(made), *_left(made)]
        became = _became(made, people)
    broken += defects
    if asyncio.all_tasks() - before:
        broken.append("tasks are left")
    where = f"seed {seed}, {people} people, faults {setting.fault_rate}"
    became.broken = [f"{where}: {what}" for what in broken]
    return became


async def _come(made: Town, number: int, dice: Random, scene: Scene | None) -> None:
    await made.clock.sleep((number + dice.random()) * _SECONDS_BETWEEN)
    if scene is not None:
        await scene(made, dice)
    elif dice.random() < _RESIDENTS:
        await resident(made, dice)
    else:
        await dice.choice(SCENES)(made, dice)


def _became(made: Town, people: int) -> Crowd:
    cases = made.chronicle.cases.values()
    return Crowd(
        people=people,
        attempts=len(cases),
        confirmed=sum(case.is_confirmed for case in cases),
        unknown=unknown(made),
        faults=sum(map(len, made.weather.met.values())),
        log="\n".join([*made.chronicle.lines, made.sandbox.ledger.to_json()]),
    )


def _left(made: Town) -> Iterator[str]:
    """Name what runs on when all is quiet."""
    for verifier in made.verifiers:
        caretaker = verifier._caretaker
        counts = {
            "tasks of a Verifier": len(verifier._tasks._running),
            "waiters": len(caretaker._waiters._futures),
            "entries of an agenda": len(caretaker._agenda),
            "entries of a poller": len(caretaker._poller),
        }
        for what, count in counts.items():
            if count:
                yield f"{count} {what} are left"
    timers = [alarm for _, _, alarm in made.clock._alarms if not alarm.is_cancelled]
    if timers:
        yield f"{len(timers)} timers are left"
