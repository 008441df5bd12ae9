"""FarStore: a store that takes its time, so that others come in between.

A store in memory never suspends, and whatever is done in one breath cannot be
interrupted. Here each operation begins and ends a few turns of the loop later, as
chance will have it, and is atomic in itself.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable
from typing import TypeVar

from callauth import MemoryStore

from .stepped import SteppedStore

T = TypeVar("T")

_MOST_TURNS = 3


class FarStore(SteppedStore):
    """Keep attempts in memory, at a distance."""

    def __init__(self) -> None:
        super().__init__(MemoryStore(), _far)


async def _far(work: Awaitable[T]) -> T:
    await _travel()
    done = await work
    await _travel()
    return done


async def _travel() -> None:
    # Seeded with the town, like the jitter of the clients.
    for _ in range(random.randrange(_MOST_TURNS)):
        await asyncio.sleep(0)
