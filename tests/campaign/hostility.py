"""Hostility: every kind of hostile server against every operation, again and again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from enum import Enum

import anyio

from tests.hostile.callers import CALLERS, Planted
from tests.hostile.fates import expected
from tests.hostile.kinds import KINDS
from tests.hostile.trial import Trial, attempt, faults
from tests.support.canaries import watched

from .runs import Tally

# What was logged is kept until it is searched.
_TRIALS_OF_A_SEARCH = 4000


class Pace(Enum):
    """Tell what a trial spends its time with; the value is how many go on at once."""

    WORK = 12
    # The client waits for seconds before it repeats a key.
    PAUSES = 96
    # Only the client's deadline ends it.
    DEADLINES = 64


async def hostile_trials(sends: int, seed: int) -> Tally:
    """Send each operation so often to each kind of server."""
    trials = [trial for pair in _pairs() for trial in _trials(*pair, sends, seed)]
    random.Random(seed).shuffle(trials)
    tally = Tally()
    for first in range(0, len(trials), _TRIALS_OF_A_SEARCH):
        with watched() as canaries:
            await _try_all(
                trials[first : first + _TRIALS_OF_A_SEARCH],
                Planted.by(canaries),
                tally,
            )
            canaries.check()
    return tally


def _pairs() -> Iterator[tuple[str, str]]:
    for kind in KINDS:
        for operation in CALLERS:
            yield kind, operation


def _trials(kind: str, operation: str, sends: int, seed: int) -> Iterator[Trial]:
    """Take plain TCP and TLS in turn, where both make sense."""
    number = seed
    while sends > 0:
        tls = KINDS[kind].tls_only or number % 2 == 0
        fate = KINDS[kind].fate_of(operation, tls=tls)
        yield Trial(kind=kind, operation=operation, tls=tls)
        sends -= expected(fate, CALLERS[operation].replay).sends
        number += 1


def _pace(trial: Trial) -> Pace:
    if not KINDS[trial.kind].ends:
        return Pace.DEADLINES
    return Pace.PAUSES if trial.operation == "voicemail" else Pace.WORK


async def _try_all(trials: list[Trial], planted: Planted, tally: Tally) -> None:
    limits = {pace: anyio.CapacityLimiter(pace.value) for pace in Pace}

    async def judge(trial: Trial) -> None:
        async with limits[_pace(trial)]:
            result = await attempt(trial, planted)
        tally.runs += 1
        tally.faults += result.sends
        tally.broken += faults(trial, result, planted)

    async with anyio.create_task_group() as group:
        for trial in trials:
            group.start_soon(judge, trial)
