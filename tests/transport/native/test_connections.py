from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from callauth import AnswerLost, ConfigurationError, NotSent, Response
from callauth.transport.native import NativeTransport
from tests.hostile.certificates import Certificate, client_context, server_context
from tests.hostile.sending import request_to, sent
from tests.support.refusals import refused

from .answering import Answering, Ending, Script, answering
from .left import leaving_nothing

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
_OLD = _OK.replace(b"1.1", b"1.0")
_BOTH = b"Connection: close\r\nConnection: keep-alive\r\n"
_ONE, _TWO = _OK + b"{}", _OK + b"[]"


async def _asked(transport: NativeTransport, server: Answering) -> object:
    outcome = await sent(transport, request_to(server.base_url, own_connection=False))
    return outcome.body if isinstance(outcome, Response) else type(outcome)


def _used(server: Answering) -> list[int]:
    return [number for number, _ in server.requests]


async def _settled() -> None:
    """Let what was sent arrive, on a machine without a network."""
    await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("script", "is_kept"),
    [
        (Script((_ONE,)), True),
        (Script((_OK, b"{", b"}")), True),
        (Script((b"HTTP/1.1 204 No\r\n\r\n",)), True),
        (Script((_OLD[:-2] + b"Connection: keep-alive\r\n\r\n{}",)), True),
        (Script((b"HTTP/1.1 100 Go on\r\n\r\n" + _ONE,)), True),
        (Script((_OLD + b"{}",)), False),
        (Script((_OK[:-2] + b"Connection: close\r\n\r\n{}",)), False),
        (Script((_OLD[:-2] + _BOTH + b"\r\n{}",)), False),
        (Script((_ONE + b"\r\n",)), False),
        (Script((_ONE + _TWO,)), False),
        (Script((_ONE + b"H",)), False),
        (Script((_ONE + b"\x00",)), False),
        (Script((_ONE, b"H")), False),
        (Script((_ONE,), Ending.CLOSE), False),
        (Script((_ONE,), Ending.RESET), False),
    ],
    ids=[
        *("honest", "in parts", "204", "HTTP/1.0 kept", "after 100", "HTTP/1.0"),
        *(
            "close",
            "close or not",
            "a line end more",
            "two answers",
            "a byte more",
            "a zero more",
            "a byte later",
        ),
        *("closed", "reset"),
    ],
)
async def test_only_a_clean_connection_is_used_again(
    script: Script,
    is_kept: bool,  # noqa: FBT001 - a parameter
) -> None:
    """What is left over on a connection would answer the next request."""
    async with answering(_TWO) as server:
        server.scripts = [script]
        transport = NativeTransport()
        first = await _asked(transport, server)
        await _settled()
        second = await _asked(transport, server)
        await transport.aclose()

    assert (first, second) == (b"" if b"204" in script.parts[0] else b"{}", b"[]")
    assert _used(server) == ([0, 0] if is_kept else [0, 1])


async def test_the_connection_that_was_used_last_is_used_next() -> None:
    """The others can run out then, and are not kept warm for nothing."""
    async with answering(_ONE) as server:
        transport = NativeTransport()
        await asyncio.gather(*(_asked(transport, server) for _ in range(3)))
        last = _used(server)[-1]
        for _ in range(4):
            await _asked(transport, server)
        await transport.aclose()

    assert sorted(_used(server)[:3]) == [0, 1, 2]
    assert _used(server)[3:] == [last] * 4


async def test_whoever_waits_longest_is_served_first() -> None:
    """Otherwise a busy transport leaves somebody waiting for ever."""
    async with answering(_ONE) as server:
        transport = NativeTransport(connections=2)
        asking = (
            sent(
                transport,
                request_to(f"{server.base_url}{n}", own_connection=n % 3 == 0),
            )
            for n in range(30)
        )
        await asyncio.gather(*asking)
        await transport.aclose()

    targets = [int(request.split(b" ")[1][1:]) for _, request in server.requests]
    # Two are on their way at once, and may overtake each other.
    assert all(abs(target - place) <= 1 for place, target in enumerate(targets))


async def test_whoever_leaves_the_queue_holds_nobody_up() -> None:
    """A place that is given to somebody who left would be lost."""
    async with answering() as server:
        transport = NativeTransport(connections=1)
        request = request_to(server.base_url)
        holder = asyncio.create_task(sent(transport, request))
        await _settled()
        leaving = [asyncio.create_task(sent(transport, request)) for _ in range(3)]
        late = [
            asyncio.create_task(sent(transport, request, timeout_seconds=0.01))
            for _ in range(3)
        ]
        staying = asyncio.create_task(sent(transport, request))
        await asyncio.sleep(0)
        for task in leaving:
            task.cancel()
        outcomes = await asyncio.gather(*late)
        server.script = Script((_ONE,))
        holder.cancel()
        answered = await staying
        await transport.aclose()

    assert {type(outcome) for outcome in outcomes} == {NotSent}
    assert all(
        isinstance(outcome, NotSent) and outcome.timed_out and outcome.is_ours
        for outcome in outcomes
    )
    assert isinstance(answered, Response)
    assert len(server.requests) == 2


