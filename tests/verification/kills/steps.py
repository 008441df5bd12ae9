"""Steps: every operation on a store and every request, with something around each."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from callauth import Secret, Transport
from callauth.protocol.message import Request, Response
from callauth.verification import Changes, Charge, Lock, Record, Refusal, Store

from .orders import Death

T = TypeVar("T")

# A job is with the thread of the store, and a request on its way.
_TURNS_TO_BE_AMID = 4


class Around(Protocol):
    """Do the work, and whatever else."""

    async def __call__(self, work: Awaitable[T]) -> T:
        """Return the result of the work."""


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


class SteppedStore:
    """Keep everything in another store, each operation but the closing a step."""

    def __init__(self, store: Store, around: Around) -> None:
        self._store = store
        self._around = around

    @property
    def pepper(self) -> Secret | None:
        return self._store.pepper

    async def open(self) -> None:
        await self._around(self._store.open())

    async def aclose(self) -> None:
        await self._store.aclose()

    async def insert(self, record: Record) -> bool:
        return await self._around(self._store.insert(record))

    async def get(self, attempt_id: str) -> Record | None:
        return await self._around(self._store.get(attempt_id))

    async def replace(self, record: Record, *, expected_version: int) -> bool:
        work = self._store.replace(record, expected_version=expected_version)
        return await self._around(work)

    async def live(self, worker: str) -> Sequence[Record]:
        return await self._around(self._store.live(worker))

    async def workers(self) -> Sequence[str]:
        return await self._around(self._store.workers())

    async def changes(self, after: int) -> Changes:
        return await self._around(self._store.changes(after))

    async def lock(
        self, name: str, owner: str, *, until: datetime, now: datetime
    ) -> Lock:
        work = self._store.lock(name, owner, until=until, now=now)
        return await self._around(work)

    async def holder(self, name: str, *, now: datetime) -> Lock | None:
        return await self._around(self._store.holder(name, now=now))

    async def unlock(self, name: str, owner: str) -> None:
        await self._around(self._store.unlock(name, owner))

    async def charge(
        self, charges: Sequence[Charge], *, now: datetime, enforce: bool = True
    ) -> Refusal | None:
        work = self._store.charge(charges, now=now, enforce=enforce)
        return await self._around(work)

    async def refund(self, charges: Sequence[Charge], *, at: datetime) -> None:
        await self._around(self._store.refund(charges, at=at))

    async def purge(self, *, now: datetime) -> int:
        return await self._around(self._store.purge(now=now))


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
