"""Outage: a provider is down for long, and starts arrive all the while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from attrs import define, frozen

from callauth import (
    CallAuthError,
    ManualClock,
    NeroTechClient,
    PhoneNumber,
    Response,
)
from callauth.client.events import BreakerClosed, BreakerOpened, Event
from callauth.errors import AnswerLost
from callauth.protocol.message import Request

_PHONE = PhoneNumber("+79991234567")
_ANSWER = Response(status=200, body=b'{"status": true, "id": 1, "code": "0777"}')


@frozen(kw_only=True)
class Report:
    """Hold what an outage was met with."""

    arrivals: int
    requests: int
    failures_before_opening: int
    recovered_after_seconds: float
    events: list[Event]


@define(eq=False)
class Provider:
    """Answer, or fail while ``is_down`` says so."""

    clock: ManualClock
    is_down: Callable[[float], bool]
    requests: int = 0

    async def send(self, request: Request, *, timeout_seconds: float) -> Response:
        self.requests += 1
        if self.is_down(self.clock.monotonic()):
            raise AnswerLost(request.provider, request.operation, "down")
        return _ANSWER

    async def aclose(self) -> None:
        """Nothing is open."""


async def outage(
    *, seconds: float, starts_per_second: int, after_seconds: float = 400.0
) -> Report:
    """Let starts arrive during the outage and ``after_seconds`` beyond it."""
    clock = ManualClock()
    events: list[tuple[float, Event]] = []
    provider = Provider(clock, lambda now: now < seconds)
    client = NeroTechClient(
        1234,
        "key",
        transport=provider,
        clock=clock,
        hooks=[lambda event: events.append((clock.monotonic(), event))],
    )
    arrivals = 0
    requests_in_outage = 0
    async with client:
        while clock.monotonic() < seconds + after_seconds:
            arrivals += clock.monotonic() < seconds
            await asyncio.gather(
                *(_start(client) for _ in range(1)), clock.sleep(1 / starts_per_second)
            )
            if clock.monotonic() < seconds:
                requests_in_outage = provider.requests
    return Report(
        arrivals=arrivals,
        requests=requests_in_outage,
        failures_before_opening=_failures_before_opening(events),
        recovered_after_seconds=_recovery(events, seconds),
        events=[event for _, event in events],
    )


async def _start(client: NeroTechClient) -> None:
    try:
        await client.voicemail(_PHONE)
    except CallAuthError:
        return


def _failures_before_opening(events: list[tuple[float, Event]]) -> int:
    names = [type(event) for _, event in events]
    return names.index(BreakerOpened)


def _recovery(events: list[tuple[float, Event]], seconds: float) -> float:
    closed = [at for at, event in events if isinstance(event, BreakerClosed)]
    return min(at for at in closed if at >= seconds) - seconds
