"""The world of every bulk run; it ends with nothing left over."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from callauth import ManualClock, Sandbox
from callauth.bulk import Ledger, MemoryLedger, SQLiteLedger
from tests.support.canaries import Canaries
from tests.support.sandboxes import nobody_listens

from .world import World


@pytest.fixture
async def world(canaries: Canaries) -> AsyncIterator[World]:
    """Give a sandbox on a manual clock; no task and no defect may outlive the test."""
    before = asyncio.all_tasks()
    defects: list[object] = []
    clock = ManualClock()
    async with Sandbox(clock=clock, webhook_sender=nobody_listens) as sandbox:
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: defects.append(context)
        )
        async with World(canaries, clock, sandbox) as made:
            yield made
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert left == set()
    assert defects == []


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """Give the path of a ledger that is not there yet; nothing may stay open."""
    before = set(threading.enumerate())
    yield tmp_path / "run.db"
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=10)
    assert [each for each in _open_files() if each.is_relative_to(tmp_path)] == []


@pytest.fixture(params=["memory", "sqlite"])
def ledger(request: pytest.FixtureRequest, path: Path) -> Ledger:
    """Give a ledger of each kind."""
    return MemoryLedger() if request.param == "memory" else SQLiteLedger(path)


def _open_files() -> Iterator[Path]:
    for each in Path("/proc/self/fd").iterdir():
        # The one that lists the folder is gone by now.
        with suppress(FileNotFoundError):
            yield each.readlink()
