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
    """Carry exchanges one after another, the first as soon as it stands."""

    def __init__(self, pool: Pool, first: Exchange) -> None:
        self.idle_since = 0.0
        self._pool = pool
        self._exchange: Exchange | None = first
        self._answers = Answers(pool.heads)
        self._opening: asyncio.Task[object] | None = None
        # Only while it stands.
        self._stream: asyncio.Transport | None = None
        self._is_spent = False

    def is_usable(self) -> bool:
        """Return whether another exchange may follow the last."""
        return not (
            self._is_spent
            or self._exchange is not None
            or self._stream is None
            or self._stream.is_closing()
        )

    def opens_by(self, opening: asyncio.Task[object]) -> None:
        """Note the task that opens it; the first exchange fails with it."""
        self._opening = opening
        opening.add_done_callback(self._opened)

    def carry(self, exchange: Exchange) -> None:
        """Send a request at once, unless it is not wanted any more."""
        # A loop that stood still hears of a deadline only after this.
        if exchange.loop.time() >= exchange.due:
            exchange.expire()
        if exchange.is_over or self._stream is None:
            self.abort()
            return
        self._exchange = exchange
        self._answers.begin()
        exchange.is_sent = True
        self._stream.write(exchange.written)

    def leave(self) -> bool:
        """End the exchange, and return whether another may follow it.

        If not it is closed, and at once when the exchange was interrupted.
        """
        if self.is_usable():
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
        # Called twice, asyncio's TLS would forget to end it.
        if self._stream is not None and not self._stream.is_closing():
            self._stream.close()

    def abort(self) -> None:
        """Close it at once."""
        if self._stream is not None:
            self._stream.abort()
        elif self._opening is not None:
            self._opening.cancel()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._stream = cast("asyncio.Transport", transport)
        if self._exchange is not None:
            self.carry(self._exchange)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the buffer of all connections."""
        # What is in it is read before anything else can be received.
        del sizehint
        return self._pool.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Read what came, and wipe it from the buffer, which outlives every pin."""
        received = self._pool.buffer[:nbytes]
        try:
            self._receive(received)
        finally:
            received[:] = bytes(nbytes)

    def eof_received(self) -> None:
        """End an answer that only the end of the connection can end."""
        self._is_spent = True
        exchange = self._exchange
        if exchange is None:
            return
        if self._answers.ends_with_connection and self._has_said_farewell():
            self._answers.is_last = True
            self._finish(exchange)
        else:
            self._fail(exchange, Failure("the connection ended before the answer"))

    def connection_lost(self, exc: Exception | None) -> None:
        """Be forgotten."""
        if self._stream is not None:
            # Once more, since asyncio only then lets go of 256 KiB of TLS buffers.
            self._stream.close()
            self._stream = None
        clause = "the connection was lost" if exc is None else type(exc).__name__
        self._end(Failure(clause))

    def _receive(self, received: memoryview) -> None:
        exchange = self._exchange
        if exchange is None:
            # Nothing may come that nobody asked for.
            self.abort()
            return
        answers = self._answers
        try:
            answers.receive(received)
        except OutsideHttp as error:
            self._fail(exchange, Failure(str(error)))
            return
        if answers.is_whole:
            self._finish(exchange)
        elif answers.is_enough:
            exchange.settle(answers.response())
            self.abort()

    def _opened(self, opening: asyncio.Task[object]) -> None:
        self._opening = None
        error = None if opening.cancelled() else opening.exception()
        if self._stream is None:
            timed_out = isinstance(error, TimeoutError)
            self._end(Failure(type(error).__name__, timed_out=timed_out))
        elif opening.cancelled() or error is not None:
            self._stream.abort()

    def _finish(self, exchange: Exchange) -> None:
        self._exchange = None
        # A server that answers early may still be reading.
        is_writing = self._stream is None or self._stream.get_write_buffer_size() > 0
        self._is_spent = exchange.own or is_writing or self._answers.is_last
        exchange.settle(self._answers.response())

    def _fail(self, exchange: Exchange, failure: Failure) -> None:
        exchange.settle(failure)
        self.abort()

    def _end(self, failure: Failure) -> None:
        if self._exchange is not None:
            self._exchange.settle(failure)
        self._answers.end()
        self._pool.forget(self)

    def _has_said_farewell(self) -> bool:
        # TLS tells the end of an answer from a connection that somebody cut.
        stream = self._stream
        tls: Any = None if stream is None else stream.get_extra_info("ssl_object")
        if tls is None:
            return True
        try:
            # Nothing at all comes after a farewell; without one something still could.
            return bool(tls.read(1) == b"")
        except ssl.SSLZeroReturnError:
            return True
        except ssl.SSLError:
            return False
