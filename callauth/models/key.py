"""IdempotencyKey: the name under which one attempt may be sent again."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta

from attrs import evolve, field, frozen

from ..errors import ConfigurationError
from .instant import SKEW_SECONDS, aware

LONGEST_KEY = 100
# The provider keeps a key for 24 h; the hour between covers clocks that disagree.
SENT_FOR = timedelta(hours=23)
_PRINTABLE = re.compile(r"[!-~]+")


@frozen
class IdempotencyKey:
    """Hold a key of at most 100 printable ASCII characters and when it was first used.

    Make one per attempt and store it before the request leaves; a new attempt of the
    same person takes a new key. A key is sent for 23 hours from its first use.

    Raises ConfigurationError for an empty, overlong or unprintable key.
    """

    text: str = field()
    first_used_at: datetime | None = field(default=None)

    @text.validator
    def _is_short_and_printable(self, _: object, value: object) -> None:
        if not isinstance(value, str) or not _PRINTABLE.fullmatch(value):
            raise ConfigurationError("expected a key of printable ASCII characters")
        if len(value) > LONGEST_KEY:
            raise ConfigurationError(
                f"expected a key of at most {LONGEST_KEY} characters, got {len(value)}"
            )

    @first_used_at.validator
    def _is_aware(self, _: object, value: datetime | None) -> None:
        if value is not None:
            aware(value)

    @classmethod
    def new(cls) -> IdempotencyKey:
        """Return a fresh random key of 128 bits."""
        return cls(secrets.token_hex(16))

    @classmethod
    def of(cls, value: str | IdempotencyKey | None) -> IdempotencyKey:
        """Return the value as a key; None makes a fresh one."""
        if value is None:
            return cls.new()
        return value if isinstance(value, IdempotencyKey) else cls(value)

    def used(self, now: datetime) -> IdempotencyKey:
        """Return the key with its first use noted; a later use changes nothing."""
        if self.first_used_at is not None:
            return self
        return evolve(self, first_used_at=aware(now))

    def age_seconds(self, now: datetime) -> float:
        """Return the seconds since the first use, 0 before it.

        A clock that went back by more than 5 seconds makes the key too old, never young
        again.
        """
        if self.first_used_at is None:
            return 0.0
        age = (aware(now) - self.first_used_at).total_seconds()
        return max(0.0, age) if age >= -SKEW_SECONDS else SENT_FOR.total_seconds()
