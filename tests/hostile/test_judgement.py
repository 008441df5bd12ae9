from __future__ import annotations

import asyncio

import pytest
from attrs import define, evolve, field

from callauth import AnswerLost, NotSent, Request, Response, Transport
from tests.support.canaries import Canaries

from .callers import Planted
from .crowd import tried
from .trial import Trial, attempt, faults, httpx_transport

_LOST = Trial(kind="closed-after-reading", operation="start v3.0", tls=False)
_LATE = Trial(kind="silence", operation="start v3.0", tls=False)


@define
class _Planted:
    """Spoil the transport that is judged."""

    inner: Transport = field(factory=httpx_transport)

    async def aclose(self) -> None:
        await self.inner.aclose()


class _SendsAgain(_Planted):
    async def send(self, request: Request, *, timeout_seconds: float) -> Response:
        try:
            return await self.inner.send(request, timeout_seconds=timeout_seconds)
        except AnswerLost:
            return await self.inner.send(request, timeout_seconds=timeout_seconds)


class _Denies(_Planted):
    async def send(self, request: Request, *, timeout_seconds: float) -> Response:
        try:
            return await self.inner.send(request, timeout_seconds=timeout_seconds)
        except AnswerLost as error:
            raise NotSent(error.provider, error.operation, "denied") from None


class _Invents(_Planted):
    async def send(self, request: Request, *, timeout_seconds: float) -> Response:
        return Response(status=200, body=b"{}")


@define
class _Dawdles(_Planted):
    seconds: float = 0.5

    async def send(self, request: Request, *, timeout_seconds: float) -> Response:
        try:
            return await self.inner.send(request, timeout_seconds=timeout_seconds)
        except AnswerLost:
            await asyncio.sleep(self.seconds)
            raise


@pytest.mark.parametrize("make", [_SendsAgain, _Denies, _Invents])
async def test_a_transport_that_rings_twice_or_lies_is_found_out(
    make: type[_SendsAgain | _Denies | _Invents], canaries: Canaries
) -> None:
    """A judge who never says no protects nobody."""
    planted = Planted.by(canaries)

    honest = await attempt(_LOST, planted)
    spoilt = await attempt(_LOST, planted, make=make)

    assert faults(_LOST, honest, planted) == []
    assert faults(_LOST, spoilt, planted) != []


async def test_a_request_that_is_late_is_found_out(canaries: Canaries) -> None:
    """The right answer an hour later helps nobody."""
    planted = Planted.by(canaries)
    spoilt = await attempt(_LATE, planted, make=_Dawdles)

    (late,) = faults(_LATE, spoilt, planted, pause_seconds=0.3)
    assert late == f"{_LATE}: {spoilt.overrun:.3f} s late"
    assert faults(_LATE, evolve(spoilt, overrun=3600.0), planted) != []
    assert faults(_LATE, spoilt, planted, pause_seconds=spoilt.overrun) == []


@pytest.mark.parametrize(
    ("delays", "found"), [((0.5, 0.0), 0), ((0.5, 0.5), 1)], ids=["once", "always"]
)
async def test_what_is_late_in_a_crowd_is_tried_once_more_alone(
    delays: tuple[float, float], found: int, canaries: Canaries
) -> None:
    """A busy machine is late by chance, and a transport by its own fault."""
    coming = iter(delays)

    def make(**_: object) -> Transport:
        return _Dawdles(seconds=next(coming))

    (only,) = await tried([_LATE], Planted.by(canaries), make)

    assert (only.alone, len(only.faults)) == (True, found)


async def test_what_the_server_ended_is_not_waited_for(canaries: Canaries) -> None:
    """There the deadline is far away, and waiting for it would go unnoticed."""
    planted = Planted.by(canaries)
    honest = await attempt(_LOST, planted)

    (slow,) = faults(_LOST, evolve(honest, slowest=19.0), planted)

    assert slow == f"{_LOST}: took 19.000 s, though the server had ended it"
    assert faults(_LOST, evolve(honest, slowest=10.0), planted) == []
