"""Hostility: every kind of hostile server against every operation, again and again."""

from __future__ import annotations

import random

import anyio

from tests.hostile.callers import Planted
from tests.hostile.kinds import KINDS
from tests.hostile.trial import Trial, all_trials, attempt, faults
from tests.support.canaries import watched

from .runs import Tally

# Those that only a deadline ends wait more than they work.
_WORKING_AT_ONCE, _WAITING_AT_ONCE = 16, 48


async def hostile_trials(share: float, seed: int) -> Tally:
    """Try every cell of the matrix once, or that share of them."""
    dice = random.Random(seed)
    trials = [trial for trial in all_trials() if dice.random() < share]
    dice.shuffle(trials)
    tally = Tally()
    with watched() as canaries:
        planted = Planted.by(canaries)
        for ends, at_once in ((True, _WORKING_AT_ONCE), (False, _WAITING_AT_ONCE)):
            some = [trial for trial in trials if KINDS[trial.kind].ends is ends]
            await _try_all(some, planted, at_once, tally)
        canaries.check()
    return tally


async def _try_all(
    trials: list[Trial], planted: Planted, at_once: int, tally: Tally
) -> None:
    limit = anyio.CapacityLimiter(at_once)

    async def judge(trial: Trial) -> None:
        async with limit:
            result = await attempt(trial, planted)
        tally.runs += 1
        tally.faults += result.sends
        tally.broken += faults(trial, result, planted)

    async with anyio.create_task_group() as group:
        for trial in trials:
            group.start_soon(judge, trial)
