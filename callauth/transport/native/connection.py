"""Connection: carries one exchange at a time.

- A request leaves in one write, in the very callback that says that the connection
  stands, so whatever a server does afterwards it does to a request that was sent.
- A connection is used again when its last answer was whole, wanted to be followed, and
  was followed by nothing. Bytes that come while no exchange is on it end it.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Any, cast

from .answer import Answers, OutsideHttp
from .exchange import Exchange, Failure

if TYPE_CHECKING:
    from .pool import Pool


class Connection(asyncio.BufferedProtocol):
    """Carry exchanges one after another, the first as soon as it stands.

    The transport is None until then.
    """

    def __init__(self, pool: Pool, first: Exchange) -> None:
        self.idle_since = 0.0
        self._pool = pool
        self._transport: asyncio.Transport | None = None
        self._opening: asyncio.Task[object] | None = None
        self._exchange: Exchange | None = first
        self._answers = Answers()
        self._is_spent = False

    @property
    def is_usable(self) -> bool:
        """Whether another exchange may follow the last."""
        return (
            self._exchange is None
            and not self._is_spent
            and self._transport is not None
            and not self._transport.is_closing()
        )

    def opens_by(self, opening: asyncio.Task[object]) -> None:
        """Note the task that opens it; the first exchange fails with it."""
        self._opening = opening
        opening.add_done_callback(self._opened)

    def carry(self, exchange: Exchange) -> None:
        """Send a request; the connection must be usable."""
        self._exchange = exchange
        self._answers.begin()
        self._write(exchange)

    def leave(self) -> bool:
        """End the exchange, and return whether another may follow it.

        If not it is closed, and at once when the exchange was interrupted.
        """
        if self.is_usable:
            return True
        if self._exchange is None:
            self.close()
        else:
            self.abort()
        return False

    def stop(self, failure: Failure) -> None:
        """Close it, and let the exchange on it fail."""
        if self._exchange is None:
            self.close()
        else:
            self._fail(self._exchange, failure)

    def close(self) -> None:
        """Close it; over TLS with a farewell."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close it at once."""
        if self._transport is not None:
            self._transport.abort()
        elif self._opening is not None:
            self._opening.cancel()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request, if it is still wanted."""
        self._transport = cast("asyncio.Transport", transport)
        if self._exchange is None or self._exchange.is_over:
            self._transport.abort()
        else:
            self._write(self._exchange)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the buffer of all connections."""
        # What is in it is read before anything else can be received.
        del sizehint
        return self._pool.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Read what came; nothing may come that nobody asked for."""
        exchange = self._exchange
        if exchange is None:
            self.abort()
            return
        answers = self._answers
        try:
            answers.receive(self._pool.buffer[:nbytes])
        except OutsideHttp as error:
            self._fail(exchange, Failure(str(error)))
            return
        if answers.is_enough:
            self._answer(exchange)

    def eof_received(self) -> None:
        """End an answer that only the end of the connection can end."""
        exchange, answers = self._exchange, self._answers
        if exchange is None:
            return
        if answers.ends_with_connection and self._has_said_farewell():
            answers.is_whole = answers.is_last = True
            self._answer(exchange)
        else:
            self._fail(exchange, Failure("the connection ended before the answer"))

    def connection_lost(self, exc: Exception | None) -> None:
        """Be forgotten."""
        clause = "the connection was lost" if exc is None else type(exc).__name__
        self._end(Failure(clause))

    def _opened(self, opening: asyncio.Task[object]) -> None:
        self._opening = None
        error = None if opening.cancelled() else opening.exception()
        if self._transport is None:
            timed_out = isinstance(error, TimeoutError)
            self._end(Failure(type(error).__name__, timed_out=timed_out))
        elif opening.cancelled() or error is not None:
            self._transport.abort()

    def _end(self, failure: Failure) -> None:
        if self._exchange is not None:
            self._exchange.settle(failure)
        self._answers.end()
        self._pool.forget(self)

    def _write(self, exchange: Exchange) -> None:
        exchange.is_sent = True
        self._stream.write(exchange.written)

    def _answer(self, exchange: Exchange) -> None:
        answers = self._answers
        if answers.is_whole:
            self._exchange = None
            # A server that answers early may still be reading.
            is_writing = self._stream.get_write_buffer_size() > 0
            self._is_spent = answers.is_last or is_writing or exchange.own
        else:
            self.abort()
        exchange.settle(answers.response())

    def _fail(self, exchange: Exchange, failure: Failure) -> None:
        exchange.settle(failure)
        self.abort()

    def _has_said_farewell(self) -> bool:
        # TLS tells the end of an answer from a connection that somebody cut.
        tls: Any = self._stream.get_extra_info("ssl_object")
        if tls is None:
            return True
        try:
            # Nothing at all comes after a farewell; without one something still could.
            return bool(tls.read(1) == b"")
        except ssl.SSLZeroReturnError:
            return True
        except ssl.SSLError:
            return False

    @property
    def _stream(self) -> asyncio.Transport:
        return cast("asyncio.Transport", self._transport)
