"""What is true of aiohttp alone, above all beside an application's own session."""

from __future__ import annotations

import asyncio

import aiohttp

from callauth import AnswerLost, NotSent, Response
from callauth.transport.aiohttp import AiohttpTransport
from tests.hostile import deeds
from tests.hostile.bodies import Document
from tests.hostile.connection import Connection
from tests.hostile.sending import Overheard, request_to, sent, serving


async def test_the_connections_of_a_session_are_shared() -> None:
    """Whoever passes a session wants no second pool beside it."""
    async with serving(deeds.answer()) as server, aiohttp.ClientSession() as session:
        await (await session.get(server.base_url)).read()
        transport = AiohttpTransport(session=session)
        shared = request_to(server.base_url, own_connection=False)
        outcomes = [await sent(transport, shared) for _ in range(2)]
        await transport.aclose()

        assert not session.closed
    assert {type(outcome) for outcome in outcomes} == {Response}
    assert (server.connections, server.requests) == (1, 3)


async def test_a_connection_of_its_own_is_none_of_the_session() -> None:
    """What an earlier answer left on a connection must answer nobody."""
    async with serving(deeds.answer()) as server, aiohttp.ClientSession() as session:
        await (await session.get(server.base_url)).read()
        transport = AiohttpTransport(session=session)
        for _ in range(2):
            await sent(transport, request_to(server.base_url))
        await transport.aclose()

    assert server.connections == 3


async def test_nothing_else_of_a_session_is_used() -> None:
    """Its cookies would tie people together, its headers are for somebody else."""
    overheard = Overheard(deeds.answer(headers=[b"Set-Cookie: theirs=2; Path=/"]))
    async with (
        serving(overheard) as server,
        aiohttp.ClientSession(
            headers={"X-Theirs": "1"},
            cookies={"theirs": "1"},
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            raise_for_status=True,
        ) as session,
    ):
        transport = AiohttpTransport(session=session)
        await sent(transport, server.base_url)
        await transport.aclose()

        assert [cookie.value for cookie in session.cookie_jar] == ["1"]
    assert b"heirs" not in overheard.requests[0]


async def test_a_session_that_verifies_nothing_changes_nothing() -> None:
    """Verification cannot be switched off, not even by the back door."""
    async with (
        serving(deeds.answer(), tls=True) as server,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as session,
    ):
        transport = AiohttpTransport(session=session)
        outcome = await sent(transport, server.base_url)
        await transport.aclose()

    assert type(outcome) is NotSent
    assert server.requests == 0


async def test_a_session_that_was_closed_sends_nothing() -> None:
    """Its owner may close it at any time."""
    session = aiohttp.ClientSession()
    await session.close()

    outcome = await sent(AiohttpTransport(session=session), "http://127.0.0.1:1/")

    assert type(outcome) is NotSent


async def test_a_session_that_is_closed_meanwhile_cancels_nobody() -> None:
    """Its connector cancels who waits for a connection, which is no cancellation."""
    connector = aiohttp.TCPConnector(limit=1)
    async with (
        serving(deeds.hang) as server,
        aiohttp.ClientSession(connector=connector) as session,
    ):
        transport = AiohttpTransport(session=session)
        asking = [
            asyncio.create_task(sent(transport, server.base_url)) for _ in range(2)
        ]
        await asyncio.sleep(0.05)
        await session.close()
        outcomes = [type(outcome) for outcome in await asyncio.gather(*asking)]

    assert outcomes == [AnswerLost, NotSent]


async def test_what_comes_on_an_idle_connection_answers_nobody() -> None:
    """The second answer of a confused proxy is not that to the next question."""

    async def answer_again_later(
        connection: Connection, request: bytes, document: Document
    ) -> None:
        await deeds.answer()(connection, request, document)
        await asyncio.sleep(0.01)
        await deeds.answer(status=b"299 Stale")(connection, request, document)

    async with serving(answer_again_later) as server:
        transport = AiohttpTransport()
        shared = request_to(server.base_url, own_connection=False)
        outcomes = []
        for _ in range(2):
            outcomes.append(await sent(transport, shared))
            await asyncio.sleep(0.05)
        await transport.aclose()

    assert [getattr(outcome, "status", None) for outcome in outcomes] == [200, 200]
    assert server.connections == 2
