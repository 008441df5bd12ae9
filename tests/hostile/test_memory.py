from __future__ import annotations

import tracemalloc

import pytest

from callauth import AnswerLost, HttpxTransport, NotSent, Response
from callauth.protocol.message import BODY_LIMIT

from .certificates import client_context
from .kinds import KINDS
from .sending import sent
from .server import HostileServer

_MIB = 1024 * 1024
# What the kernel buffers on both sides of a connection, and then some.
_MOST_SENT = 16 * _MIB
_HUGE = [
    "body-of-1-GiB",
    "endless-chunks",
    "header-of-1-GiB",
    "a-million-headers",
    "announced-bomb",
    "unannounced-bomb",
]


async def _visit(name: str, *, tls: bool) -> tuple[Response | None, int]:
    transport = HttpxTransport(ssl_context=client_context())
    document: dict[str, object] = {"status": True}
    async with HostileServer(KINDS[name], document, tls=tls) as server:
        outcome = await sent(transport, server.base_url)
        await transport.aclose()
    assert not isinstance(outcome, NotSent)
    return None if isinstance(outcome, AnswerLost) else outcome, server.sent


async def _peak(name: str, *, tls: bool) -> int:
    await _visit(name, tls=tls)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        await _visit(name, tls=tls)
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("tls", [False, True], ids=["TCP", "TLS"])
@pytest.mark.parametrize("name", _HUGE)
async def test_an_answer_of_any_size_takes_less_than_a_mebibyte(
    name: str,
    tls: bool,  # noqa: FBT001 - a parameter
) -> None:
    """A server that can fill our memory can stop us."""
    # The server lives in this process, too, and needs its own part.
    honest = await _peak("honest", tls=tls)
    hostile = await _peak(name, tls=tls)

    assert hostile - honest < _MIB


@pytest.mark.parametrize("tls", [False, True], ids=["TCP", "TLS"])
@pytest.mark.parametrize("name", _HUGE)
async def test_reading_ends_one_byte_after_the_limit(
    name: str,
    tls: bool,  # noqa: FBT001 - a parameter
) -> None:
    """What is never believed need not be read, and the server is told at once."""
    response, sent_bytes = await _visit(name, tls=tls)

    assert sent_bytes < _MOST_SENT
    assert response is None or len(response.body) <= BODY_LIMIT + 1
