"""How many connections there are, and that no interruption costs one."""

from __future__ import annotations

import asyncio

import pytest
from attrs import define

from callauth import ConfigurationError, NotSent, Response
from tests.hostile import deeds
from tests.hostile.bodies import Document
from tests.hostile.connection import Connection
from tests.hostile.fates import Fate
from tests.hostile.kinds import KINDS, Kind
from tests.hostile.sending import Overheard, opened, request_to, sent, serving, sockets
from tests.hostile.server import HostileServer
from tests.hostile.trial import trusting
from tests.support.refusals import refused
from tests.support.transports import Make, on_each_transport

_ALONE = pytest.mark.parametrize(
    "alone", [False, True], ids=["shared", "own connection"]
)


@define(eq=False)
class _Crowd:
    """Count the requests that a server has at once."""

    now: int = 0
    most: int = 0

    async def __call__(
        self, connection: Connection, request: bytes, document: Document
    ) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.005)
        self.now -= 1
        await deeds.answer()(connection, request, document)


@on_each_transport
def test_no_connection_at_all_is_refused(make: Make) -> None:
    """A transport that lets nothing through would wait for ever."""
    with refused(ConfigurationError, match="at least 1"):
        make(connections=0)


@on_each_transport
@_ALONE
@pytest.mark.parametrize("connections", [1, 7])
async def test_no_more_requests_than_connections_at_once(
    connections: int,
    alone: bool,  # noqa: FBT001 - a parameter
    make: Make,
) -> None:
    """A provider may count the connections of one customer."""
    crowd = _Crowd()
    async with (
        serving(crowd) as server,
        opened(lambda: make(connections=connections)) as inner,
    ):
        request = request_to(server.base_url, own_connection=alone)
        outcomes = await asyncio.gather(*(sent(inner, request) for _ in range(40)))

    assert {type(outcome) for outcome in outcomes} == {Response}
    assert crowd.most == connections


@on_each_transport
async def test_whoever_waits_for_a_connection_has_sent_nothing(make: Make) -> None:
    """The time-out counts from the beginning, and nothing left meanwhile."""
    overheard = Overheard(deeds.hang)
    async with (
        serving(overheard) as server,
        opened(lambda: make(connections=1)) as inner,
    ):
        holding = asyncio.create_task(sent(inner, server.base_url))
        await overheard.first()
        waiting = (sent(inner, server.base_url, timeout_seconds=0.1) for _ in range(2))
        outcomes = [type(outcome) for outcome in await asyncio.gather(*waiting)]
        holding.cancel()
        await asyncio.wait((holding,))

    assert outcomes == [NotSent, NotSent]
    assert server.requests == 1


@on_each_transport
async def test_two_providers_share_a_transport_and_no_connections(make: Make) -> None:
    """A connection that is opened anew each time costs more than the call."""
    async with (
        serving(deeds.answer()) as one,
        serving(deeds.answer()) as other,
        opened(make) as inner,
    ):
        for server in (one, other) * 4:
            request = request_to(server.base_url, own_connection=False)
            assert isinstance(await sent(inner, request), Response)

    assert (one.connections, other.connections) == (1, 1)


@on_each_transport
@_ALONE
async def test_a_storm_of_cancellations_costs_no_connection(
    alone: bool,  # noqa: FBT001 - a parameter
    make: Make,
) -> None:
    """A transport that survives only polite callers stands still after a while."""
    before = sockets()
    async with (
        serving(_Crowd()) as server,
        opened(lambda: make(connections=6)) as inner,
    ):
        request = request_to(server.base_url, own_connection=alone)
        for round_ in range(40):
            asking = [asyncio.create_task(sent(inner, request)) for _ in range(6)]
            await asyncio.sleep(round_ % 8 / 1000)
            for task in asking:
                task.cancel()
            # Once more, as an impatient caller does.
            await asyncio.sleep(0)
            asking[0].cancel()
            await asyncio.gather(*asking, return_exceptions=True)
        alive = [sent(inner, request) for _ in range(6)]
        outcomes = await asyncio.gather(*alive)
    await asyncio.sleep(0.02)

    assert {type(outcome) for outcome in outcomes} == {Response}
    assert sockets() <= before


@on_each_transport
async def test_a_cancelled_caller_is_cancelled(make: Make) -> None:
    """A cancellation that is taken for a time-out never ends the caller."""
    overheard = Overheard(deeds.hang)
    async with serving(overheard) as server, opened(make) as inner:
        asking = asyncio.create_task(sent(inner, server.base_url))
        await overheard.first()
        asking.cancel()
        await asyncio.wait((asking,))

    assert asking.cancelled()


@on_each_transport
async def test_a_request_that_is_cut_off_leaves_no_socket(make: Make) -> None:
    """Each lost socket is one that a busy machine will miss."""
    before = sockets()
    silent = Kind(
        name="silent", fate=Fate.NOT_SENT, on_accept=deeds.hang, shakes_hands=False
    )
    inner = trusting(make)()
    for kind, tls in ((silent, True), (KINDS["silence"], False)):
        async with HostileServer(kind, {}, tls=tls) as server:
            for delay in range(10):
                asking = asyncio.create_task(sent(inner, server.base_url))
                await asyncio.sleep(delay / 500)
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
            alive = await sent(inner, server.base_url, timeout_seconds=0.05)
            assert not isinstance(alive, Response)
    await inner.aclose()
    await asyncio.sleep(0.01)

    assert sockets() <= before
