"""A run may die at any moment; ``bulk_kill_cycles`` does it 5,000 times."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from attrs import evolve

from tests.verification.kills.orders import Death, Finished

from .cycles import Ward, bulk_kill_cycles, judged_all, ward
from .orders import Defect, Kind
from .plans import KINDS, Plan, at_every_step


@pytest.fixture(autouse=True)
def quiet_only_here() -> Iterator[None]:
    """Give uvicorn's loggers their levels back."""
    loggers = [logging.getLogger(f"uvicorn.{name}") for name in ("error", "access")]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_death_at_any_step_rings_nobody_twice(kind: Kind) -> None:
    """Before, amid and after every operation on the ledger and every request."""
    plan = Plan(kind=kind, phones=1)
    async with ward(1) as made:
        steps = await steps_of(made, plan)
    tally = await judged_all(2, at_every_step(plan, steps))

    assert tally.broken == []
    # Polling makes some lives shorter than others.
    assert tally.faults >= 3 * (steps - 2) > 20


async def test_a_run_that_nobody_ends_breaks_no_promise() -> None:
    """Otherwise the judge would have nothing to tell a death from."""
    plans = [
        Plan(kind=kind, phones=5, blocked=True, repeated=2, bad=2) for kind in KINDS
    ]
    tally = await judged_all(1, plans)

    assert (tally.runs, tally.faults, tally.broken) == (len(KINDS), 0, [])


async def test_a_death_by_chance_loses_nothing() -> None:
    """Several numbers at once, at any moment, and again while others go on."""
    tally = await bulk_kill_cycles(30, seed=1)

    assert tally.broken == []
    assert tally.faults > 20


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
    async with ward(3) as made:
        steps = await steps_of(made, plan)
        found = ""
        while expected not in found and steps > 0:
            death = Death(step=steps, moment="after")
            _, broken = await made.judged(evolve(plan, deaths=(death,)))
            found += "".join(broken)
            steps -= 1

    assert expected in found


async def steps_of(made: Ward, plan: Plan) -> int:
    """Return how many steps a life has that nobody ends."""
    case = await made.cycle(plan)
    last = case.lives[0].words[-1]
    assert isinstance(last, Finished), last
    return last.steps
