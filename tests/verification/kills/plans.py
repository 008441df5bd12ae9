"""Plans: who is verified in a cycle, and when its processes die."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count, product

from attrs import evolve, frozen

from .orders import Death, Deed, Defect, Desk, Moment

# The clock of the next process: the same, after the death was noticed, and later.
_SHIFTS = (0.0, 11.0, 45.0)
_MOMENTS: tuple[Moment, ...] = ("before", "amid", "after")
# A whole life takes about so much for each person.
_STEPS_OF_A_PERSON = 20
_SECONDS_OF_A_PERSON = 0.03
_STEPS_OF_GOING_ON = 50


@frozen(kw_only=True)
class Plan:
    """Say how one cycle goes.

    The first process dies at its ``death``, or ``after_seconds`` of its life. The next
    one goes on with a clock that is ``shift_seconds`` ahead; when it has a
    ``second_death``, too, a third one does.
    """

    deeds: tuple[Deed, ...]
    desk: Desk
    at_once: bool = False
    cools_down: bool = True
    death: Death | None = None
    after_seconds: float | None = None
    shift_seconds: float = 0.0
    second_death: Death | None = None
    defect: Defect = Defect.NONE
    patience_seconds: float = 5.0


SYSTEMATIC = (
    Plan(deeds=(Deed.TYPES,), desk="telefonip"),
    Plan(deeds=(Deed.CHANGES,), desk="telefonip"),
    Plan(deeds=(Deed.DIALS,), desk="telefonip"),
    Plan(deeds=(Deed.DIALS,), desk="nerotech"),
)


def at_every_step(plan: Plan, steps: int) -> Iterator[Plan]:
    """Yield the plan with a death before, amid and after each of its steps."""
    places = product(range(1, steps + 1), _MOMENTS)
    for number, (step, moment) in zip(count(), places, strict=False):
        yield evolve(
            plan,
            death=Death(step=step, moment=moment),
            # Not a multiple of the moments, so that each meets each.
            shift_seconds=_SHIFTS[(number + step) % len(_SHIFTS)],
            cools_down=step % 2 == 0,
        )


def by_chance(seed: int) -> Iterator[Plan]:
    """Yield plans without end."""
    dice = random.Random(seed)
    while True:
        yield _chance(dice)


def _chance(dice: random.Random) -> Plan:
    desk: Desk = dice.choice(("telefonip", "nerotech"))
    # NeroTech does not tell who dialled, so that takes the whole two minutes.
    deeds = [
        deed
        for deed in Deed
        if desk == "telefonip" or deed is not Deed.LETS_A_STRANGER_DIAL
    ]
    people = dice.randint(1, 3)
    plan = Plan(
        deeds=tuple(dice.choices(deeds, k=people)),
        desk=desk,
        at_once=dice.random() < 0.5,
        cools_down=dice.random() < 0.5,
        shift_seconds=dice.choice(_SHIFTS),
    )
    if dice.random() < 0.2:
        plan = evolve(plan, second_death=_death(dice, _STEPS_OF_GOING_ON))
    if dice.random() < 0.5:
        return evolve(plan, death=_death(dice, people * _STEPS_OF_A_PERSON))
    after_seconds = dice.random() * people * _SECONDS_OF_A_PERSON
    return evolve(plan, after_seconds=after_seconds)


def _death(dice: random.Random, steps: int) -> Death:
    return Death(step=dice.randint(1, steps), moment=dice.choice(_MOMENTS))
