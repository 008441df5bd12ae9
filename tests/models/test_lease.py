from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from callauth.errors import ConfigurationError
from callauth.models.lease import NumberLease
from callauth.models.phone import PhoneNumber
from tests.support.canaries import Canaries
from tests.support.refusals import refused

_SENT_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def _lease(canaries: Canaries) -> NumberLease:
    return NumberLease.from_sent_at(
        number=PhoneNumber("+79644115786"),
        user=canaries.phone(),
        lease_id=122760,
        sent_at=_SENT_AT,
    )


def test_a_lease_lives_120_seconds_from_its_sending(canaries: Canaries) -> None:
    """Counted from the answer it would outlive the provider's."""
    lease = _lease(canaries)

    assert lease.leased_at == _SENT_AT
    assert lease.expires_at == _SENT_AT + timedelta(seconds=120)
    assert lease.show_until == _SENT_AT + timedelta(seconds=115)


@pytest.mark.parametrize(
    ("passed", "left"),
    [(0, 120), (1.5, 118.5), (119, 1), (120, 0), (121, 0), (-60, 180)],
)
def test_the_seconds_left_end_at_zero(
    passed: float, left: float, canaries: Canaries
) -> None:
    """A countdown does not go below zero."""
    now = _SENT_AT + timedelta(seconds=passed)

    assert _lease(canaries).seconds_left(now) == left


def test_the_time_zone_of_now_does_not_matter(canaries: Canaries) -> None:
    """Moscow's clock and UTC name the same moment."""
    moscow = timezone(timedelta(hours=3))

    assert _lease(canaries).seconds_left(_SENT_AT.astimezone(moscow)) == 120


def test_the_link_dials_the_number_and_nothing_else(canaries: Canaries) -> None:
    """The provider's own link dials a different number."""
    assert _lease(canaries).tel_uri == "tel:+79644115786"


def test_a_lease_shows_no_full_number(canaries: Canaries) -> None:
    """Logging any object must be safe."""
    lease = _lease(canaries)
    canaries.plant(lease.number.e164)

    canaries.scan(f"{lease} {lease!r}")


@pytest.mark.parametrize("name", ["leased_at", "expires_at"])
def test_an_instant_without_a_time_zone_is_refused(
    name: str, canaries: Canaries
) -> None:
    """A naive time cannot be compared with the moment of expiry."""
    instants: dict[str, Any] = {"leased_at": _SENT_AT, "expires_at": _SENT_AT}
    instants[name] = _SENT_AT.replace(tzinfo=None)

    with refused(ConfigurationError, match="with a time zone"):
        NumberLease(number=canaries.phone(), user=canaries.phone(), **instants)


def test_a_naive_now_is_refused(canaries: Canaries) -> None:
    """The caller's clock must say where it is."""
    with refused(ConfigurationError, match="with a time zone"):
        _lease(canaries).seconds_left(_SENT_AT.replace(tzinfo=None))


def test_a_number_is_no_instant(canaries: Canaries) -> None:
    """Seconds since 1970 have no place where a datetime is due."""
    now: Any = 1_772_366_400.0

    with refused(ConfigurationError, match="expected a datetime"):
        _lease(canaries).seconds_left(now)
