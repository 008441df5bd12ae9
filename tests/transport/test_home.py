"""A transport belongs to the event loop in which it was first used."""

from __future__ import annotations

import asyncio

import httpx

from callauth import HttpxTransport, NotSent, Response
from tests.hostile import deeds
from tests.hostile.sending import request_to, sent, serving
from tests.support.transports import Make, on_each_transport


@on_each_transport
async def test_a_transport_stays_in_its_loop(make: Make) -> None:
    """The connections of another loop can never answer here."""
    async with serving(deeds.answer()) as server:
        transport = make()
        shared = request_to(server.base_url, own_connection=False)
        await sent(transport, shared)
        elsewhere = await asyncio.to_thread(
            lambda: asyncio.run(sent(transport, shared))
        )
        here = await sent(transport, shared)
        await transport.aclose()

    assert isinstance(elsewhere, NotSent)
    assert elsewhere.is_ours
    assert isinstance(here, Response)


def test_a_mock_is_at_home_everywhere() -> None:
    """It has no connections."""
    mock = httpx.MockTransport(lambda _: httpx.Response(200))
    transport = HttpxTransport(transport=mock)

    outcomes = [asyncio.run(sent(transport, "http://x.example/")) for _ in range(2)]

    assert [type(outcome) for outcome in outcomes] == [Response, Response]
