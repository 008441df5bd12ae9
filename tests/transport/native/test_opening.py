from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from callauth import ConfigurationError, NotSent, Request, Response
from callauth.models.secret import Secret
from callauth.transport.native import NativeTransport
from callauth.transport.native.opening import Address, alternating, first_of
from callauth.transport.wire import HEAD_LIMIT
from tests.hostile.sending import request_to, sent
from tests.support.refusals import refused

from .answering import answering
from .left import leaving_nothing

_ONE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def _at(port: int) -> Address:
    return socket.AF_INET, ("127.0.0.1", port)


@contextmanager
def _silent() -> Iterator[int]:
    """Give a port that neither takes nor refuses connections."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)  # noqa: FBT003 - positional only
            filler.connect_ex(("127.0.0.1", port))
        yield port
        for filler in fillers:
            filler.close()


async def _noticed() -> None:
    """Let the server, which may not even have accepted yet, see the end."""
    await asyncio.sleep(0.01)


def _refusing() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


async def test_an_address_that_refuses_gives_way_at_once() -> None:
    """Half of the world has IPv6 that leads nowhere."""
    async with answering(_ONE) as server, leaving_nothing():
        port = int(server.base_url.split(":")[-1].rstrip("/"))
        async with asyncio.timeout(0.2):
            connected = await first_of([_at(_refusing()), _at(_refusing()), _at(port)])
        assert connected.getpeername()[1] == port
        connected.close()
        await _noticed()


async def test_an_address_that_says_nothing_gets_company() -> None:
    """It may still answer, and nobody has to wait until it does not."""
    async with answering(_ONE) as server, leaving_nothing():
        port = int(server.base_url.split(":")[-1].rstrip("/"))
        with _silent() as silent:
            async with asyncio.timeout(5):
                connected = await first_of([_at(silent), _at(port)])
            assert connected.getpeername()[1] == port
            connected.close()
            await _noticed()


async def test_a_race_that_nobody_wins_says_why() -> None:
    """Refused is another matter than silent."""
    async with leaving_nothing():
        with refused(ConnectionRefusedError):
            await first_of([_at(_refusing()), _at(_refusing())])


async def test_a_race_may_be_left_at_any_turn() -> None:
    """Neither a loser nor a winner is left open."""
    async with answering(_ONE) as server:
        port = int(server.base_url.split(":")[-1].rstrip("/"))
        for turns in range(25):
            async with leaving_nothing():
                addresses = [_at(_refusing()), _at(port), _at(port)]
                racing = asyncio.create_task(first_of(addresses))
                for _ in range(turns):
                    await asyncio.sleep(0)
                racing.cancel()
                await asyncio.wait((racing,))
                if not racing.cancelled():
                    racing.result().close()
                await asyncio.sleep(0.001)


def test_families_take_turns() -> None:
    """The preferred one is first, and the other one second."""
    six = [(socket.AF_INET6, (str(n), 1)) for n in range(3)]
    four = [(socket.AF_INET, (str(n), 1)) for n in range(1)]

    assert alternating([*six, *four]) == [six[0], four[0], six[1], six[2]]


async def test_the_deadline_covers_the_look_up_of_a_name() -> None:
    """A name server that says nothing is waited for by default for 10 seconds."""
    go, pool = threading.Event(), ThreadPoolExecutor(1)
    asyncio.get_running_loop().set_default_executor(pool)
    pool.submit(go.wait)
    transport = NativeTransport()
    async with leaving_nothing():
        outcome = await sent(transport, "http://x.invalid/", timeout_seconds=0.05)
        await transport.aclose()
    go.set()

    assert isinstance(outcome, NotSent)
    assert (outcome.timed_out, outcome.is_ours) == (True, False)


@pytest.mark.parametrize(
    "request_",
    [
        *(request_to(f"http://x.example/{c}") for c in "\r\n\x00\t\x7f #я"),
        *(request_to("http://x.example/", headers={"X": f"a{c}"}) for c in "\r\n\x00я"),
        *(
            request_to("http://x.example/", headers={"X": Secret(f"a{c}")})
            for c in "\r\n\x00я"
        ),
        *(request_to("http://x.example/", headers={name: "a"}) for name in ("", "a b")),
        *(
            request_to("http://x.example/", headers={name: "1"})
            for name in ("Host", "content-length", "Transfer-Encoding", "connection")
        ),
        *(request_to("http://x.example/", method=m) for m in ("", "GE T", "GET\r\n")),
        request_to("http://x.example/", method="POST", body="\ud800"),
        request_to("http://x.example/" + "a" * HEAD_LIMIT),
    ],
)
async def test_what_would_be_more_than_one_request_is_none(request_: Request) -> None:
    """A line that ends early lets the rest of it be read as something else."""
    transport = NativeTransport()
    outcome = await sent(transport, request_)
    await transport.aclose()

    assert isinstance(outcome, NotSent)
    assert outcome.is_ours
    assert outcome.clause == "expected a request that fits HTTP"


async def test_a_name_with_two_addresses_is_reached() -> None:
    """The server is only at one of them."""
    async with answering(_ONE) as server:
        transport = NativeTransport()
        url = server.base_url.replace("127.0.0.1", "localhost")
        outcome = await sent(transport, url)
        await transport.aclose()

    assert isinstance(outcome, Response)


def test_without_a_connection_there_is_no_transport() -> None:
    """It would wait for ever."""
    with refused(ConfigurationError, match="at least 1"):
        NativeTransport(connections=0)
