from __future__ import annotations

import logging

import httpx
import pytest

from callauth import HttpxTransport
from tests.hostile import deeds
from tests.hostile.deeds import Deed
from tests.hostile.sending import opened, sent, serving
from tests.hostile.trial import trusting
from tests.support.canaries import Canaries
from tests.support.transports import Make, on_each_transport

_ECHOES = {
    "redirect": deeds.answer(status=b"302 Found", headers=[b"Location: {target}"]),
    "status line": deeds.answer(status=b"xxx {target}"),
    "reason": deeds.answer(status=b"200 {target}"),
    "header line": deeds.answer(headers=[b"no header {target}"]),
}


def _said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name.startswith("httpcore")]


@on_each_transport
@pytest.mark.parametrize("tls", [False, True], ids=["TCP", "TLS"])
@pytest.mark.parametrize("deed", _ECHOES.values(), ids=_ECHOES.keys())
async def test_what_a_server_echoes_is_not_logged(
    deed: Deed,
    tls: bool,  # noqa: FBT001 - a parameter
    make: Make,
    canaries: Canaries,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A server that repeats the URL of a request repeats the key in it."""
    caplog.set_level(logging.DEBUG)
    async with (
        serving(deed, tls=tls) as server,
        opened(trusting(make)) as inner,
    ):
        await sent(inner, f"{server.base_url}{canaries.secret().reveal()}")

    assert _said(caplog) == []


async def test_a_proxy_s_echo_is_not_logged(
    canaries: Canaries, caplog: pytest.LogCaptureFixture
) -> None:
    """A proxy sees the whole URL of a plain request, too."""
    caplog.set_level(logging.DEBUG)
    async with (
        serving(_ECHOES["redirect"]) as proxy,
        opened(lambda: HttpxTransport(proxy=proxy.base_url)) as inner,
    ):
        url = f"http://provider.example/{canaries.secret().reveal()}"
        await sent(inner, url)

    assert _said(caplog) == []


@pytest.mark.parametrize("name", ["httpcore.http2", "hpack.hpack", "hpack.table"])
async def test_what_http_2_carries_is_not_logged(
    name: str, canaries: Canaries, caplog: pytest.LogCaptureFixture
) -> None:
    """A transport that is given may speak it, and hpack logs every header."""
    caplog.set_level(logging.DEBUG)
    log = logging.getLogger(name)

    def speak(request: httpx.Request) -> httpx.Response:
        log.debug("adding %s", request.url)
        return httpx.Response(200)

    inner = HttpxTransport(transport=httpx.MockTransport(speak))
    await sent(inner, f"https://x.example/{canaries.secret().reveal()}")

    assert [record for record in caplog.records if record.name == name] == []


async def test_others_keep_their_log(caplog: pytest.LogCaptureFixture) -> None:
    """What an application logs of its own requests is not ours to hide."""
    caplog.set_level(logging.DEBUG)
    async with serving(deeds.answer()) as server, opened() as inner:
        await sent(inner, server.base_url)
        caplog.clear()
        async with httpx.AsyncHTTPTransport() as theirs:
            request = httpx.Request("GET", server.base_url)
            await (await theirs.handle_async_request(request)).aclose()

    assert "send_request_headers.complete" in _said(caplog)
