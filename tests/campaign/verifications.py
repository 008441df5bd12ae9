"""Promises of the Verifier, each kept many times."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.support.tally import Tally
from tests.verification.crowd import crowd
from tests.verification.kills.cycles import kill_cycles
from tests.verification.races import durable, winners_of_processes

from .pieces import Piece

# Every fourth part of the crowd comes on a day on which nothing goes wrong.
_FAULT_RATES = (0.0, 0.02, 0.12, 0.4)
_ROUNDS_AT_ONCE = 500


async def crowds(piece: Piece) -> Tally:
    """Let 20,000 people come, in towns of 1,000."""
    rate = _FAULT_RATES[piece.number % len(_FAULT_RATES)]
    came = await crowd(piece.seed, piece.of(20_000), fault_rate=rate)
    return Tally(runs=came.people, faults=came.people, broken=came.broken)


async def kills(piece: Piece) -> Tally:
    """Kill processes by chance in 20,000 cycles, some of them twice."""
    return await kill_cycles(piece.of(20_000), piece.seed)


async def races(piece: Piece) -> Tally:
    """Have 10,000 pins typed by many at once."""
    tally = Tally()
    while tally.runs < piece.of(10_000):
        rounds = min(_ROUNDS_AT_ONCE, piece.of(10_000) - tally.runs)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "callauth.db"
            counts = await winners_of_processes(durable, path, rounds)
        tally.runs += rounds
        tally.faults += rounds
        tally.broken += [f"{count} winners" for count in counts if count != 1]
    return tally
