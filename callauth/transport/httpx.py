"""HttpxTransport: requests over httpx, below its client.

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
from typing import Any

import anyio
import httpcore
import httpx

from ..errors import AnswerLost, ConfigurationError, NotSent
from ..protocol.message import BODY_LIMIT, Request, Response
from .pools import CLOSE_SECONDS, Pools
from .quiet import install, quiet
from .tls import default_ssl_context, require_verification

_CONNECTED = "connection.connect_tcp.complete"
_TLS_FAILED = "connection.start_tls.failed"
_SENT = "http11.send_request_headers.started"
_NEVER_CONNECTED = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)
# What httpx and the sockets below it raise; Unicode before anything is sent.
_FAILURES = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    OSError,
    EOFError,
    UnicodeError,
    anyio.ClosedResourceError,
)


class HttpxTransport:
    """Send requests over httpx; the default of every client.

    ``transport`` is any httpx transport to use instead of real connections, such as
    ``httpx.MockTransport``; it stays yours to close. ``ssl_context`` replaces the
    default one, for instance to trust the Russian root CA. ``proxy`` is a URL; the
    proxy settings of the environment are ignored. At most ``connections`` are in use
    at once; a further request waits for one.

    Raises ConfigurationError for an ``ssl_context`` that does not verify, since TLS
    verification cannot be switched off, and for fewer connections than one.
    """

    def __init__(
        self,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        connections: int = 1000,
        connections_per_pool: int = 5,
    ) -> None:
        parsed = None if proxy is None else _proxy(proxy)
        is_good = proxy is None or parsed is not None
        # A password in it must not be in a traceback that shows local variables.
        del proxy
        if not is_good:
            raise ConfigurationError("expected a proxy URL such as http://host:port")
        if connections < 1 or connections_per_pool < 1:
            raise ConfigurationError("expected at least 1 connection")
        if ssl_context is not None:
            require_verification(ssl_context)
        install()
        self._is_closed = False
        self._given = transport
        self._ssl_context = ssl_context
        self._proxy = parsed
        free = asyncio.Semaphore(connections)
        self._size = connections_per_pool
        self._shared = Pools(partial(self._make, None), size=self._size, free=free)
        self._single = Pools(partial(self._make, 0), size=self._size, free=free)

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
        await self._shared.aclose()
        await self._single.aclose()

    async def _settle(
        self, request: Request, timeout_seconds: float
    ) -> Response | NotSent | AnswerLost:
        if self._is_closed:
            clause = "the transport is closed"
            return NotSent(request.provider, request.operation, clause, is_ours=True)
        progress = _Progress()
        try:
            with quiet(), anyio.fail_after(timeout_seconds):
                return await self._exchange(request, timeout_seconds, progress)
        except TimeoutError as error:
            cls, clause, timed_out = progress.failure(error), "no answer in time", True
        except _FAILURES as error:
            cls, clause = progress.failure(error), type(error).__name__
            timed_out = isinstance(error, httpx.TimeoutException)
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
            "timeout": httpx.Timeout(timeout_seconds).as_dict(),
            "trace": progress,
        }
        outgoing = httpx.Request(
            request.method,
            request.url.reveal(),
            headers=[*request.reveal_headers(), *_headers(request)],
            content=request.reveal_body() or None,
            extensions=extensions,
        )
        if self._given is not None:
            return await _answer(self._given, outgoing, progress)
        pools = self._single if request.own_connection else self._shared
        async with pools.connection() as inner:
            return await _answer(inner, outgoing, progress)

    def _make(self, most_idle: int | None) -> httpx.AsyncBaseTransport:
        return httpx.AsyncHTTPTransport(
            verify=self._ssl_context or default_ssl_context(),
            limits=httpx.Limits(
                max_connections=self._size, max_keepalive_connections=most_idle
            ),
            proxy=self._proxy,
            trust_env=False,
        )


def _headers(request: Request) -> list[tuple[str, str]]:
    ending = [("Connection", "close")] if request.own_connection else []
    return [("User-Agent", "callauth"), *ending]


async def _answer(
    inner: httpx.AsyncBaseTransport, outgoing: httpx.Request, progress: _Progress
) -> Response:
    progress.is_handed_over = True
    incoming = await inner.handle_async_request(outgoing)
    if not isinstance(incoming.stream, httpx.AsyncByteStream):
        raise httpx.StreamError("expected an asynchronous stream")
    try:
        body = await _read(incoming.stream)
    finally:
        await incoming.aclose()
    return Response(
        status=incoming.status_code, headers=dict(incoming.headers), body=body
    )


async def _read(stream: httpx.AsyncByteStream) -> bytes:
    # The raw stream: httpx would otherwise unpack a compressed body of any size.
    body = bytearray()
    async for chunk in stream:
        body += chunk
        # A peer that sends single bytes would otherwise keep us from the deadline.
        await anyio.lowlevel.checkpoint()
        if len(body) > BODY_LIMIT:
            break
    return bytes(body[: BODY_LIMIT + 1])


class _Progress:
    """Watch one request on its way, as httpcore's ``trace`` extension."""

    def __init__(self) -> None:
        self.is_handed_over = False
        self._is_traced = False
        self._is_sent = False
        self._connected: httpcore.AsyncNetworkStream | None = None

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        self._is_traced = True
        # A proxy is asked with a request of its own before ours leaves.
        is_ours = event == _SENT and info["request"].method != b"CONNECT"
        self._is_sent = self._is_sent or is_ours
        if event == _CONNECTED:
            self._connected = info["return_value"]
        if event == _TLS_FAILED and self._connected is not None:
            # httpcore leaves the socket open when a handshake is interrupted.
            with anyio.move_on_after(CLOSE_SECONDS, shield=True):
                await self._connected.aclose()

    def failure(self, error: Exception) -> type[NotSent | AnswerLost]:
        if self._is_sent:
            return AnswerLost
        if self._is_traced or not self.is_handed_over:
            return NotSent
        return NotSent if isinstance(error, _NEVER_CONNECTED) else AnswerLost


def _proxy(url: str) -> httpx.Proxy | None:
    try:
        return httpx.Proxy(url)
    except (ValueError, httpx.InvalidURL):
        return None
