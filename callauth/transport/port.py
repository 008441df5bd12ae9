"""What the clients need from a transport and from time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from ..protocol.message import Request, Response


class Transport(Protocol):
    """Move one request and bring back its answer, once."""

    async def send(self, request: Request, *, timeout_seconds: float) -> Response:
        """Return the answer, whatever its status.

        The time-out covers everything from the name look-up to the last byte. Nothing
        is sent twice and no redirect is followed. A request that wants its own
        connection gets one that carries no other.

        Raises NotSent when certainly no byte left, AnswerLost in every other case, and
        nothing else. Neither may hold the URL, the body or the cause.
        """

    async def aclose(self) -> None:
        """Close every connection; calling it again does nothing."""


class Timer(Protocol):
    """Something that was scheduled and can be called off."""

    def cancel(self) -> None:
        """Call it off; too late is no error."""


class Clock(Protocol):
    """Tell and pass the time."""

    def now(self) -> datetime:
        """Return the wall clock in UTC: for storing and showing."""

    def monotonic(self) -> float:
        """Return seconds that only ever grow: for waiting."""

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Timer:
        """Call the function once, after that many seconds."""

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds."""
