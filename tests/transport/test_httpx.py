from __future__ import annotations

import asyncio
from types import ModuleType

import httpx
import httpx2
import pytest

from callauth import (
    AnswerLost,
    ConfigurationError,
    HttpxTransport,
    NotSent,
    Response,
)
from tests.hostile.sending import (
    opened,
    request_to,
    sent,
)
from tests.support.canaries import Canaries
from tests.support.refusals import refused

_EACH_LIBRARY = pytest.mark.parametrize(
    "library", [httpx, httpx2], ids=["httpx", "httpx2"]
)


@_EACH_LIBRARY
@pytest.mark.parametrize(
    ("error", "expected", "timed_out"),
    [
        ("ConnectError", NotSent, False),
        ("ConnectTimeout", NotSent, True),
        ("PoolTimeout", NotSent, True),
        ("UnsupportedProtocol", NotSent, False),
        ("ReadTimeout", AnswerLost, True),
        ("WriteTimeout", AnswerLost, True),
        ("ReadError", AnswerLost, False),
        ("WriteError", AnswerLost, False),
        ("CloseError", AnswerLost, False),
        ("RemoteProtocolError", AnswerLost, False),
        ("LocalProtocolError", AnswerLost, False),
        ("ProxyError", AnswerLost, False),
        ("DecodingError", AnswerLost, False),
        ("TooManyRedirects", AnswerLost, False),
    ],
)
async def test_a_mock_without_trace_events_is_judged_by_its_error(
    error: str,
    expected: type[Exception],
    timed_out: bool,  # noqa: FBT001 - a parameter
    library: ModuleType,
) -> None:
    """What a mock raises must mean the same as on a real connection."""

    def raises(request: httpx.Request) -> httpx.Response:
        raise getattr(library, error)(f"the URL is {request.url}")

    mock = library.MockTransport(raises)
    outcome = await sent(HttpxTransport(transport=mock), "http://x.example/path")

    assert type(outcome) is expected
    assert not isinstance(outcome, Response)
    assert outcome.timed_out is timed_out


@_EACH_LIBRARY
async def test_a_mock_answers_as_a_server_does(library: ModuleType) -> None:
    """Which of the two libraries a mock is of, it says itself."""
    mock = library.MockTransport(lambda _: library.Response(200, content=b"{}"))

    outcome = await sent(HttpxTransport(transport=mock), "http://x.example/path")

    assert isinstance(outcome, Response)
    assert outcome.body == b"{}"


async def test_a_reset_under_a_mock_is_an_answer_lost() -> None:
    """A mock may stand for anything, so nothing is known about its bytes."""

    def raises(request: httpx.Request) -> httpx.Response:
        raise ConnectionResetError

    mock = httpx.MockTransport(raises)
    outcome = await sent(HttpxTransport(transport=mock), "http://x.example/path")

    assert type(outcome) is AnswerLost


@_EACH_LIBRARY
@pytest.mark.parametrize("version", ["http11", "http2"])
async def test_a_request_that_left_over_any_version_of_http_is_an_answer_lost(
    version: str, library: ModuleType
) -> None:
    """A transport that is given may speak HTTP/2, and says so in its trace events."""

    async def leave(request: httpx.Request) -> httpx.Response:
        for event in ("connection.connect_tcp", f"{version}.send_request_headers"):
            info = {"request": request, "return_value": None}
            await request.extensions["trace"](f"{event}.started", info)
            await request.extensions["trace"](f"{event}.complete", info)
        raise library.ReadTimeout("")

    mock = library.MockTransport(leave)
    outcome = await sent(HttpxTransport(transport=mock), "http://x.example/path")

    assert type(outcome) is AnswerLost


async def test_a_mock_that_never_answers_meets_the_deadline() -> None:
    """The time-out covers whatever transport is given."""

    async def hang(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    inner = HttpxTransport(transport=httpx.MockTransport(hang))
    outcome = await sent(inner, "http://x.example/", timeout_seconds=0.05)

    assert type(outcome) is AnswerLost


async def test_an_error_shows_neither_url_nor_cause(canaries: Canaries) -> None:
    """What is logged about a failure must not hold the key in the URL."""
    secret = canaries.secret().reveal()

    def raises(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError(str(request.url), request=request)

    inner = HttpxTransport(transport=httpx.MockTransport(raises))
    with refused(AnswerLost, match="^callpass start-call-password: ReadError$") as no:
        await inner.send(request_to(f"http://x.example/{secret}"), timeout_seconds=1)

    assert (no.error.__cause__, no.error.__context__) == (None, None)


async def test_a_url_that_is_too_long_for_httpx_is_not_sent() -> None:
    """A transport raises two errors and no other, whatever it is given."""
    async with opened() as inner:
        outcome = await sent(inner, "http://x.example/" + "a" * 70_000)

    assert type(outcome) is NotSent


def test_a_pool_without_connections_is_refused() -> None:
    """A transport that lets nothing through would wait for ever."""
    with refused(ConfigurationError, match="at least 1"):
        HttpxTransport(connections=0)
