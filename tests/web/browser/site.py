"""Site: the demo on a free port of this machine, on a clock that can be put forward."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Self

from attrs import frozen

from callauth import PhoneNumber
from callauth.cli.loopback import server
from callauth.cli.web.demo import WebDemo
from callauth.sandbox import Sandbox
from tests.support.canaries import Canaries

from .clock import JumpingClock


@frozen
class Site:
    """Hold what a test needs of the side that no browser sees."""

    url: str
    sandbox: Sandbox
    clock: JumpingClock
    canaries: Canaries

    @classmethod
    @asynccontextmanager
    async def served(cls, canaries: Canaries) -> AsyncIterator[Self]:
        """Serve the demo; its codes are canaries."""
        clock = JumpingClock()
        demo = WebDemo(clock=clock)
        codes = demo.sandbox.nerotech.next_codes
        codes.extend(canaries.pin(4).reveal() for _ in range(9))
        codes = demo.sandbox.callpass.next_codes
        codes.extend(canaries.pin(7).reveal() for _ in range(9))
        address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        # Not in a task group: what gives it to a test begins and ends in two tasks.
        serving = asyncio.create_task(
            demo.serve(server(), port=0, announce=address.set_result)
        )
        try:
            yield cls(await address, demo.sandbox, clock, canaries)
        finally:
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving

    def code(self, phone: PhoneNumber) -> str:
        """Return the code that was sent last, were it on its way still."""
        return self.sandbox.ledger.rings(phone)[-1].code.reveal()

    def wrong(self, phone: PhoneNumber) -> str:
        """Return another code than that."""
        code = self.code(phone)
        return code[:-1] + str((int(code[-1]) + 1) % 10)
