"""AiohttpTransport: requests over aiohttp, below its session.

``aiohttp.ClientSession`` sends nothing here: it repeats a GET by itself when a
connection that it kept has ended, it keeps cookies, and it does not say whether a byte
left. Its connector and its request do none of this. A connection is taken first and the
request written to it then, so whatever fails before was certainly not sent.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl

import aiohttp
import anyio
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import AddrInfoType, Connection
from multidict import CIMultiDictProxy
from yarl import URL

from ..errors import AnswerLost, ConfigurationError, NotSent
from ..protocol.message import BODY_LIMIT, Request, Response
from .quiet import install, quiet
from .tls import default_ssl_context, require_verification

# A connection may wait this long for its peer while it is being closed.
_CLOSE_SECONDS = 1.0
# aiohttp makes 30 bytes out of one that it receives, at the worst, and takes in all
# that the kernel holds, which is twice this.
_RECEIVED_BYTES = 8 * 1024
# The whole exchange has one deadline, which is ours.
_NO_TIMEOUT = aiohttp.ClientTimeout(
    total=None, connect=None, sock_read=None, sock_connect=None
)
# What ends a line or a word early would make two requests of one.
_URL = re.compile(r"https?://[!-~]+")
_HEADER = re.compile(r"[ -~]*")
_FAILURES = (aiohttp.ClientError, OSError, EOFError, ValueError, RuntimeError)


class AiohttpTransport:
    """Send requests over aiohttp; needs the extra ``aiohttp``.

    ``session`` is an application's own, to share its connections; it stays yours to
    close. Only its connector is used: none of its cookies, headers, proxies and
    middlewares. ``ssl_context`` replaces the default one, whatever that of the session
    is, for instance to trust the Russian root CA. At most ``connections`` are in use at
    once; a further request waits for one.

    Raises ConfigurationError for an ``ssl_context`` that does not verify, since TLS
    verification cannot be switched off, and for fewer connections than one.
    """

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession | None = None,
        ssl_context: ssl.SSLContext | None = None,
        connections: int = 1000,
    ) -> None:
        if connections < 1:
            raise ConfigurationError("expected at least 1 connection")
        if ssl_context is not None:
            require_verification(ssl_context)
        install("aiohttp")
        self._is_closed = False
        self._session = session
        self._ssl_context = ssl_context
        self._own: aiohttp.TCPConnector | None = None
        self._free = asyncio.Semaphore(connections)
        self._in_use: set[Connection] = set()

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
        for connection in list(self._in_use):
            _end(connection, connection.transport)
        own, self._own = self._own, None
        if own is not None:
            with anyio.move_on_after(_CLOSE_SECONDS):
                await own.close()

    async def _settle(
        self, request: Request, timeout_seconds: float
    ) -> Response | NotSent | AnswerLost:
        if self._is_closed:
            clause = "the transport is closed"
            return NotSent(request.provider, request.operation, clause, is_ours=True)
        progress, timed_out = _Progress(), False
        try:
            with quiet():
                async with asyncio.timeout(timeout_seconds):
                    return await self._exchange(request, progress)
        except TimeoutError:
            clause, timed_out = "no answer in time", True
        except asyncio.CancelledError as error:
            if _is_cancelled():
                raise
            # The owner of the session closed it.
            clause = type(error).__name__
        except _FAILURES as error:
            clause = type(error).__name__
        cls = AnswerLost if progress.is_sent else NotSent
        return cls(
            request.provider,
            request.operation,
            clause,
            timed_out=timed_out,
            is_ours=not progress.is_handed_over,
        )

    async def _exchange(self, request: Request, progress: _Progress) -> Response:
        outgoing = _outgoing(request, self._ssl_context)
        async with self._free:
            if self._is_closed:
                raise aiohttp.ClientConnectionError
            progress.is_handed_over = True
            connection = await self._connect(outgoing)
            transport = connection.transport
            self._in_use.add(connection)
            try:
                if self._is_closed:
                    raise aiohttp.ClientConnectionError
                progress.is_sent = True
                return await _answer(outgoing, connection)
            finally:
                self._in_use.discard(connection)
                # It was given back with the last byte of a whole answer.
                if request.own_connection or connection.protocol is not None:
                    _end(connection, transport)

    async def _connect(self, outgoing: aiohttp.ClientRequest) -> Connection:
        connector = self._connector()
        while True:
            connection = await connector.connect(
                outgoing, traces=[], timeout=_NO_TIMEOUT
            )
            protocol = connection.protocol
            if protocol is not None and not protocol.should_close:
                # By default an answer is unpacked.
                protocol.set_response_params(read_until_eof=True, auto_decompress=False)
                if isinstance(outgoing, _Alone):
                    protocol.force_close()
                return connection
            # Something came on it that nobody had asked for.
            connection.close()

    def _connector(self) -> aiohttp.BaseConnector:
        if self._session is not None:
            connector = self._session.connector
            if connector is None:
                raise aiohttp.ClientConnectionError
            return connector
        if self._own is None:
            self._own = aiohttp.TCPConnector(limit=0, socket_factory=_socket)
        return self._own


def _socket(address: AddrInfoType) -> socket.socket:
    family, type_, protocol, _, _ = address
    made = socket.socket(family, type_, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVED_BYTES)
    return made


class _Progress:
    """Say how far one request has come."""

    is_handed_over = False
    is_sent = False


class _Alone(aiohttp.ClientRequest):
    """A request that gets no connection on which another one went."""

    @property
    def connection_key(self) -> ConnectionKey:
        # Idle connections are kept by this key, and this field means nothing else
        # without a proxy.
        return super().connection_key._replace(proxy_headers_hash=id(self))


def _outgoing(
    request: Request, context: ssl.SSLContext | None
) -> aiohttp.ClientRequest:
    """Return the request for aiohttp; raises ValueError for what cannot travel."""
    url = request.url.reveal()
    headers = request.reveal_headers()
    if _URL.fullmatch(url) is None:
        raise aiohttp.InvalidURL("")
    if not all(_HEADER.fullmatch(text) for pair in headers for text in pair):
        raise aiohttp.InvalidURL("")
    make = _Alone if request.own_connection else aiohttp.ClientRequest
    if request.own_connection:
        headers.append(("Connection", "close"))
    return make(
        request.method,
        URL(url, encoded=True),
        headers=[*headers, ("User-Agent", "callauth")],
        skip_auto_headers=("Content-Type",),
        data=request.reveal_body() or None,
        loop=asyncio.get_running_loop(),
        ssl=(context or default_ssl_context()) if url.startswith("https:") else True,
    )


async def _answer(outgoing: aiohttp.ClientRequest, connection: Connection) -> Response:
    answer = await outgoing.send(connection)
    try:
        await answer.start(connection)
        # After "101 Switching Protocols" nobody knows what the bytes mean.
        body = await _read(answer.content) if answer.status >= 200 else None
    except BaseException:
        answer.close()
        raise
    if body is None:
        raise aiohttp.ClientConnectionError
    return Response(status=answer.status, headers=_joined(answer.headers), body=body)


async def _read(content: aiohttp.StreamReader) -> bytes:
    body = bytearray()
    while chunk := await content.readany():
        body += chunk
        if len(body) > BODY_LIMIT:
            break
    return bytes(body[: BODY_LIMIT + 1])


def _joined(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in headers.items():
        lower = name.lower()
        joined[lower] = f"{joined[lower]}, {value}" if lower in joined else value
    return joined


def _end(connection: Connection, transport: asyncio.Transport | None) -> None:
    # A farewell of TLS would keep the socket until the server says goodbye, too.
    if transport is not None:
        transport.abort()
    connection.close()


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
