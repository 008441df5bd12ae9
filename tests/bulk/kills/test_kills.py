"""A run may die at any moment; ``bulk_kill_cycles`` does it 5,000 times."""

from __future__ import annotations

import pytest
from attrs import evolve

from tests.verification.kills.orders import Death
from tests.verification.kills.wards import judged_all

from .cycles import LedgerWard, bulk_kill_cycles
from .orders import Defect, Kind
from .plans import KINDS, Plan, at_every_step


@pytest.mark.parametrize("kind", KINDS)
async def test_a_death_at_any_step_rings_nobody_twice(kind: Kind) -> None:
    """Before, amid and after every operation on the ledger and every request."""
    plan = Plan(kind=kind, phones=1)
    async with LedgerWard.open(1) as made:
        steps = await made.steps(plan)
    tally = await judged_all(LedgerWard, 2, at_every_step(plan, steps))

    assert tally.broken == []
    # Polling makes some lives shorter than others.
    assert tally.faults >= 3 * (steps - 2) > 20


async def test_a_run_that_nobody_ends_breaks_no_promise() -> None:
    """Otherwise the judge would have nothing to tell a death from."""
    plans = [
        Plan(kind=kind, phones=5, blocked=True, repeated=2, bad=2) for kind in KINDS
    ]
    tally = await judged_all(LedgerWard, 1, plans)

    assert (tally.runs, tally.faults, tally.broken) == (len(KINDS), 0, [])


async def test_a_death_by_chance_loses_nothing() -> None:
    """Several numbers at once, at any moment, and again while others go on."""
    tally = await bulk_kill_cycles(100, seed=1)

    assert tally.broken == []
    assert tally.faults > 80


@pytest.mark.parametrize(
    ("defect", "expected"),
    [
        (Defect.FORGETS_CALLS, "rang 2 times"),
        (Defect.LOSES_ROWS, "lost 1 numbers"),
        (Defect.CALLS_ALL_CONFIRMED, "confirmed, but it was refused"),
    ],
)
async def test_the_judge_sees_what_is_wrong(defect: Defect, expected: str) -> None:
    """A judge who never objects would be a defect."""
    plan = Plan(kind="flash", blocked=True, concurrency=1, defect=defect)
    async with LedgerWard.open(3) as made:
        steps = await made.steps(plan)
        found = ""
        while expected not in found and steps > 0:
            death = Death(step=steps, moment="after")
            _, broken = await made.judged(evolve(plan, deaths=(death,)))
            found += "".join(broken)
            steps -= 1

    assert expected in found
