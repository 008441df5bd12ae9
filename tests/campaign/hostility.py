"""Hostility: every kind of hostile server against every operation, again and again.

The seed fixes which trials there are and their order, not how the sockets behave.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum

import anyio

from tests.hostile.callers import CALLERS, Planted
from tests.hostile.fates import expected
from tests.hostile.haste import pauses
from tests.hostile.kinds import KINDS
from tests.hostile.trial import Result, Trial, attempt, faults
from tests.support.canaries import watched
from tests.support.tally import Tally

# What was logged is kept until it is searched.
_TRIALS_OF_A_SEARCH = 4000


class Pace(Enum):
    """Tell what a trial spends its time with; the value is how many go on at once."""

    WORK = 12
    # The client waits for seconds before it repeats a key.
    PAUSES = 96
    # Only the client's deadline ends it.
    DEADLINES = 64


async def hostile_trials(requests: int, seed: int) -> Tally:
    """Send each kind of server so many requests of each operation.

    An operation sends one request or more, as many as its retries take.
    """
    trials = [trial for pair in _pairs() for trial in _trials(*pair, requests, seed)]
    random.Random(seed).shuffle(trials)
    tally = Tally()
    for first in range(0, len(trials), _TRIALS_OF_A_SEARCH):
        with _without_floods(), watched() as canaries:
            some = trials[first : first + _TRIALS_OF_A_SEARCH]
            tally.add(await _try_all(some, Planted.by(canaries)))
            canaries.check()
    return tally


def _pairs() -> Iterator[tuple[str, str]]:
    for kind in KINDS:
        for operation in CALLERS:
            yield kind, operation


def _trials(kind: str, operation: str, requests: int, seed: int) -> Iterator[Trial]:
    """Take plain TCP and TLS in turn, where both make sense."""
    # By chance first, so that a few trials of all kinds have both.
    tls = random.Random(f"{seed} {kind} {operation}").random() < 0.5
    while requests > 0:
        tls = KINDS[kind].tls_only or not tls
        fate = KINDS[kind].fate_of(operation, tls=tls)
        yield Trial(kind=kind, operation=operation, tls=tls)
        requests -= expected(fate, CALLERS[operation].replay).sends


def _pace(trial: Trial) -> Pace:
    if not KINDS[trial.kind].ends:
        return Pace.DEADLINES
    return Pace.PAUSES if trial.operation == "voicemail" else Pace.WORK


async def _try_all(trials: list[Trial], planted: Planted) -> Tally:
    """Try all at once; what went wrong where time decides, again and by itself.

    In a crowd on a busy machine a time-out can pass before a byte was sent, or be
    noticed late. What is wrong with the client is wrong when it is alone, too.
    """
    limits = {pace: anyio.CapacityLimiter(pace.value) for pace in Pace}
    tried = await _tried(trials, limits, planted)
    tally, again = Tally(), list[Trial]()
    for trial, requests, broken in tried:
        tally.runs += 1
        tally.faults += requests
        if broken and _is_timed(trial):
            again.append(trial)
        else:
            tally.broken += broken
    alone = dict.fromkeys(Pace, anyio.CapacityLimiter(1))
    for _, _, broken in await _tried(again, alone, planted):
        tally.broken += broken
    tally.again = len(again)
    return tally


def _is_timed(trial: Trial) -> bool:
    # A warmed-up connection is closed a moment before the request, if all goes well.
    kind = KINDS[trial.kind]
    return not kind.ends or kind.warm_up


async def _tried(
    trials: list[Trial], limits: Mapping[Pace, anyio.CapacityLimiter], planted: Planted
) -> list[tuple[Trial, int, list[str]]]:
    """Return each trial with its number of requests and what was wrong."""
    results: list[tuple[Trial, Result]] = []

    async def one(trial: Trial) -> None:
        async with limits[_pace(trial)]:
            results.append((trial, await attempt(trial, planted)))

    async with pauses() as paused, anyio.create_task_group() as group:
        for trial in trials:
            group.start_soon(one, trial)
    # A pause of the loop makes late whatever goes on meanwhile.
    longest = paused.longest
    return [
        (trial, result.sends, faults(trial, result, planted, pause_seconds=longest))
        for trial, result in results
    ]


@contextmanager
def _without_floods() -> Iterator[None]:
    """Keep asyncio from logging each write to a client that has hung up."""

    def is_no_flood(record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith("socket.send() raised")

    logger = logging.getLogger("asyncio")
    logger.addFilter(is_no_flood)
    try:
        yield
    finally:
        logger.removeFilter(is_no_flood)
