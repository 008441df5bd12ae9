"""Stream: what is below a Connection, without a socket, and a server at its far end.

It keeps what was delivered since the last request, and objects to a request on a
connection that must not carry another one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from attrs import define, frozen

from callauth.protocol.message import BODY_LIMIT
from callauth.transport.wire import HEAD_LIMIT

from .answering import Ending
from .framing import Framed, framed
from .honest import Honest

READ_BYTES = 16 * 1024
"""The most that is read at once."""

# All that may be received of one answer, and what is on its way.
_MOST_BYTES = BODY_LIMIT + HEAD_LIMIT + 2 * READ_BYTES


@frozen(kw_only=True)
class Plan:
    """Hold what is said to a request: reads, whether each waits for the next turn.

    ``ending`` follows after so many virtual seconds, at once when it is None.
    ``is_writing`` says that a part of the request has not left yet. ``sure`` is what
    has to be read, None when anything may come of it.
    """

    reads: tuple[tuple[bytes, bool], ...]
    ending: Ending
    ending_seconds: float | None = None
    stray: bytes = b""
    is_writing: bool = False
    sure: Honest | None = None


@define(eq=False)
class Asked:
    """Hold a request that arrived: what is said to it, and what was until now."""

    plan: Plan
    is_own: bool
    received: bytes = b""
    is_ended: bool = False

    def heard(self) -> Framed | None:
        """Return what a plain reader makes of it."""
        return framed(self.received, is_ended=self.is_ended)

    def may_be_followed(self) -> bool:
        """Return whether another request may come over the same connection."""
        heard = self.heard()
        return (
            heard is not None
            and heard.is_whole
            and not heard.is_last
            and heard.size == len(self.received)
            and not (self.plan.is_writing or self.is_own)
        )


class Stream(asyncio.Transport):
    """Stand in for asyncio's transport below one connection."""

    def __init__(
        self,
        protocol: asyncio.BufferedProtocol,
        asked: Callable[[bytes], Asked],
        object_to: Callable[[str], None],
    ) -> None:
        super().__init__()
        self.is_lost = False
        self._protocol = protocol
        self._ask = asked
        self._object_to = object_to
        self._loop = asyncio.get_running_loop()
        self._reads = deque[tuple[bytes, bool]]()
        self._asked: Asked | None = None
        self._next: asyncio.Handle | None = None
        self._is_closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take a request, and begin to answer it."""
        if self._is_closing:
            self._object_to("asked on a closed connection")
        if self._asked is not None and not self._asked.may_be_followed():
            self._object_to(f"asked again after {self._asked.received!r}")
        self._asked = self._ask(bytes(data))
        self._reads = deque(self._asked.plan.reads)
        self._then(self._say)

    def get_write_buffer_size(self) -> int:
        return int(self._asked is not None and self._asked.plan.is_writing)

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        self._lose(None)

    def abort(self) -> None:
        self._lose(None)

    def _say(self) -> None:
        while self._reads:
            read, waits = self._reads.popleft()
            self._deliver(read)
            if self._is_closing:
                return
            if waits:
                self._then(self._say)
                return
        assert self._asked is not None
        seconds = self._asked.plan.ending_seconds
        if seconds is None:
            self._end()
        else:
            self._next = self._loop.call_later(seconds, self._end)

    def _end(self) -> None:
        assert self._asked is not None
        plan = self._asked.plan
        if plan.stray:
            self._deliver(plan.stray)
        if self._is_closing:
            return
        if plan.ending is Ending.CLOSE:
            self._asked.is_ended = True
            self._call(self._protocol.eof_received)
            self.close()
        elif plan.ending is Ending.RESET:
            self._lose(ConnectionResetError())

    def _deliver(self, read: bytes) -> None:
        assert self._asked is not None
        self._asked.received += read
        buffer = memoryview(self._protocol.get_buffer(-1))
        buffer[: len(read)] = read
        self._call(self._protocol.buffer_updated, len(read))
        if len(self._asked.received) > _MOST_BYTES and not self._is_closing:
            self._object_to("read on and on")
            self.abort()

    def _call(self, callback: Callable[..., object], *arguments: object) -> None:
        try:
            callback(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            self._object_to(f"raised {error!r}")
            self._lose(error)

    def _then(self, step: Callable[[], None]) -> None:
        # What was still to be said to the last request is never said.
        if self._next is not None:
            self._next.cancel()
        self._next = self._loop.call_soon(step)

    def _lose(self, error: Exception | None) -> None:
        if self._is_closing:
            return
        self._is_closing = True
        if self._next is not None:
            self._next.cancel()
        self._loop.call_soon(self._lost, error)

    def _lost(self, error: Exception | None) -> None:
        self.is_lost = True
        self._protocol.connection_lost(error)
