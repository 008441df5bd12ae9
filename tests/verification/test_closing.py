"""Closing a Verifier at the worst of moments."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

import pytest

from callauth import (
    AnswerLost,
    ConfigurationError,
    ManualClock,
    MemoryStore,
    StoreError,
    Verifier,
)
from callauth.transport.clock import within
from callauth.transport.port import Timer
from tests.support.refusals import refused

from .own import Bell
from .watched import Watched
from .world import World


async def test_closing_ends_a_wait_that_looks_again_at_that_moment(
    world: World, bell: Bell
) -> None:
    """Nobody is left hanging, however unlucky the moment."""
    store, closings = Watched(), list[asyncio.Task[None]]()

    class Unlucky(ManualClock):
        def call_later(self, seconds: float, callback: Callable[[], object]) -> Timer:
            def both() -> None:
                # Only the wait itself has a timer that is so long.
                if 120.0 < seconds < 200.0:
                    closings.append(asyncio.create_task(verifier.aclose()))
                callback()

            return super().call_later(seconds, both)

    clock = Unlucky()
    verifier = Verifier([Bell(clock)], store=store, clock=clock)
    await verifier.__aenter__()
    attempt = await verifier.start(world.phone())
    store.failing.add("replace")

    with refused(ConfigurationError):
        await within(clock, 1000.0, verifier.wait(attempt.id))

    await asyncio.gather(*closings)
    assert len(closings) == 1


async def test_a_look_that_outlives_the_closing_sets_no_timer(
    world: World, bell: Bell
) -> None:
    """A process that has closed everything can end."""
    store = Watched()
    verifier = await world.verifier([bell], store=store)
    attempt = await verifier.start(world.phone())
    waiting = asyncio.create_task(verifier.wait(attempt.id))
    await world.clock.sleep(0.1)

    async def before(operation: str, _: str) -> None:
        if operation == "changes":
            await world.clock.sleep(2)

    store.before = before
    await world.clock.sleep(0.9)

    await verifier.aclose()

    with refused(ConfigurationError):
        await waiting
    timers = [alarm for _, _, alarm in world.clock._alarms if not alarm.is_cancelled]
    assert timers == []


@pytest.mark.parametrize(
    ("error", "kind"), [(None, ConfigurationError), (StoreError("x"), StoreError)]
)
async def test_closing_while_a_wait_begins_is_told_once(
    error: StoreError | None, kind: type[Exception], world: World, bell: Bell
) -> None:
    """To the one who waits, and not to the log as an error that nobody took."""
    store = Watched()
    verifier = await world.verifier([bell], store=store)
    attempt = await verifier.start(world.phone())

    async def before(operation: str, _: str) -> None:
        if operation == "get":
            await world.clock.sleep(2)
            if error is not None:
                raise error

    store.before = before
    waiting = asyncio.create_task(verifier.wait(attempt.id))
    await world.clock.sleep(1)
    await verifier.aclose()

    with refused(kind):
        await waiting
    del waiting
    gc.collect()
    timers = [alarm for _, _, alarm in world.clock._alarms if not alarm.is_cancelled]
    assert (timers, world.defects) == ([], [])


async def test_a_closing_that_is_cancelled_closes_the_store(world: World) -> None:
    """A server that is stopped in a hurry leaves no file open and nothing running."""

    class Noting(MemoryStore):
        is_closed = False

        async def aclose(self) -> None:
            self.is_closed = True

    store = Noting()
    verifier = await world.verifier([Bell(world.clock, seconds=60.0)], store=store)
    starting = asyncio.create_task(verifier.start(world.phone()))
    await world.clock.sleep(1)
    closing = asyncio.create_task(verifier.aclose())
    await world.clock.sleep(1)
    closing.cancel()
    await asyncio.wait([closing])

    assert (closing.cancelled(), store.is_closed) == (True, True)
    with refused(AnswerLost):
        await starting
