from __future__ import annotations

import asyncio

import httpx
import pytest
from attrs import define

from callauth import AnswerLost, HttpxTransport, NotSent, Response
from tests.hostile import deeds
from tests.hostile.fates import Fate
from tests.hostile.kinds import Kind
from tests.hostile.sending import Overheard, request_to, sent, serving, sockets
from tests.hostile.server import HostileServer
from tests.hostile.trial import trusting
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
    before, overheard = sockets(), Overheard(deeds.hang)
    async with serving(overheard) as server:
        inner = make(connections=2)
        asking = [asyncio.create_task(sent(inner, server.base_url)) for _ in range(4)]
        await overheard.heard(2)
        await inner.aclose()
        outcomes = {type(outcome) for outcome in await asyncio.gather(*asking)}
    await asyncio.sleep(0.01)

    # Two had a connection, two were waiting for one.
    assert outcomes == {AnswerLost, NotSent}
    assert server.requests == 2
    assert sockets() <= before


@on_each_transport
@pytest.mark.parametrize("turns", [1, 2, 3])
async def test_nothing_leaves_once_it_is_closed(turns: int, make: Make) -> None:
    """A connection may be on its way to stand just then."""
    before = sockets()
    async with serving(deeds.answer()) as server:
        inner = make()
        asking = asyncio.create_task(sent(inner, server.base_url))
        for _ in range(turns):
            await asyncio.sleep(0)
        await inner.aclose()
        outcome = await asking
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.01)

    # A machine without a network may have connected by then, and sent.
    assert type(outcome) is NotSent or turns > 1
    assert not isinstance(outcome, Response)
    assert server.requests == 0 or type(outcome) is AnswerLost
    assert sockets() <= before


@on_each_transport
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
async def test_closing_ends_what_is_still_connecting(turns: int, make: Make) -> None:
    """A server that never shakes hands would keep a socket open until the deadline."""
    before = sockets()
    silent = Kind(
        name="silent", fate=Fate.NOT_SENT, on_accept=deeds.hang, shakes_hands=False
    )
    async with HostileServer(silent, {}, tls=True) as server:
        inner = trusting(make)()
        asking = asyncio.create_task(sent(inner, server.base_url))
        await asyncio.sleep(0.02)
        closing = asyncio.create_task(inner.aclose())
        for _ in range(turns):
            await asyncio.sleep(0)
        await inner.aclose()
        await closing
        outcome = await asking
    await asyncio.sleep(0.01)

    assert isinstance(outcome, NotSent)
    assert not outcome.timed_out
    assert sockets() <= before


@on_each_transport
async def test_a_cancelled_closing_has_ended_everything(make: Make) -> None:
    """Whoever gives up waiting for the end has asked for it all the same."""
    overheard = Overheard(deeds.hang)
    async with serving(overheard) as server:
        inner = make()
        requests = [
            request_to(server.base_url, own_connection=alone) for alone in (False, True)
        ]
        asking = [asyncio.create_task(sent(inner, each)) for each in requests]
        while len(overheard.requests) < len(asking):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0)
        closing = asyncio.create_task(inner.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        outcomes = await asyncio.gather(*asking)
        await asyncio.wait((closing,))

    assert [type(outcome) for outcome in outcomes] == [AnswerLost, AnswerLost]
    assert not any(
        isinstance(outcome, AnswerLost) and outcome.timed_out for outcome in outcomes
    )


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
