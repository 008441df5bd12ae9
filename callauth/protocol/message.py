"""One exchange: what is sent, what comes back, and whether it may be sent again.

A ``Request`` holds every part that could be secret as a ``Secret``. The providers put
their keys into URLs, so the whole URL is one; ``template`` is the same URL with the
secrets left out, for logs and spans.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Generic, NamedTuple, TypeVar

from attrs import field, frozen

from ..errors import CallAuthError
from ..models.key import IdempotencyKey
from ..models.secret import Secret

BODY_LIMIT = 64 * 1024
"""The longest answer in bytes; a transport may stop reading one byte after it."""

# An old "true" from a cache would verify somebody; a compressed answer could be a bomb.
COMMON_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Cache-Control": "no-store",
    }
)

T = TypeVar("T")


class Replay(Enum):
    """Say what may be done when it is not known whether a request had its effect.

    Every operation may be sent again when certainly no byte left.
    """

    SAFE = "safe"
    """A plain read: send it again."""
    KEYED = "keyed"
    """It rings, under an idempotency key: send it again with the same key."""
    ONCE_MORE = "once more"
    """Send it once more; only the last answer counts."""
    UNSENT_ONLY = "unsent only"
    """It rings and has no key: never send it again."""
    CONSUMING = "consuming"
    """It reads a success that can be read once: ask again, and remember the loss."""


@frozen(kw_only=True)
class Request:
    """Hold one HTTP request, safe to log: every secret part needs ``reveal``.

    ``body`` is sent as UTF-8. Beside these headers a transport adds only what HTTP
    needs (Host, Content-Length, Connection, User-Agent).

    ``own_connection`` says that the answer does not name what was asked about. A server
    or proxy that answers twice would have its second answer taken for that of the next
    request, so such a request goes over a connection that carries no other.
    """

    provider: str
    operation: str
    method: str
    template: str
    url: Secret
    headers: Mapping[str, str | Secret] = field(factory=dict)
    body: Secret | None = None
    own_connection: bool = True

    def reveal_headers(self) -> list[tuple[str, str]]:
        """Return all headers as they go over the wire."""
        return [
            (name, value.reveal() if isinstance(value, Secret) else value)
            for name, value in self.headers.items()
        ]

    def reveal_body(self) -> bytes:
        """Return the body as it goes over the wire, empty when there is none."""
        return b"" if self.body is None else self.body.reveal().encode()


class LowerHeaders(dict[str, str]):
    """Hold headers whose names are in lower case already; a Response takes it as it is.

    Making each name so twice took 0.6 µs.
    """


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    if type(headers) is LowerHeaders:
        return headers
    return {name.lower(): value for name, value in headers.items()}


@frozen(kw_only=True)
class Response:
    """Hold one HTTP answer; header names become lower case.

    ``body`` may be cut one byte after ``BODY_LIMIT``; such an answer is never believed.
    """

    status: int
    headers: Mapping[str, str] = field(factory=dict, repr=False, converter=_lowered)
    body: bytes = field(default=b"", repr=lambda body: f"<{len(body)} bytes>")


# A tuple, which is frozen as well: a class of attrs takes 0.4 µs more for each call.
class Operation(NamedTuple, Generic[T]):
    """Hold one request and all that is needed to judge what became of it.

    ``deadline_seconds`` bounds all tries together; None leaves it to the client's
    ``RetryPolicy``. It is for answers that are late by design. No further try begins
    with less than ``least_seconds`` left.
    """

    request: Request
    replay: Replay
    reader: Callable[[Response], T]
    deadline_seconds: float | None = None
    least_seconds: float = 0.0
    key: IdempotencyKey | None = None

    @property
    def provider(self) -> str:
        """Who is asked."""
        return self.request.provider

    @property
    def name(self) -> str:
        """What is asked, in the provider's word."""
        return self.request.operation

    def read(self, response: Response) -> T:
        """Return the typed reply.

        Raises ProviderError for a refusal, ProtocolError for an answer outside the
        contract, AnswerLost for a server's failure (5xx). The error carries no frame
        that has seen the body.
        """
        try:
            return self.reader(response)
        except CallAuthError as error:
            failure = error.bare()
        raise failure
