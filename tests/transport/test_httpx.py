from __future__ import annotations

import asyncio

import httpx
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


@pytest.mark.parametrize(
    ("error", "expected", "timed_out"),
    [
        (httpx.ConnectError, NotSent, False),
        (httpx.ConnectTimeout, NotSent, True),
        (httpx.PoolTimeout, NotSent, True),
        (httpx.UnsupportedProtocol, NotSent, False),
        (httpx.ReadTimeout, AnswerLost, True),
        (httpx.WriteTimeout, AnswerLost, True),
        (httpx.ReadError, AnswerLost, False),
        (httpx.WriteError, AnswerLost, False),
        (httpx.CloseError, AnswerLost, False),
        (httpx.RemoteProtocolError, AnswerLost, False),
        (httpx.LocalProtocolError, AnswerLost, False),
        (httpx.ProxyError, AnswerLost, False),
        (httpx.DecodingError, AnswerLost, False),
        (httpx.TooManyRedirects, AnswerLost, False),
        (ConnectionResetError, AnswerLost, False),
    ],
)
async def test_a_mock_without_trace_events_is_judged_by_its_error(
    error: type[Exception],
    expected: type[Exception],
    timed_out: bool,  # noqa: FBT001 - a parameter
) -> None:
    """What a mock raises must mean the same as on a real connection."""

    def raises(request: httpx.Request) -> httpx.Response:
        raise error(f"the URL is {request.url}")

    mock = httpx.MockTransport(raises)
    outcome = await sent(HttpxTransport(transport=mock), "http://x.example/path")

    assert type(outcome) is expected
    assert not isinstance(outcome, Response)
    assert outcome.timed_out is timed_out


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
        HttpxTransport(connections_per_pool=0)
