"""Plans: what is called in a cycle, and when its processes die."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product

from attrs import evolve, frozen

from tests.verification.kills.orders import Death, Moment

from .orders import Defect, Kind

KINDS: tuple[Kind, ...] = ("flash", "voice", "reverse")
_MOMENTS: tuple[Moment, ...] = ("before", "amid", "after")
# A whole life takes about so much for each number.
_STEPS_OF_A_NUMBER = 6
_SECONDS_OF_A_NUMBER = 0.015
_MOST_DEATHS = 3


@frozen(kw_only=True)
class Plan:
    """Say how one cycle goes.

    There are so many ``phones``, of which the last is ``blocked`` by its provider, or
    not, each spelled once or more, and a few ``bad`` texts. One process after the other
    dies at its death, or so many seconds of its life; then one is left alone.
    """

    kind: Kind
    phones: int = 2
    blocked: bool = False
    repeated: int = 0
    bad: int = 0
    concurrency: int = 2
    one_by_one: bool = False
    deaths: tuple[Death | float, ...] = ()
    defect: Defect = Defect.NONE


def at_every_step(plan: Plan, steps: int) -> Iterator[Plan]:
    """Yield the plan with a death before, amid and after each of its steps."""
    for step, moment in product(range(1, steps + 1), _MOMENTS):
        yield evolve(plan, deaths=(Death(step=step, moment=moment),))


def by_chance(seed: int) -> Iterator[Plan]:
    """Yield plans without end."""
    dice = random.Random(seed)
    while True:
        yield _chance(dice)


def _chance(dice: random.Random) -> Plan:
    phones = dice.randint(1, 8)
    deaths = dice.choice((1, 1, 1, 2, _MOST_DEATHS))
    return Plan(
        kind=dice.choice(KINDS),
        phones=phones,
        blocked=dice.random() < 0.3,
        repeated=dice.randint(0, 3),
        bad=dice.randint(0, 2),
        concurrency=dice.randint(1, 5),
        one_by_one=dice.random() < 0.5,
        deaths=tuple(_death(dice, phones) for _ in range(deaths)),
    )


def _death(dice: random.Random, phones: int) -> Death | float:
    if dice.random() < 0.5:
        return dice.random() * phones * _SECONDS_OF_A_NUMBER
    step = dice.randint(1, 6 + phones * _STEPS_OF_A_NUMBER)
    return Death(step=step, moment=dice.choice(_MOMENTS))
