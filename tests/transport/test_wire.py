"""What goes out, byte by byte, and what is made of what comes in."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from callauth import Response
from callauth.protocol.message import BODY_LIMIT
from callauth.transport.wire import written
from tests.hostile import deeds
from tests.hostile.sending import Overheard, opened, request_to, sent, serving
from tests.support.canaries import Canaries
from tests.support.transports import Make, on_each_transport


def _lines(request: bytes) -> list[bytes]:
    """Return the first line, and the others in an order of ours."""
    first, *others = request.removesuffix(b"\r\n\r\n").split(b"\r\n")
    return [first, *sorted(others)]


@on_each_transport
@pytest.mark.parametrize("alone", [False, True], ids=["shared", "own connection"])
async def test_the_bytes_of_a_get(
    alone: bool,  # noqa: FBT001 - a parameter
    make: Make,
) -> None:
    """Anything more on the wire is more to be kept secret."""
    overheard = Overheard()
    async with serving(overheard) as server, opened(make) as inner:
        url = f"{server.base_url}path/%2F?phone=%2B7&key=a%20b"
        await sent(inner, request_to(url, own_connection=alone))

    host = server.base_url.removeprefix("http://").rstrip("/")
    assert _lines(overheard.requests[0]) == [
        b"GET /path/%2F?phone=%2B7&key=a%20b HTTP/1.1",
        b"Accept-Encoding: identity",
        b"Accept: application/json",
        b"Cache-Control: no-store",
        *([b"Connection: close"] if alone else []),
        b"Host: " + host.encode(),
        b"User-Agent: callauth",
    ]
    assert len(overheard.requests) == 1


@on_each_transport
async def test_the_bytes_of_a_post(make: Make, canaries: Canaries) -> None:
    """The body goes out as it was built, with its length."""
    overheard, token = Overheard(), canaries.secret()
    async with serving(overheard) as server, opened(make) as inner:
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
    host = server.base_url.removeprefix("http://").rstrip("/")
    assert _lines(head) == [
        b"POST / HTTP/1.1",
        b"Accept-Encoding: identity",
        b"Accept: application/json",
        b"Authorization: " + token.reveal().encode(),
        b"Cache-Control: no-store",
        b"Connection: close",
        b"Content-Length: 4",
        b"Host: " + host.encode(),
        b"User-Agent: callauth",
    ]
    assert body == b"dn=7"


@on_each_transport
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(status: int, make: Make) -> None:
    """A redirect would carry the key to wherever a server likes."""
    location = b"Location: /elsewhere"
    deed = deeds.answer(status=b"%d Elsewhere" % status, headers=[location])
    async with serving(deed) as server, opened(make) as inner:
        outcome = await sent(inner, server.base_url)

    assert isinstance(outcome, Response)
    assert outcome.status == status
    assert server.requests == 1


@on_each_transport
@pytest.mark.parametrize("alone", [False, True], ids=["shared", "own connection"])
async def test_a_connection_is_used_again_only_where_that_is_allowed(
    alone: bool,  # noqa: FBT001 - a parameter
    make: Make,
) -> None:
    """Whatever is left over on a connection would answer the next request on it."""
    async with serving(deeds.answer()) as server, opened(make) as inner:
        request = request_to(server.base_url, own_connection=alone)
        for _ in range(3):
            await sent(inner, request)

    assert server.connections == (3 if alone else 1)


@on_each_transport
async def test_no_cookie_is_kept(make: Make) -> None:
    """A cookie would tie the requests of different people together."""
    overheard = Overheard(deeds.answer(headers=[b"Set-Cookie: a=b; Path=/"]))
    async with serving(overheard) as server, opened(make) as inner:
        for _ in range(2):
            await sent(inner, request_to(server.base_url, own_connection=False))

    assert [b"ookie" in request for request in overheard.requests] == [False, False]


@on_each_transport
@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"br"])
async def test_nothing_is_unpacked(coding: bytes, make: Make) -> None:
    """What comes packed is refused, so nobody may unpack a bomb before."""
    packed = gzip.compress(b"{}")
    deed = deeds.answer(lambda _: packed, headers=[b"Content-Encoding: " + coding])
    async with serving(deed) as server, opened(make) as inner:
        outcome = await sent(inner, server.base_url)

    assert isinstance(outcome, Response)
    assert outcome.body == packed
    assert outcome.headers["content-encoding"] == coding.decode()


@on_each_transport
async def test_an_answer_is_cut_one_byte_after_the_limit(make: Make) -> None:
    """Just over the limit must be told from just under it."""
    sizes = (BODY_LIMIT - 1, BODY_LIMIT, BODY_LIMIT + 1, BODY_LIMIT + 2, 10**6)
    found = []
    for size in sizes:
        body = b"x" * size
        deed = deeds.answer(lambda _, body=body: body)  # type: ignore[misc] # bound now
        async with serving(deed) as server, opened(make) as inner:
            outcome = await sent(inner, server.base_url)
        assert isinstance(outcome, Response)
        found.append(len(outcome.body))

    assert found == [min(size, BODY_LIMIT + 1) for size in sizes]


@on_each_transport
async def test_a_server_that_sends_too_much_sees_the_connection_close(
    make: Make,
) -> None:
    """Nobody reads a gibibyte to throw it away."""
    async with serving(deeds.huge_body) as server, opened(make) as inner:
        outcome = await sent(inner, server.base_url)
        await asyncio.sleep(0.05)
        sent_bytes = server.sent
        await asyncio.sleep(0.05)

        assert server.sent == sent_bytes < 16 * 1024**2
    assert isinstance(outcome, Response)


@on_each_transport
async def test_headers_are_read_in_lower_case_and_doubles_joined(make: Make) -> None:
    """Two answers in one header must not hide each other."""
    headers = [b"Content-ENCODING: identity", b"Content-Encoding: gzip"]
    async with serving(deeds.answer(headers=headers)) as server, opened(make) as inner:
        outcome = await sent(inner, server.base_url)

    assert isinstance(outcome, Response)
    assert outcome.headers["content-encoding"] == "identity, gzip"


@on_each_transport
async def test_proxies_of_the_environment_are_ignored(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable of the machine must not send keys through somebody else's server."""
    async with serving(deeds.answer()) as proxy, serving(deeds.answer()) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.base_url)
        async with opened(make) as inner:
            outcome = await sent(inner, server.base_url)

    assert isinstance(outcome, Response)
    assert (proxy.connections, server.requests) == (0, 1)


def test_a_whole_request_is_one_write() -> None:
    """Head and body leave together."""
    request = request_to("http://x.example/", method="POST", body="я")

    assert written(request, "x.example", "/") == (
        b"POST / HTTP/1.1\r\n"
        b"Host: x.example\r\n"
        b"Accept: application/json\r\n"
        b"Accept-Encoding: identity\r\n"
        b"Cache-Control: no-store\r\n"
        b"User-Agent: callauth\r\n"
        b"Connection: close\r\n"
        b"Content-Length: 2\r\n\r\n\xd1\x8f"
    )
