"""What a ledger holds: one frozen value per thing that happened.

``at`` is the clock's time of day, for reading; ``elapsed`` counts seconds since the
sandbox began and never jumps, for judging windows. Codes are ``Pin`` and numbers
``PhoneNumber``, so every ``repr`` is masked.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from attrs import frozen

from ..models.method import Method
from ..models.phone import PhoneNumber
from ..models.pin import Pin


class Stamp(TypedDict):
    """When something happened."""

    at: datetime
    elapsed: float


@frozen(kw_only=True)
class Entry:
    """Something that happened."""

    at: datetime
    elapsed: float


@frozen(kw_only=True)
class Received(Entry):
    """A request reached a provider.

    ``processed`` says whether the provider handled it, were it by a refusal.
    """

    provider: str
    operation: str
    phone: PhoneNumber | None
    processed: bool


@frozen(kw_only=True)
class Ring(Entry):
    """A provider called a phone.

    ``reached_after_seconds`` is when the code was heard or seen, None if it never was.
    """

    provider: str
    phone: PhoneNumber
    method: Method
    code: Pin
    caller: PhoneNumber
    cause: str
    reached_after_seconds: float | None
    ends_after_seconds: float

    @property
    def ends(self) -> float:
        """When the call is over, on the scale of ``elapsed``."""
        return self.elapsed + self.ends_after_seconds

    @property
    def reached(self) -> float | None:
        """When the code reached the person, on the scale of ``elapsed``."""
        if self.reached_after_seconds is None:
            return None
        return self.elapsed + self.reached_after_seconds

    def reached_by(self, elapsed: float) -> bool:
        """Say whether the code had reached the person by that moment."""
        return self.reached is not None and self.reached <= elapsed


@frozen(kw_only=True)
class Lease(Entry):
    """A service number was leased to a phone."""

    provider: str
    phone: PhoneNumber
    number: PhoneNumber
    window_seconds: float


@frozen(kw_only=True)
class Dial(Entry):
    """Somebody called a service number."""

    caller: PhoneNumber
    number: PhoneNumber


@frozen(kw_only=True)
class Guess(Entry):
    """A code was sent to a provider for comparison."""

    provider: str
    phone: PhoneNumber
    right: bool


@frozen(kw_only=True)
class Charge(Entry):
    """A provider took money, in kopecks."""

    provider: str
    phone: PhoneNumber
    kopecks: int


@frozen(kw_only=True)
class WebhookSent(Entry):
    """A webhook was sent; ``status`` is None when no answer came back.

    ``failure`` is empty, or the kind of failure in one word; ``lost`` was never sent.
    """

    provider: str
    phone: PhoneNumber
    lease_id: int
    status: int | None
    failure: str = ""


@frozen(kw_only=True)
class Verification(Entry):
    """A provider said yes: it named this phone as the one that called or typed."""

    provider: str
    operation: str
    phone: PhoneNumber
