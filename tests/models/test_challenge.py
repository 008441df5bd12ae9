from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from callauth.errors import ConfigurationError
from callauth.models.challenge import Challenge, DialInChallenge, PinChallenge
from callauth.models.lease import NumberLease
from callauth.models.method import Method
from callauth.models.phone import PhoneNumber
from tests.support.canaries import Canaries
from tests.support.refusals import refused

_SENT_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_EXPIRES_AT = _SENT_AT + timedelta(seconds=120)
_NUMBER = PhoneNumber("+79644115786")


def _dial_in(canaries: Canaries, number: PhoneNumber = _NUMBER) -> DialInChallenge:
    return DialInChallenge(
        NumberLease.from_sent_at(
            number=number, user=canaries.phone(), lease_id=122760, sent_at=_SENT_AT
        )
    )


def _challenges(canaries: Canaries) -> list[Challenge]:
    return [
        PinChallenge(Method.VOICE_OTP, 4, _EXPIRES_AT),
        PinChallenge(Method.FLASH_CALL, 7, _EXPIRES_AT),
        _dial_in(canaries),
    ]


@pytest.mark.parametrize("method", [Method.VOICE_OTP, Method.FLASH_CALL])
@pytest.mark.parametrize("digits", [4, 5, 6, 7])
def test_a_pin_challenge_asks_for_4_to_7_digits_of_a_call(
    method: Method, digits: int
) -> None:
    """A page shows that many boxes, and knows the end of its countdown."""
    challenge = PinChallenge(method, digits, _EXPIRES_AT)

    assert challenge == PinChallenge(
        method=method, digits=digits, expires_at=_EXPIRES_AT
    )
    assert challenge != PinChallenge(method, digits, _SENT_AT)


@pytest.mark.parametrize("method", [Method.REVERSE_CALL, "flash_call", None])
def test_only_a_call_to_the_phone_brings_a_pin(method: Any) -> None:  # noqa: ANN401 - of any type
    """Who dials in has nothing to type."""
    with refused(ConfigurationError, match="VOICE_OTP or FLASH_CALL"):
        PinChallenge(method, 4, _EXPIRES_AT)


@pytest.mark.parametrize("digits", [3, 8, 0, -4, 4.0, "4", True, None])
def test_no_pin_has_another_length(digits: Any) -> None:  # noqa: ANN401 - of any type
    """It could not be typed in."""
    with refused(ConfigurationError, match="4 to 7 digits, as an integer"):
        PinChallenge(Method.VOICE_OTP, digits, _EXPIRES_AT)


@pytest.mark.parametrize("expires_at", [_EXPIRES_AT.replace(tzinfo=None), 120.0, None])
def test_a_pin_challenge_ends_at_an_instant(expires_at: Any) -> None:  # noqa: ANN401 - of any type
    """A naive time cannot be compared with the moment of expiry."""
    with refused(ConfigurationError, match="a datetime with a time zone"):
        PinChallenge(Method.VOICE_OTP, 4, expires_at)


def test_a_dial_in_tells_what_its_lease_tells(canaries: Canaries) -> None:
    """A page needs the challenge alone."""
    challenge = _dial_in(canaries)

    assert challenge.method is Method.REVERSE_CALL
    assert challenge.expires_at == _EXPIRES_AT
    assert challenge.show_until == _SENT_AT + timedelta(seconds=115)
    assert challenge.tel_uri == "tel:+79644115786"


@pytest.mark.parametrize(
    ("passed", "left"),
    [(0, 120), (1.5, 118.5), (119, 1), (120, 0), (121, 0), (-60, 180)],
)
def test_every_challenge_counts_the_seconds_to_its_end(
    passed: float, left: float, canaries: Canaries
) -> None:
    """A countdown does not go below zero, in any time zone."""
    moscow = timezone(timedelta(hours=3))
    now = _SENT_AT + timedelta(seconds=passed)

    for challenge in _challenges(canaries):
        assert challenge.seconds_left(now) == left
        assert challenge.seconds_left(now.astimezone(moscow)) == left


def test_a_naive_now_is_refused(canaries: Canaries) -> None:
    """The caller's clock must say where it is."""
    naive = _SENT_AT.replace(tzinfo=None)

    for challenge in _challenges(canaries):
        with refused(ConfigurationError, match="with a time zone"):
            challenge.seconds_left(naive)
        with refused(ConfigurationError, match="with a time zone"):
            challenge.instructions("ru", now=naive)


def test_without_an_instant_the_time_is_over_by_the_wall_clock(
    canaries: Canaries,
) -> None:
    """A page is most often made at the moment when it is shown."""
    for challenge in _challenges(canaries):
        assert challenge.instructions("en").seconds_left == 0

    tomorrow = datetime.now(UTC) + timedelta(days=1)
    instructions = PinChallenge(Method.VOICE_OTP, 4, tomorrow).instructions("en")
    assert 86_000 < instructions.seconds_left < 86_400


def test_no_challenge_shows_a_number(canaries: Canaries) -> None:
    """Logging any object must be safe."""
    challenge = _dial_in(canaries, number=canaries.phone())

    canaries.scan(f"{challenge} {challenge!r}")


def test_the_qr_code_is_that_of_the_link(canaries: Canaries) -> None:
    """A camera that reads it dials the service number."""
    other = _dial_in(canaries, number=PhoneNumber("+79644115787"))

    assert _dial_in(canaries).qr_svg().startswith("<svg ")
    assert _dial_in(canaries).qr_svg() == _dial_in(Canaries()).qr_svg()
    assert _dial_in(canaries).qr_svg() != other.qr_svg()


def test_the_qr_code_needs_the_extra(
    canaries: Canaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who did not install it is told its name; all else works without."""
    monkeypatch.setitem(sys.modules, "segno", None)
    challenge = _dial_in(canaries)

    with refused(ConfigurationError, match=r"callauth\[qr\]"):
        challenge.qr_svg()
    assert challenge.instructions("en", now=_SENT_AT).tel_uri == challenge.tel_uri
