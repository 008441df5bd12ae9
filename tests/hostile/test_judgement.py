from __future__ import annotations

import pytest
from attrs import define, field

from callauth import AnswerLost, NotSent, Request, Response, Transport
from tests.support.canaries import Canaries

from .callers import Planted
from .trial import Trial, attempt, faults, httpx_transport

_LOST = Trial(kind="closed-after-reading", operation="start v3.0", tls=False)


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
