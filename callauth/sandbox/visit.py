"""Visit: one request at the provider it is meant for, and what may become of it."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from types import MappingProxyType
from typing import Protocol, TypeAlias

from attrs import field, frozen

from ..models.phone import PhoneNumber
from .entries import Received
from .ledger import Ledger
from .wire import Arrival, Fields, Reply, html_reply

NEROTECH = "nerotech"
TELEFONIP = "telefonip"
CALLPASS = "callpass"

OPERATIONS = MappingProxyType(
    {
        "voicemail": NEROTECH,
        "checkCode": NEROTECH,
        "incoming/init": NEROTECH,
        "incoming/verify": NEROTECH,
        "reverse_auth_phone_get": TELEFONIP,
        "reverse_auth_phone_post": TELEFONIP,
        "reverse_auth_phone_check": TELEFONIP,
        "start-call-password": CALLPASS,
        "get-call-password-status": CALLPASS,
    }
)
"""Every operation in its provider's word, and whose it is."""


@frozen(kw_only=True)
class Target:
    """Hold what a request is meant for, as its address says.

    ``fields`` is None when the parameters cannot be read. ``phone`` is the phone that
    the request is about, where that can be told. ``place`` holds the secret or the
    variable parts of the path.
    """

    provider: str
    operation: str
    verb: str
    fields: Fields | None = field(default=None, repr=False)
    phone: PhoneNumber | None = None
    place: tuple[str, ...] = field(default=(), repr=False)


class Provider(Protocol):
    """The server side of one provider."""

    def target(self, arrival: Arrival) -> Target | None:
        """Return what the request is meant for, None if the path is not known here."""

    def answer(self, target: Target, arrival: Arrival) -> Reply:
        """Process the request, at once and with all its effects."""

    def forget(self) -> None:
        """Forget all that happened, but no setting."""


@frozen(kw_only=True)
class Answered:
    """An answer is given; ``cut`` leaves the end of its body out."""

    reply: Reply
    after_seconds: float = 0.0
    cut: bool = False


class Unanswered(Enum):
    """No answer is given."""

    REFUSED = "refused"
    """No connection was made."""
    RESET = "reset"
    """The connection was dropped after the request."""
    SILENT = "silent"
    """Nothing comes, ever."""


@frozen(kw_only=True)
class Late:
    """The request itself is on its way for so long; only then is it processed."""

    seconds: float
    arrive: Callable[[], Answered] = field(repr=False)


Delivery: TypeAlias = Answered | Unanswered | Late


@frozen(kw_only=True)
class Visit:
    """Hold one request that stands before its provider."""

    provider: Provider
    target: Target
    arrival: Arrival
    ledger: Ledger

    def process(self) -> Answered:
        """Let the provider do its work."""
        self._enter(processed=True)
        reply = self._reply()
        return Answered(reply=reply, after_seconds=reply.after_seconds)

    def ignore(self) -> None:
        """Let the request arrive and have no effect."""
        self._enter(processed=False)

    def _reply(self) -> Reply:
        if self.arrival.method != self.target.verb:
            return html_reply("405 Method Not Allowed", status=405)
        return self.provider.answer(self.target, self.arrival)

    def _enter(self, *, processed: bool) -> None:
        self.ledger.write(
            Received(
                **self.ledger.stamp(),
                provider=self.target.provider,
                operation=self.target.operation,
                phone=self.target.phone,
                processed=processed,
            )
        )
