"""A party that lives in a sandbox, and one that reaches it over HTTP on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from attrs import frozen

from callauth import ManualClock, Sandbox, Transport
from callauth.sandbox import FastClock
from callauth.sandbox.server import serve
from tests.support.canaries import Canaries
from tests.support.sandboxes import nobody_listens
from tests.support.transports import TRANSPORTS

from .party import Party

# Time-outs are in the transport's own seconds, so not much faster.
_SPEED = 20.0


@frozen
class Place:
    """Hold the sandbox that a party speaks to, the party, and a way to it."""

    sandbox: Sandbox
    party: Party
    transport: Callable[[], Transport]

    @asynccontextmanager
    async def another_party(self) -> AsyncIterator[Party]:
        """Give a party whose clients have not failed yet: a breaker closes the way."""
        party = Party(
            self.party.canaries, self.party.clock, self.transport(), self.party.base_url
        )
        async with party.opened():
            yield party


def _plant_codes(sandbox: Sandbox, canaries: Canaries) -> None:
    """Let the providers draw canaries for the codes that they send."""
    sandbox.nerotech.next_codes.extend(canaries.pin(4).reveal() for _ in range(9))
    sandbox.callpass.next_codes.extend(canaries.pin(7).reveal() for _ in range(9))


@pytest.fixture
async def place(canaries: Canaries) -> AsyncIterator[Place]:
    """Give a party in the same process as its providers, on a clock of its own."""
    clock = ManualClock()
    async with Sandbox(clock=clock, webhook_sender=nobody_listens) as sandbox:
        _plant_codes(sandbox, canaries)
        async with Party(canaries, clock, sandbox.transport()).opened() as party:
            yield Place(sandbox, party, sandbox.transport)


@pytest.fixture(params=TRANSPORTS)
async def far_place(
    request: pytest.FixtureRequest, canaries: Canaries
) -> AsyncIterator[Place]:
    """Give a party whose requests go over real HTTP, on loopback."""
    clock, make = FastClock(_SPEED), TRANSPORTS[request.param]
    async with Sandbox(clock=clock, webhook_sender=nobody_listens) as sandbox:
        _plant_codes(sandbox, canaries)
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(
            serve(sandbox, port=0, on_started=port.set_result)
        )
        url = f"http://127.0.0.1:{await port}/"
        async with Party(canaries, clock, make(), url).opened() as party:
            yield Place(sandbox, party, make)
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
