"""The world of every test of the Verifier; it ends with nothing left over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from callauth import ManualClock, MemoryStore, PhoneNumber, Sandbox
from tests.support.canaries import Canaries
from tests.support.sandboxes import nobody_listens

from .own import Bell, Desk
from .world import World


@pytest.fixture
async def world(canaries: Canaries) -> AsyncIterator[World]:
    """Give a sandbox on a manual clock; no task and no defect may outlive the test."""
    before = asyncio.all_tasks()
    clock = ManualClock()
    async with (
        Sandbox(clock=clock, webhook_sender=nobody_listens) as sandbox,
        AsyncExitStack() as stack,
    ):
        sandbox.nerotech.next_codes.extend(canaries.pin(4).reveal() for _ in range(9))
        sandbox.callpass.next_codes.extend(canaries.pin(7).reveal() for _ in range(9))
        made = World(canaries, clock, sandbox, stack)
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: made.defects.append(context)
        )
        yield made
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert left == set()
    assert made.defects == []


@pytest.fixture
def phone(world: World) -> PhoneNumber:
    """Give the phone of a person who answers and types what he is told."""
    return world.phone()


@pytest.fixture
def bell(world: World) -> Bell:
    """Give a channel of the application's own that rings phones."""
    return Bell(world.clock)


@pytest.fixture
def desk(world: World) -> Desk:
    """Give a channel of the application's own that leases numbers."""
    return Desk(world.clock)


@pytest.fixture
def store() -> MemoryStore:
    """Give the store that outlives a Verifier."""
    return MemoryStore()
