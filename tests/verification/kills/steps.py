"""Steps: what a process does, counted, until it is killed at one of them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable
from typing import TypeVar

from callauth import Transport
from callauth.protocol.message import Request, Response
from tests.verification.stepped import Around

from .orders import Death

T = TypeVar("T")

# A job is with the thread of the store, and a request on its way.
_TURNS_TO_BE_AMID = 4


class Steps:
    """Count steps, and kill the process at one of them."""

    def __init__(self, death: Death | None) -> None:
        self.count = 0
        self._death = death

    async def __call__(self, work: Awaitable[T]) -> T:
        """Do one step."""
        self.count += 1
        if self._death is None or self._death.step != self.count:
            return await work
        if self._death.moment == "before":
            _die()
        doing = asyncio.ensure_future(work)
        if self._death.moment == "amid":
            for _ in range(_TURNS_TO_BE_AMID):
                await asyncio.sleep(0)
            _die()
        await doing
        _die()
        return doing.result()


class SteppedTransport:
    """Send requests through another transport, each of them a step."""

    def __init__(self, transport: Transport, around: Around) -> None:
        self._transport = transport
        self._around = around

    async def send(self, request: Request, *, timeout_seconds: float) -> Response:
        work = self._transport.send(request, timeout_seconds=timeout_seconds)
        return await self._around(work)

    async def aclose(self) -> None:
        await self._transport.aclose()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
