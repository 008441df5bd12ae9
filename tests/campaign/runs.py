"""Runs: one fault at every step, two faults at every pair of steps, then chance.

All of it is in process and on a clock turned by hand, so the seed that a finding names
reproduces its run to the byte.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import combinations, islice, product
from typing import TypeAlias

from callauth import PhoneNumber
from callauth.sandbox import Sandbox
from tests.support.tally import Tally

from .flows import FLOWS, believed
from .injection import FAULTS, Chances, Steps
from .judge import Run, violations
from .world import PEOPLE, Person, world

# The longest flow is a wait of two minutes, which has about thirty.
_STEPS_OF_A_FLOW = 40
_STEPS_OF_A_PAIR = 4


Prepare: TypeAlias = Callable[[Sandbox, PhoneNumber], None]


def nothing(sandbox: Sandbox, phone: PhoneNumber) -> None:
    """Leave the sandbox as it is."""


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


async def single_faults(*, first: int = 0, every: int = 1) -> Tally:
    """Meet every step of every flow with every fault, until the flow runs through.

    Of the faults of all flows and people it takes each so-manieth, from the first on.
    """
    tally = Tally()
    cases = list(enumerate(product(FLOWS, PEOPLE, FAULTS)))
    for seed, (flow, person, fault) in cases[first::every]:
        for step in range(_STEPS_OF_A_FLOW):
            inject = Steps({step: fault})
            tally.add(await one_run(flow, person, seed=seed, inject=inject))
            if not inject.met:
                break
        else:
            tally.broken.append(f"seed {seed} {flow} {fault}: never ran through")
    return tally


async def pairs_of_faults(*, first: int = 0, every: int = 1) -> Tally:
    """Meet the first four steps of every flow with two faults, in each so-manieth case.

    Each person has every two of the steps, and they every two of the faults.
    """
    tally = Tally()
    steps = combinations(range(_STEPS_OF_A_PAIR), 2)
    cases = enumerate(product(FLOWS, PEOPLE, steps, FAULTS, FAULTS))
    for seed, case in islice(cases, first, None, every):
        flow, person, (early, late), one, two = case
        inject = Steps({early: one, late: two})
        tally.add(await one_run(flow, person, seed=seed, inject=inject))
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
