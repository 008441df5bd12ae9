"""A process may die at any moment; ``kill_cycles`` does it 20,000 times."""

from __future__ import annotations

import pytest
from attrs import evolve

from .cycles import StoreWard, kill_cycles
from .orders import Death, Deed, Defect
from .plans import SYSTEMATIC, Plan, at_every_step
from .wards import judged_all


@pytest.mark.parametrize(
    "plan", SYSTEMATIC, ids=lambda plan: f"{plan.deeds[0].name} {plan.desk}"
)
async def test_a_death_at_any_step_breaks_no_promise(plan: Plan) -> None:
    """Before, amid and after every operation on the store and every request."""
    async with StoreWard.open(1) as made:
        steps = await made.steps(plan)
    tally = await judged_all(StoreWard, 2, at_every_step(plan, steps))

    assert tally.broken == []
    # Polling makes some lives shorter than others.
    assert tally.faults >= 3 * (steps - 3) > 20


async def test_a_life_that_nobody_ends_breaks_no_promise() -> None:
    """Otherwise the judge would have nothing to tell a death from."""
    plans = [Plan(deeds=(deed,), desk="telefonip", shift_seconds=45.0) for deed in Deed]
    tally = await judged_all(StoreWard, 1, plans)

    assert (tally.runs, tally.faults, tally.broken) == (len(Deed), 0, [])


async def test_a_death_by_chance_breaks_no_promise() -> None:
    """Several people at once, at any moment, and again while others go on."""
    tally = await kill_cycles(80, seed=1)

    assert tally.broken == []
    assert tally.faults > 40


@pytest.mark.parametrize(
    ("defect", "deed", "expected"),
    [
        (Defect.ACKNOWLEDGES_EARLY, Deed.TYPES, r"of Confirmed"),
        (Defect.LOCKS_NOTHING, Deed.GUESSES, r"rang 3 times, asked for 2"),
        (Defect.FORGETS_WORKERS, Deed.IS_ABSENT, r"left an attempt awaiting_call"),
    ],
)
async def test_the_judge_sees_what_is_wrong(
    defect: Defect, deed: Deed, expected: str
) -> None:
    """A judge who never objects would be a defect."""
    plan = Plan(
        deeds=(deed,),
        desk="telefonip",
        cools_down=False,
        defect=defect,
        patience_seconds=0.2,
    )
    async with StoreWard.open(3) as made:
        death = Death(step=await made.steps(plan), moment="before")
        _, broken = await made.judged(evolve(plan, death=death))

    assert expected in "".join(broken)
