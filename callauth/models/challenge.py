"""Challenge: what the person must do, and until when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeAlias

from attrs import field, frozen

from ..errors import ConfigurationError
from . import qr
from .instant import aware
from .instructions import Instructions, Language
from .lease import NumberLease
from .method import Method
from .pin import LONGEST_PIN, SHORTEST_PIN


@frozen
class PinChallenge:
    """Ask for the digits that a call brings to the phone.

    >>> expires_at = datetime(2026, 3, 1, 12, 2, tzinfo=UTC)
    >>> challenge = PinChallenge(Method.VOICE_OTP, 4, expires_at)
    >>> now = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
    >>> print(challenge.instructions("en", now=now))
    We are calling you. Answer the call and type the 4 digits that a robot says.
    >>> challenge.instructions("en", now=now).time_left
    '90 seconds left'

    Raises ConfigurationError for REVERSE_CALL, for digits other than 4 to 7, and when
    ``expires_at`` has no time zone.
    """

    method: Method = field()
    digits: int = field()
    expires_at: datetime = field(converter=aware)

    @method.validator
    def _is_a_call_to_the_phone(self, _: object, value: object) -> None:
        if value not in (Method.VOICE_OTP, Method.FLASH_CALL):
            raise ConfigurationError("expected the method VOICE_OTP or FLASH_CALL")

    @digits.validator
    def _is_the_length_of_a_pin(self, _: object, value: object) -> None:
        if type(value) is not int or not SHORTEST_PIN <= value <= LONGEST_PIN:
            raise ConfigurationError(
                f"expected {SHORTEST_PIN} to {LONGEST_PIN} digits, as an integer"
            )

    def seconds_left(self, now: datetime) -> float:
        """Return the seconds until the pin expires, 0 once it has.

        Raises ConfigurationError when ``now`` has no time zone.
        """
        return _seconds_between(now, self.expires_at)

    def instructions(
        self, language: Language, *, now: datetime | None = None
    ) -> Instructions:
        """Return what to tell the person; None is now by the clock of this machine.

        Raises ConfigurationError for another language than ru and en, and when ``now``
        has no time zone.
        """
        return Instructions.to_type(
            self.method,
            digits=self.digits,
            seconds_left=_seconds_between(now, self.expires_at),
            language=language,
        )


@frozen
class DialInChallenge:
    """Ask the person to dial the leased number from the phone that is verified."""

    lease: NumberLease

    @property
    def method(self) -> Method:
        """The method: always REVERSE_CALL."""
        return Method.REVERSE_CALL

    @property
    def expires_at(self) -> datetime:
        """When the lease of the number ends."""
        return self.lease.expires_at

    @property
    def show_until(self) -> datetime:
        """When to stop showing the number: 5 seconds before it expires."""
        return self.lease.show_until

    @property
    def tel_uri(self) -> str:
        """The link that dials the number, made from the number alone."""
        return self.lease.tel_uri

    def qr_svg(self) -> str:
        """Return the link as a QR code: SVG to be put into a page as it stands.

        Raises ConfigurationError without the extra ``qr``.
        """
        return qr.svg(self.tel_uri)

    def seconds_left(self, now: datetime) -> float:
        """Return the seconds until the lease expires, 0 once it has.

        Raises ConfigurationError when ``now`` has no time zone.
        """
        return self.lease.seconds_left(now)

    def instructions(
        self, language: Language, *, now: datetime | None = None
    ) -> Instructions:
        """Return what to tell the person; None is now by the clock of this machine.

        Its seconds count to ``show_until``, after which a call comes too late.

        Raises ConfigurationError for another language than ru and en, and when ``now``
        has no time zone.
        """
        return Instructions.to_dial(
            self.lease.number,
            tel_uri=self.tel_uri,
            seconds_left=_seconds_between(now, self.show_until),
            language=language,
        )


Challenge: TypeAlias = PinChallenge | DialInChallenge
"""What the person must do: type digits or dial a number."""


def _seconds_between(now: datetime | None, end: datetime) -> float:
    start = datetime.now(UTC) if now is None else aware(now)
    return max(0.0, (end - start).total_seconds())
