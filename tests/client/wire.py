"""Transports that stand in for the network, and one that listens to it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit

from attrs import field, frozen

from callauth.protocol.message import Request, Response
from callauth.transport.port import Clock, Transport


@frozen
class Sent:
    """Hold one request as it left."""

    at: float
    operation: str
    fields: Mapping[str, str] = field(repr=False)
    timeout_seconds: float


class Wire:
    """Pass requests on, and remember them."""

    def __init__(self, inner: Transport, clock: Clock) -> None:
        self.sent: list[Sent] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.closed = 0
        self._inner = inner
        self._clock = clock

    async def send(self, request: Request, *, timeout_seconds: float) -> Response:
        """Remember the request, then let it go."""
        sent = Sent(
            self._clock.monotonic(),
            request.operation,
            _fields(request),
            timeout_seconds,
        )
        self.sent.append(sent)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return await self._inner.send(request, timeout_seconds=timeout_seconds)
        finally:
            self.in_flight -= 1

    async def aclose(self) -> None:
        """Count how often it is closed."""
        self.closed += 1
        await self._inner.aclose()

    def of(self, operation: str) -> list[Sent]:
        """Return the requests of one operation."""
        return [sent for sent in self.sent if sent.operation == operation]

    def times(self, operation: str) -> list[float]:
        """Return when the requests of one operation left."""
        return [sent.at for sent in self.of(operation)]

    def gaps(self) -> list[float]:
        """Return the pauses between all requests."""
        times = [sent.at for sent in self.sent]
        return [b - a for a, b in pairwise(times)]


class Sluggish:
    """Answer after a time of its own, whatever time-out it is given."""

    def __init__(self, clock: Clock, seconds: float, response: Response) -> None:
        self._clock = clock
        self._seconds = seconds
        self._response = response

    async def send(self, request: Request, *, timeout_seconds: float) -> Response:
        """Wait, then answer."""
        await self._clock.sleep(self._seconds)
        return self._response

    async def aclose(self) -> None:
        """Close nothing."""


class Defective:
    """Raise what no transport may raise."""

    async def send(self, request: Request, *, timeout_seconds: float) -> Response:
        """Break the rules of the port."""
        raise ZeroDivisionError

    async def aclose(self) -> None:
        """Close nothing."""


def _fields(request: Request) -> dict[str, str]:
    query = urlsplit(request.url.reveal()).query
    return dict(parse_qsl(query)) | dict(parse_qsl(request.reveal_body().decode()))
