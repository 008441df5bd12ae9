"""AiohttpTransport: requests over aiohttp, below its session.

``aiohttp.ClientSession`` sends nothing here: it repeats a GET by itself when a
connection that it kept has ended, it keeps cookies, and it does not say whether a byte
left. Only its connections and its parser are used. A connection is taken first and the
whole request written to it then, so whatever fails before was certainly not sent.
"""

from __future__ import annotations

import asyncio
import math
import socket
import ssl
from itertools import count

import aiohttp
import anyio
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import AddrInfoType, Connection
from aiohttp.http import RawResponseMessage
from aiohttp.http_exceptions import HttpProcessingError
from attrs import frozen
from multidict import CIMultiDictProxy
from yarl import URL

from ...errors import AnswerLost, ConfigurationError, NotSent
from ...protocol.message import BODY_LIMIT, Request, Response
from ..home import Home
from ..origin import Origin
from ..quiet import install, quiet
from ..tls import default_ssl_context, require_verification
from ..wire import split, written

# A connection may wait this long for its peer while it is being closed.
_CLOSE_SECONDS = 1.0
# aiohttp makes 30 bytes out of one that it receives, at the worst, and takes in all
# that the kernel holds, which is twice this.
_RECEIVED_BYTES = 8 * 1024
# The whole exchange has one deadline, which is ours.
_NO_TIMEOUT = aiohttp.ClientTimeout(
    total=None, connect=None, sock_read=None, sock_connect=None
)
_SWITCHING_PROTOCOLS = 101
_MOST_SPOILT = 3
_FAILURES = (aiohttp.ClientError, HttpProcessingError, OSError, EOFError, ValueError)


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
        self._home = Home()
        self._session = session
        self._ssl_context = ssl_context
        self._own: aiohttp.TCPConnector | None = None
        self._free = asyncio.Semaphore(connections)
        self._opening: set[asyncio.Timeout] = set()
        self._in_use: set[Connection] = set()
        self._places: dict[str, _Place] = {}

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
            _end(connection)
        # The connector does not end these by itself.
        for opening in self._opening:
            if not opening.expired():
                opening.reschedule(-math.inf)
        own, self._own = self._own, None
        if own is not None:
            with anyio.move_on_after(_CLOSE_SECONDS):
                await own.close()

    async def _settle(
        self, request: Request, timeout_seconds: float
    ) -> Response | NotSent | AnswerLost:
        refusal = self._home.refusal(
            request, timeout_seconds=timeout_seconds, is_closed=self._is_closed
        )
        if refusal is not None:
            return refusal
        progress, timed_out = _Progress(timeout_seconds), False
        try:
            with quiet():
                async with asyncio.timeout_at(progress.due) as deadline:
                    return await self._exchange(request, progress, deadline)
        except TimeoutError:
            timed_out = not self._is_closed
            clause = "no answer in time" if timed_out else "the transport was closed"
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

    async def _exchange(
        self, request: Request, progress: _Progress, deadline: asyncio.Timeout
    ) -> Response:
        start, target = split(request.url.reveal())
        place = self._places.get(start) or self._known(start)
        text = written(request, place.name, target)
        if text is None:
            raise aiohttp.InvalidURL("")
        async with self._free:
            progress.is_handed_over = True
            wanted = place.alone if request.own_connection else place.shared
            self._opening.add(deadline)
            try:
                connection = await self._connect(wanted)
            finally:
                self._opening.discard(deadline)
            self._in_use.add(connection)
            is_clean = False
            try:
                response, is_whole = await _answer(connection, text, progress)
                is_clean = is_whole and not request.own_connection
                return response
            finally:
                self._in_use.discard(connection)
                if is_clean:
                    connection.release()
                else:
                    _end(connection)

    def _known(self, start: str) -> _Place:
        origin = Origin.of(start)
        if origin is None:
            raise aiohttp.InvalidURL("")
        context = (
            (self._ssl_context or default_ssl_context()) if origin.is_tls else True
        )
        # These say where to connect, and are never sent.
        shared, alone = (
            make("GET", URL(start), loop=asyncio.get_running_loop(), ssl=context)
            for make in (aiohttp.ClientRequest, _Alone)
        )
        place = _Place(name=origin.name, shared=shared, alone=alone)
        return self._places.setdefault(start, place)

    async def _connect(self, wanted: aiohttp.ClientRequest) -> Connection:
        for _ in range(_MOST_SPOILT):
            connection = await self._connector().connect(
                wanted, traces=[], timeout=_NO_TIMEOUT
            )
            protocol = connection.protocol
            is_spoilt = protocol is None or protocol.should_close or self._is_closed
            if protocol is not None and not is_spoilt:
                # By default an answer is unpacked.
                protocol.set_response_params(read_until_eof=True, auto_decompress=False)
                return connection
            # Something came on it that nobody had asked for.
            _end(connection)
        raise aiohttp.ClientConnectionError

    def _connector(self) -> aiohttp.BaseConnector:
        if self._is_closed:
            raise aiohttp.ClientConnectionError
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
    """Say how far one request has come, and until when it may leave."""

    def __init__(self, seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self.due = self._loop.time() + seconds
        self.is_handed_over = False
        self.is_sent = False

    def send(self) -> None:
        """Count it as sent from now on; raises TimeoutError when it is too late."""
        # A loop that stood still hears of its deadline only after this.
        if self._loop.time() >= self.due:
            raise TimeoutError
        self.is_sent = True


@frozen(kw_only=True)
class _Place:
    """Hold where requests go: the name of the host, and what asks for a connection.

    ``shared`` gets one that others used, ``alone`` one that nobody did.
    """

    name: str
    shared: aiohttp.ClientRequest
    alone: aiohttp.ClientRequest


class _Alone(aiohttp.ClientRequest):
    _keys = count()

    @property
    def connection_key(self) -> ConnectionKey:
        # Idle connections are kept by this key; without a proxy this field means
        # nothing else.
        return super().connection_key._replace(proxy_headers_hash=next(self._keys))


async def _answer(
    connection: Connection, text: bytes, progress: _Progress
) -> tuple[Response, bool]:
    """Return the answer, and whether it was read to its end."""
    transport, protocol = connection.transport, connection.protocol
    if transport is None or protocol is None:
        raise aiohttp.ClientConnectionError
    progress.send()
    transport.write(text)
    message, content = await _head(protocol)
    body = await _read(content)
    response = Response(
        status=message.code,
        headers=_joined(message.headers),
        body=bytes(body[: BODY_LIMIT + 1]),
    )
    return response, content.at_eof()


async def _head(
    protocol: ResponseHandler,
) -> tuple[RawResponseMessage, aiohttp.StreamReader]:
    while True:
        message, content = await protocol.read()
        if message.code == _SWITCHING_PROTOCOLS:
            raise aiohttp.ClientConnectionError
        if message.code >= 200:
            return message, content


async def _read(content: aiohttp.StreamReader) -> bytearray:
    body = bytearray()
    while chunk := await content.readany():
        body += chunk
        if len(body) > BODY_LIMIT:
            break
    return body


def _joined(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in headers.items():
        lower = name.lower()
        joined[lower] = f"{joined[lower]}, {value}" if lower in joined else value
    return joined


def _end(connection: Connection) -> None:
    # A farewell of TLS would keep the socket until the server says goodbye, too.
    if connection.transport is not None:
        connection.transport.abort()
    connection.close()


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
