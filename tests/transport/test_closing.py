from __future__ import annotations

import asyncio

import httpx
from attrs import define

from callauth import AnswerLost, HttpxTransport, NotSent, Response
from tests.hostile import deeds
from tests.hostile.sending import sent, serving, sockets
from tests.support.transports import Make, on_each_transport


@on_each_transport
async def test_a_closed_transport_sends_nothing(make: Make) -> None:
    """Sockets that are opened after the end would never be closed."""
    async with serving(deeds.answer()) as server:
        inner = make()
        await sent(inner, server.base_url)
        await inner.aclose()
        await inner.aclose()
        outcome = await sent(inner, server.base_url)

    assert type(outcome) is NotSent
    assert server.requests == 1


@on_each_transport
async def test_closing_ends_what_is_on_its_way_and_leaves_no_socket(
    make: Make,
) -> None:
    """Whoever closes a client must not wait for a server that says nothing."""
    before = sockets()
    async with serving(deeds.hang) as server:
        inner = make(connections=2)
        asking = [
            asyncio.create_task(sent(inner, server.base_url, timeout_seconds=0.5))
            for _ in range(4)
        ]
        await asyncio.sleep(0.05)
        await inner.aclose()
        outcomes = {type(outcome) for outcome in await asyncio.gather(*asking)}
    await asyncio.sleep(0.01)

    # Two had a connection, two were waiting for one.
    assert outcomes == {AnswerLost, NotSent}
    assert server.requests == 2
    assert sockets() <= before


@define
class _Kept(httpx.AsyncBaseTransport):
    closed: bool = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"{}")

    async def aclose(self) -> None:
        self.closed = True


async def test_a_transport_that_was_given_is_not_closed() -> None:
    """What belongs to the caller may be in use elsewhere."""
    kept = _Kept()
    inner = HttpxTransport(transport=kept)

    outcome = await sent(inner, "http://x.example/")
    await inner.aclose()

    assert isinstance(outcome, Response)
    assert kept.closed is False
