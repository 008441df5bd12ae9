"""Fixtures for the tests of applications that verify phones.

pytest finds them where callauth is installed. It costs next to nothing there: what they
need is loaded by the first test that uses one, and nothing but this file before. They
are no coroutines, so they serve tests of every plugin that runs coroutines, and tests
without one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .sandbox import Sandbox
    from .transport.clock import ManualClock


@pytest.fixture
def callauth_clock() -> ManualClock:
    """ManualClock, which jumps when all wait; that of callauth_sandbox."""
    from .transport.clock import ManualClock  # noqa: PLC0415 - see the docstring

    return ManualClock()


@pytest.fixture
def callauth_sandbox(callauth_clock: ManualClock) -> Iterator[Sandbox]:
    """Sandbox of the three providers, open until the test ends; no webhook arrives."""
    from .sandbox import Sandbox  # noqa: PLC0415 - as above

    sandbox = Sandbox(clock=callauth_clock, webhook_sender=_refuse)
    yield sandbox
    # Its loop may be closed already, and another one would know nothing of its tasks.
    sandbox.close()


async def _refuse(_url: str) -> int:
    # A test must not reach the network, nor could the clock see that it waits for it.
    raise ConnectionRefusedError
