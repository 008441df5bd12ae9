"""Promises of NativeTransport, each kept many times."""

from __future__ import annotations

import asyncio

from tests.support.canaries import watched
from tests.support.tally import Tally
from tests.transport.native.feeding import fed
from tests.transport.native.trials import read_alike

from .pieces import Piece

_OTHERS = ("httpx2", "aiohttp")


async def wild_answers(piece: Piece) -> Tally:
    """Feed wild answers, 10,000,000 in all."""
    # It has a loop of its own, and a thread runs one at a time.
    return await asyncio.to_thread(fed, piece.of(10_000_000), piece.seed)


async def compared_answers(piece: Piece) -> Tally:
    """Let three transports read the same answers, 100,000 in all."""
    with watched() as canaries:
        tally = await read_alike(piece.of(100_000), piece.seed, others=_OTHERS)
        canaries.check()
    return tally
