from __future__ import annotations

import asyncio

import httpx
import pytest

from callauth import (
    AnswerLost,
    ConfigurationError,
    HttpxTransport,
    NotSent,
    Request,
    Response,
)
from callauth.protocol.message import BODY_LIMIT
from tests.hostile import deeds
from tests.hostile.certificates import client_context
from tests.hostile.fates import Fate
from tests.hostile.haste import pauses
from tests.hostile.kinds import KINDS
from tests.hostile.sending import (
    Overheard,
    opened,
    request_to,
    sent,
    serving,
    sockets,
)
from tests.hostile.server import HostileServer
from tests.support.canaries import Canaries
from tests.support.refusals import refused

_FATES = {
    (name, tls): kind.fate_of("", tls=tls)
    for name, kind in KINDS.items()
    for tls in (False, True)
    if tls or not kind.tls_only
}
_CLASSES = {Fate.NOT_SENT: NotSent, Fate.LOST: AnswerLost}


@pytest.mark.parametrize(
    ("name", "tls"), _FATES, ids=[f"{n}-{'TLS' if t else 'TCP'}" for n, t in _FATES]
)
async def test_what_became_of_a_request(
    name: str,
    tls: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Only what was certainly not sent may be sent again without a thought."""
    kind, before = KINDS[name], sockets()
    seconds = 10.0 if kind.ends else 0.3
    async with (
        HostileServer(kind, {"status": True}, tls=tls) as server,
        opened(lambda: HttpxTransport(ssl_context=client_context())) as inner,
    ):
        url = f"{server.base_url}path"
        outcome = await sent(inner, url, timeout_seconds=seconds)
    await asyncio.sleep(0.01)

    assert type(outcome) is _CLASSES.get(_FATES[name, tls], Response)
    assert isinstance(outcome, Response) or outcome.timed_out is not kind.ends
    assert sockets() <= before


async def test_a_name_that_does_not_resolve_is_not_sent() -> None:
    """A look-up that failed has told nobody anything."""
    # No name server is asked for a label that is longer than 63 characters.
    async with opened() as inner:
        outcome = await sent(inner, f"http://{'a' * 64}.invalid/path")

    assert type(outcome) is NotSent


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


@pytest.mark.parametrize(
    "request_",
    [
        request_to("http://x.example/\ud800"),
        request_to("http://x.example/", method="POST", body="\ud800"),
        request_to("http://x.example/", headers={"X-More": "я"}),
        request_to("http://[::1"),
        request_to("ftp://x.example/"),
        request_to("//"),
        request_to("http://x.example/" + "a" * 70_000),
    ],
    ids=["url", "body", "header", "host", "scheme", "nothing", "long"],
)
async def test_what_cannot_travel_is_not_sent(request_: Request) -> None:
    """A transport raises two errors and no other, whatever it is given."""
    async with opened() as inner:
        assert type(await sent(inner, request_)) is NotSent


async def test_the_bytes_of_a_get() -> None:
    """Anything more on the wire is more to be kept secret."""
    overheard = Overheard()
    async with serving(overheard) as server, opened() as inner:
        await sent(inner, f"{server.base_url}path/%2F?phone=%2B7&key=a%20b")

    host = server.base_url.removeprefix("http://").rstrip("/")
    assert overheard.requests == [
        b"GET /path/%2F?phone=%2B7&key=a%20b HTTP/1.1\r\n"
        b"Host: " + host.encode() + b"\r\n"
        b"Accept: application/json\r\n"
        b"Accept-Encoding: identity\r\n"
        b"Cache-Control: no-store\r\n"
        b"User-Agent: callauth\r\n"
        b"Connection: close\r\n\r\n"
    ]


async def test_the_bytes_of_a_post(canaries: Canaries) -> None:
    """The body goes out as it was built, with its length."""
    overheard, token = Overheard(), canaries.secret()
    async with serving(overheard) as server, opened() as inner:
        await sent(
            inner,
            request_to(
                server.base_url,
                method="POST",
                body="dn=7",
                headers={"Authorization": token},
            ),
        )

    head, _, body = overheard.requests[0].partition(b"\r\n\r\n")
    assert b"\r\nContent-Length: 4" in head
    assert b"\r\nAuthorization: " + token.reveal().encode() in head
    assert body == b"dn=7"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(status: int) -> None:
    """A redirect would carry the key to wherever a server likes."""
    location = b"Location: /elsewhere"
    deed = deeds.answer(status=b"%d Elsewhere" % status, headers=[location])
    async with serving(deed) as server, opened() as inner:
        outcome = await sent(inner, server.base_url)

    assert isinstance(outcome, Response)
    assert outcome.status == status
    assert server.requests == 1


@pytest.mark.parametrize("alone", [False, True], ids=["shared", "own connection"])
async def test_a_connection_is_used_again_only_where_that_is_allowed(
    alone: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Whatever is left over on a connection would answer the next request on it."""
    async with serving(deeds.answer()) as server, opened() as inner:
        request = request_to(server.base_url, own_connection=alone)
        for _ in range(3):
            await sent(inner, request)

    assert server.connections == (3 if alone else 1)


async def test_no_cookie_is_kept() -> None:
    """A cookie would tie the requests of different people together."""
    overheard = Overheard(deeds.answer(headers=[b"Set-Cookie: a=b; Path=/"]))
    async with serving(overheard) as server, opened() as inner:
        for _ in range(2):
            await sent(inner, request_to(server.base_url, own_connection=False))

    assert [b"ookie" in request for request in overheard.requests] == [False, False]


@pytest.mark.parametrize("options", [{"connections": 0}, {"connections_per_pool": 0}])
def test_no_connection_at_all_is_refused(options: dict[str, int]) -> None:
    """A transport that lets nothing through would wait for ever."""
    with refused(ConfigurationError, match="at least 1"):
        HttpxTransport(**options)  # type: ignore[arg-type] # one of the numbers


async def test_an_answer_is_cut_one_byte_after_the_limit() -> None:
    """Just over the limit must be told from just under it."""
    sizes = (BODY_LIMIT - 1, BODY_LIMIT, BODY_LIMIT + 1, BODY_LIMIT + 2, 10**6)
    found = []
    for size in sizes:
        body = b"x" * size
        deed = deeds.answer(lambda _, body=body: body)  # type: ignore[misc] # bound now
        async with serving(deed) as server, opened() as inner:
            outcome = await sent(inner, server.base_url)
        assert isinstance(outcome, Response)
        found.append(len(outcome.body))

    assert found == [min(size, BODY_LIMIT + 1) for size in sizes]


async def test_a_server_that_sends_too_much_sees_the_connection_close() -> None:
    """Nobody reads a gibibyte to throw it away."""
    async with serving(deeds.huge_body) as server, opened() as inner:
        outcome = await sent(inner, server.base_url)
        await asyncio.sleep(0.05)
        sent_bytes = server.sent
        await asyncio.sleep(0.05)

        assert server.sent == sent_bytes < 16 * 1024**2
    assert isinstance(outcome, Response)


async def test_headers_are_read_in_lower_case_and_doubles_joined() -> None:
    """Two answers in one header must not hide each other."""
    headers = [b"Content-ENCODING: identity", b"Content-Encoding: gzip"]
    async with serving(deeds.answer(headers=headers)) as server, opened() as inner:
        outcome = await sent(inner, server.base_url)

    assert isinstance(outcome, Response)
    assert outcome.headers["content-encoding"] == "identity, gzip"


async def test_a_dripping_server_meets_one_deadline() -> None:
    """Httpx's own time-outs start anew with each byte."""
    now = asyncio.get_running_loop().time
    async with (
        serving(deeds.body_drip) as server,
        opened() as inner,
        pauses() as paused,
    ):
        began = now()
        outcome = await sent(inner, server.base_url, timeout_seconds=0.2)
        took = now() - began

    assert type(outcome) is AnswerLost
    assert 0.2 <= took < 0.3 + paused.longest
