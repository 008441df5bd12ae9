"""NativeTransport: what the clients use."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from ...errors import AnswerLost, ConfigurationError, NotSent
from ...protocol.message import Request, Response
from ..home import Home
from ..origin import Origin
from ..tls import default_ssl_context, require_verification
from ..wire import split, written
from .deadlines import Deadlines
from .exchange import Exchange, Failure

if TYPE_CHECKING:
    from .pool import Pool


class NativeTransport:
    """Send requests over asyncio's own sockets; with the extra ``fast``.

    ``ssl_context`` replaces the default one, for instance to trust the Russian root CA.
    At most ``connections`` are in use at once; a further request waits for one. Proxies
    are not served, and the proxy settings of the environment are ignored.

    Raises ConfigurationError for an ``ssl_context`` that does not verify, for fewer
    connections than one, and without the extra.
    """

    def __init__(
        self, *, ssl_context: ssl.SSLContext | None = None, connections: int = 1000
    ) -> None:
        if connections < 1:
            raise ConfigurationError("expected at least 1 connection")
        if ssl_context is not None:
            require_verification(ssl_context)
        self._pool = _pool(ssl_context, connections)
        self._deadlines = Deadlines()
        self._origins: dict[str, Origin] = {}
        self._home = Home()
        self._is_closed = False

    async def send(self, request: Request, *, timeout_seconds: float) -> Response:
        """Return the answer, whatever its status.

        Raises NotSent when certainly no byte left, AnswerLost in every other case.
        """
        exchange = self._exchange(request)
        if isinstance(exchange, Failure):
            raise _error(request, exchange, is_sent=False)
        if not timeout_seconds > 0:
            late = Failure("no time was left", timed_out=True, is_ours=True)
            raise _error(request, late, is_sent=False)
        self._deadlines.begin(exchange, timeout_seconds)
        try:
            self._pool.begin(exchange)
            outcome = await exchange.outcome
        finally:
            self._deadlines.end(exchange)
            self._pool.end(exchange)
        if isinstance(outcome, Failure):
            raise _error(request, outcome, is_sent=exchange.is_sent)
        return outcome

    async def aclose(self) -> None:
        """Close every connection; calling it again does nothing."""
        self._is_closed = True
        try:
            await self._pool.aclose()
        finally:
            self._deadlines.close()

    def _exchange(self, request: Request) -> Exchange | Failure:
        if self._is_closed:
            return Failure("the transport is closed", is_ours=True)
        loop = self._home.loop()
        if loop is None:
            return Failure("the transport belongs to another loop", is_ours=True)
        start, target = split(request.url.reveal())
        origin = self._origins.get(start) or self._known(start)
        if origin is None:
            return Failure("expected an http or https URL", is_ours=True)
        text = written(request, origin.name, target)
        if text is None:
            return Failure("expected a request that fits HTTP", is_ours=True)
        return Exchange(text, origin, loop, own=request.own_connection)

    def _known(self, start: str) -> Origin | None:
        found = Origin.of(start)
        return None if found is None else self._origins.setdefault(start, found)


def _pool(ssl_context: ssl.SSLContext | None, connections: int) -> Pool:
    try:
        from .pool import Pool  # noqa: PLC0415 - its parser is optional
    except ModuleNotFoundError:
        raise ConfigurationError(
            "expected the extra callauth[fast] for a NativeTransport"
        ) from None
    if ssl_context is None:
        return Pool(limit=connections, ssl_context=default_ssl_context)
    return Pool(limit=connections, ssl_context=lambda: ssl_context)


def _error(
    request: Request, failure: Failure, *, is_sent: bool
) -> NotSent | AnswerLost:
    cls = AnswerLost if is_sent else NotSent
    return cls(
        request.provider,
        request.operation,
        failure.clause,
        timed_out=failure.timed_out,
        is_ours=failure.is_ours,
    )
