from __future__ import annotations

import asyncio

import pytest
from attrs import define

from callauth import Replay
from tests.support.canaries import Canaries
from tests.support.transports import Make, on_each_transport

from . import deeds
from .bodies import Document, plain
from .callers import CALLERS, Line, Planted
from .connection import Connection
from .fates import Fate
from .haste import Hasty
from .kinds import Kind
from .server import HostileServer
from .trial import RETRY, outcome_of, trusting


@define
class _OnlyOnce:
    """Answer the first request of each connection, and reset it on the second."""

    async def __call__(
        self, connection: Connection, request: bytes, document: Document
    ) -> None:
        if connection.sent:
            connection.reset()
            return
        await deeds.answer()(connection, request, document)


@define
class _Doubled:
    """Answer the very first request twice, and every later one with a refusal."""

    asked: int = 0

    async def __call__(
        self, connection: Connection, request: bytes, document: Document
    ) -> None:
        self.asked += 1
        refusal: Document = {"status": False, "error": 5}
        if self.asked > 1:
            await deeds.answer(lambda _: plain(refusal))(connection, request, document)
            return
        body = plain(document)
        one = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        await connection.send(one + one)


@on_each_transport
@pytest.mark.parametrize("operation", CALLERS)
async def test_a_connection_that_ends_as_it_is_used_again_costs_no_answer(
    operation: str, make: Make, canaries: Canaries
) -> None:
    """Nobody would know whether a second request was read, so it may have rung."""
    planted, caller = Planted.by(canaries), CALLERS[operation]
    kind = Kind(name="once", fate=Fate.ANSWERED, on_request=_OnlyOnce())
    inner = trusting(make)()
    hasty = Hasty(inner, 10.0)
    async with HostileServer(kind, caller.document(planted)) as server:
        line = Line(
            base_url=server.base_url, transport=hasty, retry=RETRY, planted=planted
        )
        outcomes = [await outcome_of(caller, line) for _ in range(2)]
        await inner.aclose()

    # Only a plain read may try its luck on a connection that stood idle.
    most = 3 if caller.replay is Replay.SAFE else 2
    assert outcomes == [caller.means(planted)] * 2
    assert hasty.sends <= most


@on_each_transport
async def test_an_answer_that_nobody_asked_for_is_given_to_nobody(
    make: Make,
    canaries: Canaries,
) -> None:
    """The "yes" to one person's code must never answer for another person's."""
    planted, caller = Planted.by(canaries), CALLERS["checkCode"]
    kind = Kind(name="doubled", fate=Fate.ANSWERED, on_request=_Doubled())
    transport = make()
    async with HostileServer(kind, caller.document(planted)) as server:
        line = Line(
            base_url=server.base_url, transport=transport, retry=RETRY, planted=planted
        )
        first = await outcome_of(caller, line)
        await asyncio.sleep(0.05)
        second = await outcome_of(caller, line)
        await transport.aclose()

    assert [first, second] == [True, False]
