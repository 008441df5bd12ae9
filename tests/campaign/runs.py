"""Runs: one fault at every step, two faults at every pair of steps, then chance."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import combinations, islice, product
from typing import TypeAlias

from attrs import define, field

from callauth import PhoneNumber
from callauth.sandbox import Sandbox

from .flows import FLOWS, believed
from .injection import FAULTS, Chances, Steps
from .judge import Run, violations
from .world import PEOPLE, Person, world

# A flow that is polled has many steps that are alike.
_STEPS_OF_A_FLOW = 12
_STEPS_OF_A_PAIR = 4


Prepare: TypeAlias = Callable[[Sandbox, PhoneNumber], None]


def nothing(sandbox: Sandbox, phone: PhoneNumber) -> None:
    """Leave the sandbox as it is."""


@define
class Tally:
    """Count what was done and keep what went wrong."""

    runs: int = 0
    faults: int = 0
    broken: list[str] = field(factory=list)

    def add(self, other: Tally) -> None:
        """Add what another one counted."""
        self.runs += other.runs
        self.faults += other.faults
        self.broken += other.broken


async def one_run(
    flow: str,
    person: Person,
    *,
    seed: int,
    inject: Steps | Chances,
    prepare: Prepare = nothing,
) -> Tally:
    """Run one flow and judge it."""
    async with world(seed, person) as made:
        prepare(made.sandbox, made.phone)
        # What was before the run must be told from what belongs to it.
        await made.clock.sleep(1.0)
        made.sandbox.faults.decide = inject
        began = made.clock.now()
        belief = await believed(FLOWS[flow], made)
        run = Run(flow=flow, belief=belief, began=began, met=inject.met)
        broken = [
            f"seed {seed} {flow} {person.subscriber} {inject.met}: {what}"
            for what in violations(made, run)
        ]
    return Tally(runs=1, faults=len(inject.met), broken=broken)


async def single_faults() -> Tally:
    """Meet every step of every flow with every fault, until the flow runs through."""
    tally = Tally()
    for number, (flow, person, fault) in enumerate(product(FLOWS, PEOPLE, FAULTS)):
        for step in range(_STEPS_OF_A_FLOW):
            inject = Steps({step: fault})
            tally.add(await one_run(flow, person, seed=number, inject=inject))
            if not inject.met:
                break
    return tally


async def pairs_of_faults(*, every: int = 1) -> Tally:
    """Meet the first steps of every flow with two faults, or with each so-manieth."""
    tally = Tally()
    steps = combinations(range(_STEPS_OF_A_PAIR), 2)
    cases = product(FLOWS, PEOPLE, steps, FAULTS, FAULTS)
    for number, case in enumerate(islice(cases, 0, None, every)):
        flow, person, (first, second), one, two = case
        inject = Steps({first: one, second: two})
        tally.add(await one_run(flow, person, seed=number, inject=inject))
    return tally


async def by_chance(seed: int) -> Tally:
    """Run one flow in a provider's mood, with faults by chance."""
    dice = random.Random(seed)
    flow = dice.choice(list(FLOWS))
    person = dice.choice(PEOPLE)
    inject = Chances(dice, rate=dice.choice((0.3, 0.6, 0.9)))
    mood = random.Random(dice.random())
    return await one_run(
        flow,
        person,
        seed=seed,
        inject=inject,
        prepare=lambda sandbox, phone: _set_mood(sandbox, phone, mood),
    )


def _set_mood(sandbox: Sandbox, phone: PhoneNumber, dice: random.Random) -> None:
    nerotech, callpass = sandbox.nerotech, sandbox.callpass
    nerotech.repeated_verify = dice.choice((6, 13))
    nerotech.busy_while_ringing = dice.random() < 0.3
    nerotech.code_as_number = dice.random() < 0.2
    nerotech.id_as_text = dice.random() < 0.2
    nerotech.replays_errors = dice.random() < 0.3
    callpass.says_success = dice.random() < 0.2
    callpass.known_after_seconds = dice.choice((0.0, 3.0))
    if dice.random() < 0.3:
        # The call of an earlier attempt, to the only number there is.
        nerotech.numbers = nerotech.numbers[:1]
        sandbox.network.dial(phone, nerotech.numbers[0])
