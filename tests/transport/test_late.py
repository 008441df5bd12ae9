"""Nothing leaves after its own deadline: a phone would ring for nobody."""

from __future__ import annotations

import asyncio

import pytest

from callauth import NotSent, Response
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
