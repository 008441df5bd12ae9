from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from callauth.sandbox import Sandbox
from callauth.transport.clock import ManualClock

from .wire import Wire


class Hook:
    """Stand for the application that webhooks are sent to."""

    def __init__(self) -> None:
        self.urls: list[str] = []
        self.failure: Exception | None = None

    async def __call__(self, url: str) -> int:
        self.urls.append(url)
        if self.failure is not None:
            raise self.failure
        return 200


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def hook() -> Hook:
    return Hook()


@pytest.fixture
async def sandbox(clock: ManualClock, hook: Hook) -> AsyncIterator[Sandbox]:
    async with Sandbox(clock=clock, webhook_sender=hook) as opened:
        yield opened


@pytest.fixture
def wire(sandbox: Sandbox) -> Wire:
    return Wire(sandbox)
