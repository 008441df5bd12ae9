"""Crowd: many trials at once, and by itself whatever time may have spoilt."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import anyio
from attrs import frozen

from tests.support.transports import Make

from .callers import Planted
from .haste import pauses
from .kinds import KINDS
from .trial import Result, Trial, attempt, faults, trusting

# More than this share of a crowd is late for a reason.
_CHANCE = 0.1


class Pace(Enum):
    """Tell what a trial spends its time with; the value is how many go on at once."""

    WORK = 12
    # The client waits for seconds before it repeats a key.
    PAUSES = 96
    # Only the client's deadline ends it.
    DEADLINES = 64


@frozen(kw_only=True)
class Tried:
    """Hold what one trial came to; ``alone`` tells that it was repeated by itself."""

    trial: Trial
    sends: int
    faults: list[str]
    alone: bool = False


async def tried(trials: list[Trial], planted: Planted, make: Make) -> list[Tried]:
    """Try all at once; what went wrong where time decides, again and by itself.

    In a crowd on a busy machine a time-out can pass before a byte was sent, or be
    noticed late. What is wrong with the client is wrong when it is alone, too.
    """
    limits = {pace: anyio.CapacityLimiter(pace.value) for pace in Pace}
    found = await _tried(trials, limits, planted, make)
    again = [each for each in found if each.faults and _is_timed(each.trial)]
    if len(again) > 1 + _CHANCE * len(trials):
        return found
    one = anyio.CapacityLimiter(1)
    alone = await _tried(
        [each.trial for each in again],
        dict.fromkeys(Pace, one),
        planted,
        make,
        alone=True,
    )
    return [*(each for each in found if each not in again), *alone]


def _is_timed(trial: Trial) -> bool:
    # A warmed-up connection is closed a moment before the request, if all goes well.
    kind = KINDS[trial.kind]
    return not kind.ends or kind.warm_up


def _pace(trial: Trial) -> Pace:
    if not KINDS[trial.kind].ends:
        return Pace.DEADLINES
    return Pace.PAUSES if trial.operation == "voicemail" else Pace.WORK


async def _tried(
    trials: list[Trial],
    limits: Mapping[Pace, anyio.CapacityLimiter],
    planted: Planted,
    make: Make,
    *,
    alone: bool = False,
) -> list[Tried]:
    results: list[tuple[Trial, Result]] = []

    async def one(trial: Trial) -> None:
        async with limits[_pace(trial)]:
            results.append((trial, await attempt(trial, planted, make=trusting(make))))

    async with pauses() as paused, anyio.create_task_group() as group:
        for trial in trials:
            group.start_soon(one, trial)
    # A pause of the loop makes late whatever goes on meanwhile.
    longest = paused.longest
    return [
        Tried(
            trial=trial,
            sends=result.sends,
            faults=faults(trial, result, planted, pause_seconds=longest),
            alone=alone,
        )
        for trial, result in results
    ]
