"""Hostility: every kind of hostile server against every operation, again and again.

The seed fixes which trials there are and their order, not how the sockets behave.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from contextlib import contextmanager

from tests.hostile.callers import CALLERS, Planted
from tests.hostile.crowd import tried
from tests.hostile.fates import expected
from tests.hostile.kinds import KINDS
from tests.hostile.trial import Trial
from tests.support.canaries import watched
from tests.support.tally import Tally
from tests.support.transports import Make

# What was logged is kept until it is searched.
_TRIALS_OF_A_SEARCH = 4000


async def hostile_trials(requests: int, seed: int, make: Make) -> Tally:
    """Send each kind of server so many requests of each operation.

    An operation sends one request or more, as many as its retries take.
    """
    trials = [trial for pair in _pairs() for trial in _trials(*pair, requests, seed)]
    random.Random(seed).shuffle(trials)
    tally = Tally()
    for first in range(0, len(trials), _TRIALS_OF_A_SEARCH):
        with _without_floods(), watched() as canaries:
            some = trials[first : first + _TRIALS_OF_A_SEARCH]
            tally.add(await _try_all(some, Planted.by(canaries), make))
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


async def _try_all(trials: list[Trial], planted: Planted, make: Make) -> Tally:
    tally = Tally()
    for each in await tried(trials, planted, make):
        tally.runs += 1
        tally.faults += each.sends
        tally.again += each.alone
        tally.broken += each.faults
    return tally


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
