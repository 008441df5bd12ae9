"""Promises of bulk runs, each kept many times."""

from __future__ import annotations

from tests.bulk.kills.cycles import bulk_kill_cycles
from tests.support.tally import Tally

from .pieces import Piece


async def bulk_kills(piece: Piece) -> Tally:
    """Kill runs by chance in 5,000 cycles, some of them again and again."""
    return await bulk_kill_cycles(piece.of(5000), piece.seed)
