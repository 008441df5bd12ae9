"""Nothing leaves after its own deadline: a phone would ring for nobody."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from callauth import HttpxTransport, NotSent, Response
from callauth.transport.aiohttp import AiohttpTransport
from tests.hostile.certificates import Certificate, client_context, server_context
from tests.hostile.sending import request_to, sent
from tests.support.transports import Make, on_each_transport

from .native.answering import answering

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@on_each_transport
@pytest.mark.parametrize("alone", [False, True], ids=["shared", "own connection"])
@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan")])
async def test_a_time_out_of_nothing_sends_nothing(
    seconds: float,
    alone: bool,  # noqa: FBT001 - a parameter
    make: Make,
) -> None:
    """A connection that is kept could take the request at once."""
    async with answering(_OK) as server:
        transport = make()
        first = await sent(transport, request_to(server.base_url, own_connection=False))
        request = request_to(server.base_url, own_connection=alone)
        second = await sent(transport, request, timeout_seconds=seconds)
        await transport.aclose()

    assert isinstance(first, Response)
    assert isinstance(second, NotSent)
    assert (second.timed_out, second.is_ours) == (True, True)
    assert len(server.requests) == 1


@on_each_transport
async def test_a_loop_that_stood_still_sends_nothing_late(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It hears of what has come before it hears of what is over."""
    loop = asyncio.get_running_loop()
    began = loop.time

    def stand_still(*_: object) -> None:
        monkeypatch.setattr(loop, "time", lambda: began() + 20.0)

    # Not the one of all other tests.
    context = server_context.__wrapped__(Certificate.GOOD)
    context.sni_callback = stand_still
    async with answering(_OK, tls=context) as server:
        transport = make(ssl_context=client_context())
        outcome = await sent(transport, server.base_url, timeout_seconds=10.0)
        await transport.aclose()

    assert isinstance(outcome, NotSent)
    assert outcome.timed_out
    assert server.requests == []


async def test_a_trace_that_comes_late_stops_a_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is the last moment at which httpx can be held back."""
    loop = asyncio.get_running_loop()
    now = loop.time()

    async def leave(request: httpx.Request) -> httpx.Response:
        monkeypatch.setattr(loop, "time", lambda: now + 20.0)
        event = "http11.send_request_headers.started"
        await request.extensions["trace"](event, {"request": request})
        return httpx.Response(200)

    transport = HttpxTransport(transport=httpx.MockTransport(leave))
    outcome = await sent(transport, "http://x.example/", timeout_seconds=10.0)

    assert isinstance(outcome, NotSent)
    assert outcome.timed_out


async def test_whoever_waited_too_long_sends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A turn that comes together with the deadline comes too late."""
    loop = asyncio.get_running_loop()
    now = loop.time()

    async def first() -> object:
        outcome = await sent(transport, shared)
        monkeypatch.setattr(loop, "time", lambda: now + 20.0)
        return outcome

    async with answering(_OK) as server:
        transport = AiohttpTransport(connections=1)
        shared = request_to(server.base_url, own_connection=False)
        asking = asyncio.create_task(first())
        await asyncio.sleep(0)
        outcome = await sent(transport, shared, timeout_seconds=10.0)
        await asking
        await transport.aclose()

    assert isinstance(outcome, NotSent)
    assert outcome.timed_out
    assert len(server.requests) == 1
