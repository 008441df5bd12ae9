"""The world of every test of a client; it ends with nothing left over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from callauth import ManualClock, Sandbox
from tests.support.canaries import Canaries
from tests.support.sandboxes import nobody_listens

from .world import World


@pytest.fixture
async def world(canaries: Canaries) -> AsyncIterator[World]:
    """Give a sandbox on a manual clock; no task and no defect may outlive the test."""
    before = asyncio.all_tasks()
    clock = ManualClock()
    async with Sandbox(clock=clock, webhook_sender=nobody_listens) as sandbox:
        made = World(canaries, clock, sandbox)
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: made.defects.append(context)
        )
        yield made
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert left == set()
    assert made.defects == []
