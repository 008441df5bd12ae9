"""Outage: a provider is in trouble for long, and starts arrive all the while.

It is down (every request fails at once), hangs (every request lasts until its
time-out), fails most requests or turns most of them away. Then all is well again, and
starts arrive until everything flows.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable
from typing import TypeAlias

from attrs import define, field, frozen

from callauth import (
    BreakerOpened,
    CallAuthError,
    Event,
    ManualClock,
    NeroTechClient,
    PhoneNumber,
    Response,
    RetryPolicy,
)
from callauth.errors import AnswerLost
from callauth.protocol.message import Request

_PHONE = PhoneNumber("+79991234567")
# Starts that arrive at the same moment.
_BATCH = 5
_ANSWER = Response(status=200, body=b'{"status": true, "id": 1, "code": "0777"}')
_TURNED_AWAY = Response(status=429)
_AFTERWARDS_SECONDS = 0.1
# Beyond any pause of the breaker: who has not recovered by then never does.
_PATIENCE_SECONDS = 1000.0
_FLOWING_SECONDS = 10.0
TRY_SECONDS = RetryPolicy().try_seconds

Trouble: TypeAlias = Callable[[int], Response | None]
"""Return the answer to a request by its number, None when there is none."""


@frozen(kw_only=True)
class Report:
    """Hold what an outage was met with.

    ``recovered_after_seconds`` counts from the end of the outage to the first answer,
    ``full_after_seconds`` from there to the first moment after which no start failed.
    """

    arrivals: int
    requests: int
    requests_before_opening: int
    openings: list[float]
    recovered_after_seconds: float
    full_after_seconds: float

    @property
    def requests_per_arrival(self) -> float:
        """The burden on the provider: 1 is what came, more are retries."""
        return self.requests / self.arrivals


def is_down(number: int) -> None:
    """Answer nothing."""


def answers_every_fourth(number: int) -> Response | None:
    """Fail three of four requests, never five in a row: the breaker stays closed."""
    return None if number % 4 else _ANSWER


def turns_away(seed: int) -> Trouble:
    """Return what answers three of four requests with 429, by chance."""
    dice = random.Random(seed)
    return lambda number: _TURNED_AWAY if dice.random() < 0.75 else _ANSWER


@define(eq=False)
class _Provider:
    clock: ManualClock
    ends_at: float
    trouble: Trouble
    hangs: bool
    requests: int = 0
    answered_at: float = math.inf

    async def send(self, request: Request, *, timeout_seconds: float) -> Response:
        self.requests += 1
        if self.clock.monotonic() >= self.ends_at:
            self.answered_at = min(self.answered_at, self.clock.monotonic())
            return _ANSWER
        if self.hangs:
            await self.clock.sleep(timeout_seconds)
        response = self.trouble(self.requests)
        if response is None:
            raise AnswerLost(
                request.provider, request.operation, "down", timed_out=self.hangs
            )
        return response

    async def aclose(self) -> None:
        """Nothing is open."""


@define(eq=False)
class _Watch:
    """Note what the hooks tell, and when starts failed."""

    provider: _Provider
    requests_before_opening: int = 0
    openings: list[float] = field(factory=list)
    failed_at: float = 0.0

    def note(self, event: Event) -> None:
        if isinstance(event, BreakerOpened):
            if not self.openings:
                self.requests_before_opening = self.provider.requests
            self.openings.append(event.seconds)

    async def start(self, client: NeroTechClient) -> None:
        began = self.provider.clock.monotonic()
        try:
            await client.voicemail(_PHONE)
        except CallAuthError:
            self.failed_at = max(self.failed_at, began)


async def outage(
    *,
    seconds: float,
    starts_per_second: int,
    trouble: Trouble = is_down,
    hangs: bool = False,
) -> Report:
    """Let starts arrive during the outage, and beyond it until all is well."""
    random.seed(0)
    clock = ManualClock()
    provider = _Provider(clock, seconds, trouble, hangs)
    watch = _Watch(provider)
    client = NeroTechClient(
        1234, "key", transport=provider, clock=clock, hooks=[watch.note]
    )
    arrivals = 0
    async with client, asyncio.TaskGroup() as group:
        while clock.monotonic() < seconds:
            for _ in range(_BATCH):
                group.create_task(watch.start(client))
            arrivals += _BATCH
            await clock.sleep(_BATCH / starts_per_second)
        requests = provider.requests
        while clock.monotonic() < _end(provider):
            group.create_task(watch.start(client))
            await clock.sleep(_AFTERWARDS_SECONDS)
    answered_at = provider.answered_at
    return Report(
        arrivals=arrivals,
        requests=requests,
        requests_before_opening=watch.requests_before_opening,
        openings=watch.openings,
        recovered_after_seconds=answered_at - seconds,
        full_after_seconds=max(0.0, watch.failed_at - answered_at),
    )


def _end(provider: _Provider) -> float:
    patience = provider.ends_at + _PATIENCE_SECONDS
    return min(patience, provider.answered_at + _FLOWING_SECONDS)
