"""HttpxTransport: requests over httpx or httpx2, below their client.

``httpx.AsyncClient`` is not used: it logs whole URLs, and those of the providers carry
keys. Its transport is called directly, which sets no time-outs by itself, follows no
redirects, keeps no cookies and reads no proxy settings.

Whether a byte left is told by httpcore's trace event, which comes just before the
first one. A transport that sends no trace events at all (a mock) is judged by the type
of its error, and everything but a failed connection counts as sent.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import anyio

from ..errors import AnswerLost, ConfigurationError, NotSent
from ..protocol.message import BODY_LIMIT, Request, Response
from .home import Home
from .library import Given, Library, Name, library
from .pools import CLOSE_SECONDS, Pools
from .quiet import install, quiet
from .tls import default_ssl_context, require_verification
from .wire import split

if TYPE_CHECKING:
    import httpcore
    import httpx

# Before these comes who says so: "connection", "proxy" or "socks", "http11" or, where a
# transport is given, "http2".
_CONNECTED = ".connect_tcp.complete"
_OPENING_FAILED = (".start_tls.failed", ".setup_socks5_connection.failed")
_SENT = ".send_request_headers.started"


class HttpxTransport:
    """Send requests over httpx; the default of every client.

    ``transport`` is any httpx transport to use instead of real connections, such as
    ``httpx.MockTransport``; it stays yours to close. ``module`` is "httpx2" to send
    over that one instead; a transport that is given decides it by itself.
    ``ssl_context`` replaces the default one, for instance to trust the Russian root CA.
    ``proxy`` is a URL; the proxy settings of the environment are ignored. At most
    ``connections`` are in use at once; a further request waits for one.

    Raises ConfigurationError for an ``ssl_context`` that does not verify, since TLS
    verification cannot be switched off, for fewer connections than one, for a module
    that is not installed or not that of the transport, and for a SOCKS proxy without
    the package that it needs.
    """

    def __init__(
        self,
        *,
        transport: Given | None = None,
        module: Name | None = None,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        connections: int = 1000,
    ) -> None:
        self._library = library(module, transport)
        parsed = None if proxy is None else _proxy(self._library, proxy)
        is_good = proxy is None or parsed is not None
        # A password in it must not be in a traceback that shows local variables.
        del proxy
        if not is_good:
            raise ConfigurationError("expected a proxy URL such as http://host:port")
        if connections < 1:
            raise ConfigurationError("expected at least 1 connection")
        if ssl_context is not None:
            require_verification(ssl_context)
        for each in (self._library.core, "hpack"):
            install(each)
        self._is_closed = False
        # Those of httpx2 look the same, but are no subclass.
        self._given = cast("httpx.AsyncBaseTransport | None", transport)
        self._ssl_context = ssl_context
        self._proxy = parsed
        if parsed is not None and not self._is_complete():
            raise ConfigurationError("expected socksio to be installed for that proxy")
        # One that is given has no connections of ours.
        self._home = Home(is_anywhere=transport is not None)
        free = asyncio.Semaphore(connections)
        self._shared = Pools(partial(self._make, None), free=free)
        self._single = Pools(partial(self._make, 0), free=free)

    async def send(self, request: Request, *, timeout_seconds: float) -> Response:
        """Return the answer, whatever its status.

        Raises NotSent when certainly no byte left, AnswerLost in every other case.
        """
        outcome = await self._settle(request, timeout_seconds)
        if isinstance(outcome, Response):
            return outcome
        # Raised here, since the frames below hold the URL.
        raise outcome

    async def aclose(self) -> None:
        """Close every connection; calling it again does nothing."""
        self._is_closed = True
        # Whoever is cancelled while waiting has closed both.
        self._single.close()
        await self._shared.aclose()
        await self._single.aclose()

    async def _settle(
        self, request: Request, timeout_seconds: float
    ) -> Response | NotSent | AnswerLost:
        refusal = self._home.refusal(
            request, timeout_seconds=timeout_seconds, is_closed=self._is_closed
        )
        if refusal is not None:
            return refusal
        progress = _Progress(self._library, timeout_seconds)
        try:
            with quiet(), anyio.fail_after(timeout_seconds):
                return await self._exchange(request, timeout_seconds, progress)
        except TimeoutError as error:
            cls, clause, timed_out = progress.failure(error), "no answer in time", True
        except self._library.failures as error:
            cls, clause = progress.failure(error), type(error).__name__
            timed_out = isinstance(error, self._library.timed_out)
        return cls(
            request.provider,
            request.operation,
            clause,
            timed_out=timed_out,
            is_ours=not progress.is_handed_over,
        )

    async def _exchange(
        self, request: Request, timeout_seconds: float, progress: _Progress
    ) -> Response:
        extensions = {
            "timeout": self._library.timeout(timeout_seconds).as_dict(),
            "trace": progress,
        }
        outgoing = self._library.request(
            request.method,
            request.url.reveal(),
            headers=[*request.reveal_headers(), *_headers(request)],
            content=request.reveal_body() or None,
            extensions=extensions,
        )
        if self._given is not None:
            return await self._answer(self._given, outgoing, progress)
        pools = self._single if request.own_connection else self._shared
        origin, _ = split(request.url.reveal())
        async with pools.connection(origin) as inner:
            return await self._answer(inner, outgoing, progress)

    async def _answer(
        self,
        inner: httpx.AsyncBaseTransport,
        outgoing: httpx.Request,
        progress: _Progress,
    ) -> Response:
        progress.is_handed_over = True
        incoming = await inner.handle_async_request(outgoing)
        if not isinstance(incoming.stream, self._library.byte_stream):
            raise self._library.stream_error("expected an asynchronous stream")
        try:
            body = await _read(incoming.stream)
        finally:
            await incoming.aclose()
        return Response(
            status=incoming.status_code,
            headers=dict(incoming.headers.items()),
            body=body,
        )

    def _is_complete(self) -> bool:
        # Nothing is opened by that; the first request would find out too late.
        try:
            self._make(None)
        except ImportError:
            return False
        return True

    def _make(self, most_idle: int | None) -> httpx.AsyncBaseTransport:
        return self._library.transport(
            verify=self._ssl_context or default_ssl_context(),
            limits=self._library.limits(
                max_connections=1, max_keepalive_connections=most_idle
            ),
            proxy=self._proxy,
            trust_env=False,
        )


def _headers(request: Request) -> list[tuple[str, str]]:
    ending = [("Connection", "close")] if request.own_connection else []
    return [("User-Agent", "callauth"), *ending]


async def _read(stream: httpx.AsyncByteStream) -> bytes:
    # The raw stream: httpx would otherwise unpack a compressed body of any size.
    body = bytearray()
    async for chunk in stream:
        if body:
            # A peer that sends single bytes would otherwise keep us from the deadline.
            await anyio.lowlevel.checkpoint()
        body += chunk
        if len(body) > BODY_LIMIT:
            break
    return bytes(body[: BODY_LIMIT + 1])


class _Progress:
    """Watch one request on its way, as httpcore's ``trace`` extension."""

    def __init__(self, library: Library, seconds: float) -> None:
        self._never_connected = library.never_connected
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time() + seconds
        self.is_handed_over = False
        self._is_traced = False
        self._is_sent = False
        self._connected: httpcore.AsyncNetworkStream | None = None

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        self._is_traced = True
        # A proxy is asked with a request of its own before ours leaves.
        if event.endswith(_SENT) and info["request"].method != b"CONNECT":
            # A loop that stood still hears of its deadline only after this.
            if self._loop.time() >= self._due:
                raise TimeoutError
            self._is_sent = True
        if event.endswith(_CONNECTED):
            self._connected = info["return_value"]
        if event.endswith(_OPENING_FAILED) and self._connected is not None:
            # httpcore leaves the socket open when a handshake is interrupted.
            with anyio.move_on_after(CLOSE_SECONDS, shield=True):
                await self._connected.aclose()

    def failure(self, error: Exception) -> type[NotSent | AnswerLost]:
        if self._is_sent:
            return AnswerLost
        if self._is_traced or not self.is_handed_over:
            return NotSent
        return NotSent if isinstance(error, self._never_connected) else AnswerLost


def _proxy(library: Library, url: str) -> httpx.Proxy | None:
    try:
        return library.proxy(url)
    except (ValueError, library.invalid_url):
        return None
