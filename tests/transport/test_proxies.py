from __future__ import annotations

import sys

import httpx
import pytest
from attrs import define

from callauth import ConfigurationError, HttpxTransport, NotSent, Response
from callauth.transport.library import Name
from tests.hostile import deeds
from tests.hostile.deeds import Deed
from tests.hostile.sending import Overheard, opened, sent, serving
from tests.support.refusals import refused


async def test_a_proxy_that_is_asked_for_is_used() -> None:
    """Some machines reach the world in no other way."""
    overheard = Overheard()
    async with (
        serving(overheard) as proxy,
        opened(lambda: HttpxTransport(proxy=proxy.base_url)) as inner,
    ):
        outcome = await sent(inner, "http://provider.example/path")

    assert isinstance(outcome, Response)
    assert overheard.requests[0].startswith(b"GET http://provider.example/path HTTP/1")


@pytest.mark.parametrize(
    "deed",
    [
        deeds.answer(status=b"407 Proxy Authentication Required"),
        deeds.answer(status=b"502 Bad Gateway"),
        deeds.answer(status=b"200 OK", headers=()),
        deeds.reset,
        deeds.say(b"garbage\r\n\r\n"),
    ],
    ids=["407", "502", "no TLS behind it", "reset", "garbage"],
)
async def test_a_proxy_that_leads_nowhere_was_not_sent_the_request(deed: Deed) -> None:
    """A proxy is asked with a request of its own, before ours leaves."""
    async with (
        serving(deed) as proxy,
        opened(lambda: HttpxTransport(proxy=proxy.base_url)) as inner,
    ):
        outcome = await sent(
            inner, "https://provider.example/path", timeout_seconds=0.3
        )

    assert type(outcome) is NotSent


@pytest.mark.parametrize("url", ["nonsense", "ftp://host:1", "http://[::1", ""])
def test_a_proxy_that_is_no_url_is_refused(url: str) -> None:
    """A mistake in the set-up must not come up with the first call."""
    with refused(ConfigurationError, match="proxy URL"):
        HttpxTransport(proxy=url)


@pytest.mark.parametrize("module", ["httpx", "httpx2"])
def test_a_proxy_that_needs_a_missing_package_is_refused(
    module: Name, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every request would fail, and each as if it had perhaps been sent."""
    monkeypatch.setitem(sys.modules, "socksio", None)

    with refused(ConfigurationError, match="socksio"):
        HttpxTransport(proxy="socks5://127.0.0.1:1", module=module)


@define(eq=False)
class _Stream:
    is_closed: bool = False

    async def aclose(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize(
    "failed",
    [
        "connection.start_tls",
        "proxy.start_tls",
        "socks.setup_socks5_connection",
        "socks.start_tls",
    ],
)
async def test_a_connection_that_is_interrupted_before_it_stands_is_closed(
    failed: str,
) -> None:
    """Its library forgets it, and whoever is silent would hold a socket for ever."""
    stream = _Stream()
    who = failed.partition(".")[0]

    async def open_(request: httpx.Request) -> httpx.Response:
        trace = request.extensions["trace"]
        await trace(f"{who}.connect_tcp.complete", {"return_value": stream})
        await trace(f"{failed}.started", {})
        await trace(f"{failed}.failed", {})
        raise httpx.ConnectError("")

    inner = HttpxTransport(transport=httpx.MockTransport(open_))
    outcome = await sent(inner, "https://x.example/")

    assert type(outcome) is NotSent
    assert stream.is_closed
