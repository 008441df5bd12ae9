"""Left: what a transport left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.hostile.sending import sockets


@asynccontextmanager
async def leaving_nothing() -> AsyncIterator[None]:
    """Expect no more sockets, tasks and timers at the end than there were before."""
    before = _left()
    yield
    # What was cut off ends in the next turns.
    for _ in range(3):
        await asyncio.sleep(0)
    assert _left() == before


def _left() -> tuple[int, int, int]:
    scheduled = getattr(asyncio.get_running_loop(), "_scheduled")  # noqa: B009 - private
    timers = sum(not timer.cancelled() for timer in scheduled)
    return sockets(), len(asyncio.all_tasks()), timers
