"""Outage: a provider is down for long, and starts arrive all the while."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import TypeGuard

from attrs import define, frozen

from callauth import (
    BreakerClosed,
    BreakerOpened,
    CallAuthError,
    Event,
    ManualClock,
    NeroTechClient,
    PhoneNumber,
    Response,
)
from callauth.errors import AnswerLost
from callauth.protocol.message import Request

_PHONE = PhoneNumber("+79991234567")
# Starts that arrive at the same moment.
_BATCH = 5
_ANSWER = Response(status=200, body=b'{"status": true, "id": 1, "code": "0777"}')


@frozen(kw_only=True)
class Report:
    """Hold what an outage was met with."""

    arrivals: int
    requests: int
    requests_before_opening: int
    openings: list[float]
    closed_after_seconds: float
    flows_again: bool


@define(eq=False)
class Provider:
    """Answer, or fail while ``is_down`` says so."""

    clock: ManualClock
    is_down: Callable[[float], bool]
    requests: int = 0
    requests_before_opening: int = 0

    def note(self, event: Event) -> None:
        """Keep how many requests came before the first opening."""
        if _opens(event) and not self.requests_before_opening:
            self.requests_before_opening = self.requests

    async def send(self, request: Request, *, timeout_seconds: float) -> Response:
        self.requests += 1
        if self.is_down(self.clock.monotonic()):
            raise AnswerLost(request.provider, request.operation, "down")
        return _ANSWER

    async def aclose(self) -> None:
        """Nothing is open."""


async def outage(*, seconds: float, starts_per_second: int) -> Report:
    """Let starts arrive during the outage, and beyond it until all is well."""
    clock = ManualClock()
    events: list[tuple[float, Event]] = []
    provider = Provider(clock, lambda now: now < seconds)
    client = NeroTechClient(
        1234,
        "key",
        transport=provider,
        clock=clock,
        hooks=[
            lambda event: _keep(events, clock, event),
            provider.note,
        ],
    )
    arrivals = requests = 0
    async with client, asyncio.TaskGroup() as group:
        while clock.monotonic() < seconds:
            for _ in range(_BATCH):
                group.create_task(_start(client))
            arrivals += _BATCH
            await clock.sleep(_BATCH / starts_per_second)
            requests = provider.requests
        while not _is_closed_again(events, seconds):
            group.create_task(_start(client))
            await clock.sleep(1.0)
        # Everything flows again, from the very next start on.
        before = provider.requests
        await asyncio.gather(*(_start(client) for _ in range(_BATCH)))
        flowing = provider.requests - before
    return Report(
        arrivals=arrivals,
        requests=requests,
        requests_before_opening=provider.requests_before_opening,
        openings=[event.seconds for _, event in events if _opens(event)],
        closed_after_seconds=_closed_at(events, seconds) - seconds,
        flows_again=flowing == _BATCH,
    )


def _keep(events: list[tuple[float, Event]], clock: ManualClock, event: Event) -> None:
    if isinstance(event, BreakerOpened | BreakerClosed):
        events.append((clock.monotonic(), event))


def _opens(event: Event) -> TypeGuard[BreakerOpened]:
    return isinstance(event, BreakerOpened)


def _is_closed_again(events: list[tuple[float, Event]], seconds: float) -> bool:
    return _closed_at(events, seconds) < math.inf


def _closed_at(events: list[tuple[float, Event]], seconds: float) -> float:
    closed = (at for at, event in events if isinstance(event, BreakerClosed))
    return min((at for at in closed if at >= seconds), default=math.inf)


async def _start(client: NeroTechClient) -> None:
    try:
        await client.voicemail(_PHONE)
    except CallAuthError:
        return
