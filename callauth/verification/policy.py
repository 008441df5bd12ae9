"""VerificationPolicy: what is allowed, and how often."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from attrs import field, frozen

from ..errors import ConfigurationError
from ..models.phone import PhoneNumber
from ..models.pin import LONGEST_PIN, SHORTEST_PIN

NumberType: TypeAlias = Literal["mobile", "fixed", "foreign"]
"""``mobile``: +7 9…. ``fixed``: any other +7. ``foreign``: the rest of the world."""

DAY_SECONDS = 86_400.0
_HOUR_SECONDS = 3_600.0
_LONGEST_PIN_SECONDS = 600.0
_LIMITS_OR_NONE = (
    "starts_per_phone",
    "starts_per_client_ip",
    "starts_per_prefix",
    "starts",
    "spend",
)


@frozen
class Limit:
    """Allow so many in any ``seconds``.

    >>> Limit(5, seconds=3600)
    Limit(times=5, seconds=3600)

    Raises ConfigurationError unless both are at least 1.
    """

    times: int
    seconds: float = DAY_SECONDS

    def __attrs_post_init__(self) -> None:
        if type(self.times) is not int or self.times < 1 or not self.seconds >= 1:
            raise ConfigurationError("expected a limit of at least 1 in 1 second")


@frozen(kw_only=True)
class VerificationPolicy:
    """Hold the limits of one Verifier; the defaults suit a log-in page.

    A pin can be typed for ``pin_seconds`` (up to 600) and ``tries_per_pin`` times.
    ``failures_per_phone`` counts wrong pins over all attempts, ``starts_per_phone``
    calls asked for. ``cool_down`` is how long to wait after the first, second, …
    call to one phone within a day. ``spend`` counts the costs of the channels; None
    is no limit. Prefixes are the first 7 digits after the plus.

    Purposes of ``without_caller_id`` refuse what only a caller ID proves, since it can
    be forged. Channels with pins of fewer than ``least_pin_digits`` are left out.

    With ``dry_run`` what is counted and the pauses refuse nothing and only tell the
    hooks. Tries per pin, types, digits, purposes and locks are kept even then.

    An attempt is purged ``keep_seconds`` after its last call was asked for, or within
    an hour from then, by a Verifier that is open; in the default store by the first
    start after that.

    Raises ConfigurationError for a value out of its range.
    """

    pin_seconds: float = 120.0
    tries_per_pin: int = 3
    failures_per_phone: Limit = field(factory=lambda: Limit(10))
    starts_per_phone: Limit | None = field(factory=lambda: Limit(5))
    starts_per_client_ip: Limit | None = field(
        factory=lambda: Limit(30, seconds=_HOUR_SECONDS)
    )
    starts_per_prefix: Limit | None = None
    starts: Limit | None = None
    spend: Limit | None = None
    cool_down: tuple[float, ...] = (30.0, 60.0, 120.0)
    number_types: frozenset[NumberType] = frozenset({"mobile"})
    without_caller_id: frozenset[str] = frozenset({"payment", "recovery"})
    least_pin_digits: int = SHORTEST_PIN
    dry_run: bool = False
    keep_seconds: float = DAY_SECONDS

    def __attrs_post_init__(self) -> None:
        checks = {
            "pin_seconds of 1 to 600": 1 <= self.pin_seconds <= _LONGEST_PIN_SECONDS,
            "tries_per_pin of at least 1": self.tries_per_pin >= 1,
            "pauses of at least 0 seconds": all(each >= 0 for each in self.cool_down),
            "least_pin_digits of 4 to 7": (
                SHORTEST_PIN <= self.least_pin_digits <= LONGEST_PIN
            ),
            "keep_seconds of at least 600": self.keep_seconds >= _LONGEST_PIN_SECONDS,
            "failures_per_phone as a Limit": isinstance(self.failures_per_phone, Limit),
            "number_types of mobile, fixed, foreign": (
                set(self.number_types) <= set(get_args(NumberType))
            ),
            # A text would be searched for parts of it: "pay" is one of "payment".
            "without_caller_id as a set": not isinstance(self.without_caller_id, str),
        }
        for name in _LIMITS_OR_NONE:
            is_one = isinstance(getattr(self, name), Limit | None)
            checks[f"{name} as a Limit or None"] = is_one
        for expected, is_met in checks.items():
            if not is_met:
                raise ConfigurationError(f"expected {expected}")

    def allows(self, phone: PhoneNumber) -> bool:
        """Say whether numbers of this type may be called at all."""
        return number_type(phone) in self.number_types


def number_type(phone: PhoneNumber) -> NumberType:
    """Return of which type the number is."""
    if not phone.is_plus_7:
        return "foreign"
    return "mobile" if phone.e164.startswith("+79") else "fixed"