async def test_idle_connections_make_room_for_others() -> None:
    """Elsewhere they would use up what this process may open."""
    async with answering(_ONE) as first, answering(_ONE) as second:
        transport = NativeTransport(connections=3)
        await asyncio.gather(*(_asked(transport, first) for _ in range(3)))
        await asyncio.gather(*(_asked(transport, second) for _ in range(2)))
        await _settled()
        open_there = [talk.is_lost for talk in first.connections].count(False)
        await transport.aclose()

    assert open_there == 1


@pytest.mark.parametrize("tls", [False, True], ids=["TCP", "TLS"])
async def test_a_connection_that_ended_while_idle_costs_no_request(
    tls: bool,  # noqa: FBT001 - a parameter
) -> None:
    """A server may close whenever it likes, and was asked nothing then."""
    context = server_context(Certificate.GOOD) if tls else None
    async with answering(_ONE, tls=context) as server:
        transport = NativeTransport(ssl_context=client_context())
        for ending in (Ending.CLOSE, Ending.RESET):
            await _asked(transport, server)
            server.connections[-1].end(ending)
            await _settled()
        last = await _asked(transport, server)
        await transport.aclose()

    assert last == b"{}"
    assert _used(server) == [0, 1, 2]


async def test_an_end_that_the_loop_has_not_seen_costs_the_answer() -> None:
    """What was written may have been read, whatever the server says afterwards."""
    async with answering(_ONE) as server:
        transport = NativeTransport()
        await _asked(transport, server)
        server.connections[0].end(Ending.CUT)
        outcome = await _asked(transport, server)
        await transport.aclose()

    assert outcome is AnswerLost


async def test_what_was_written_is_never_sent_twice() -> None:
    """The server may have read it before it closed."""
    async with answering(_ONE) as server:
        transport = NativeTransport()
        await _asked(transport, server)
        server.scripts = [Script((), Ending.CLOSE), Script((), Ending.RESET)]
        outcomes = [await _asked(transport, server) for _ in range(2)]
        await transport.aclose()

    assert outcomes == [AnswerLost, AnswerLost]
    assert len(server.requests) == 3


async def test_an_answer_before_the_question_is_none() -> None:
    """It cannot be the answer to this request."""
    async with answering(_ONE) as server:
        transport = NativeTransport()
        await _asked(transport, server)
        server.connections[0].say([_TWO], Ending.NOTHING)
        await _settled()
        second = await _asked(transport, server)
        await transport.aclose()

    assert second == b"{}"
    assert _used(server) == [0, 1]


@pytest.mark.parametrize("tls", [False, True], ids=["TCP", "TLS"])
async def test_closing_leaves_nothing(
    tls: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Idle, opening, asking, waiting: all of it ends, and says whether it was sent."""
    context = server_context(Certificate.GOOD) if tls else None
    async with answering(tls=context) as server, leaving_nothing():
        server.scripts = [Script((_ONE,))] * 2
        transport = NativeTransport(ssl_context=client_context(), connections=5)
        await asyncio.gather(*(_asked(transport, server) for _ in range(2)))
        asking = [asyncio.create_task(_asked(transport, server)) for _ in range(1)]
        await _settled()
        opening = [
            asyncio.create_task(sent(transport, server.base_url)) for _ in range(6)
        ]
        await asyncio.sleep(0)
        await asyncio.gather(transport.aclose(), transport.aclose())
        outcomes = await asyncio.gather(*asking, *opening)
        await transport.aclose()
        await _settled()

    assert outcomes[0] is AnswerLost
    assert {type(outcome) for outcome in outcomes[1:]} == {NotSent}
    assert len(server.requests) == 3


async def test_a_connection_that_was_idle_for_long_is_not_trusted() -> None:
    """Many servers close after 5 seconds, just when somebody asks again."""
    async with answering(_ONE) as server, leaving_nothing():
        transport = NativeTransport()
        await _asked(transport, server)
        (idle,) = transport._pool._connections
        idle.idle_since -= 5.0
        await _asked(transport, server)
        (idle,) = transport._pool._connections
        idle.idle_since -= 5.0
        assert transport._pool._sweep is not None
        transport._pool._sweep.cancel()
        transport._pool._close_old()
        await _settled()
        left = len(transport._pool._connections)
        await transport.aclose()
        await _settled()

    assert _used(server) == [0, 1]
    assert left == 0


def test_without_its_parser_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lacks the extra is told which one."""
    for name in ("pool", "connection", "answer"):
        monkeypatch.delitem(sys.modules, f"callauth.transport.native.{name}")
    monkeypatch.setitem(sys.modules, "httptools", None)

    with refused(ConfigurationError, match=r"callauth\[fast\]"):
        NativeTransport()


def test_its_parser_is_not_loaded_before_it_is_used() -> None:
    """It is optional, and the import of the package must stay quick."""
    code = (
        "import sys, callauth, callauth.transport.native;"
        "print('httptools' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout == "False\n"
