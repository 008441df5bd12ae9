from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import fields
from attrs.exceptions import FrozenInstanceError

from callauth.errors import ConfigurationError
from callauth.models.call import PlacedCall, VoiceCall
from callauth.models.hint import WebhookHint
from callauth.models.key import IdempotencyKey
from callauth.models.method import Method
from callauth.models.outcome import Confirmed, Expired, Pending, Rejected, Unknown
from tests.support.canaries import Canaries
from tests.support.refusals import refused

_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def _values(canaries: Canaries) -> list[Any]:
    return [
        canaries.phone(),
        IdempotencyKey("mine"),
        VoiceCall(
            call_id="1",
            pin=canaries.pin(4),
            idempotency_key=IdempotencyKey("mine"),
            sent_at=_AT,
        ),
        PlacedCall(call_id="1", pin=canaries.pin(7), sent_at=_AT, ring_seconds=30),
        WebhookHint(lease_id=1, phone=canaries.phone(), success=True),
        Confirmed(at=_AT, assurance="code"),
        Rejected(at=_AT, reason="another number called"),
        Expired(at=_AT),
        Unknown(at=_AT, reason="the answer was lost"),
    ]


def test_no_value_shows_what_it_holds(canaries: Canaries) -> None:
    """Logging any object must be safe."""
    for value in _values(canaries):
        canaries.scan(f"{value} {value!r}")


def test_no_value_can_be_changed(canaries: Canaries) -> None:
    """Values travel between tasks."""
    for value in _values(canaries):
        name = fields(type(value))[0].name
        with refused(FrozenInstanceError):
            setattr(value, name, None)


def test_a_call_is_live_and_without_a_cause_unless_said() -> None:
    """These are what most calls are."""
    canaries = Canaries()
    voice = VoiceCall(
        call_id="1",
        pin=canaries.pin(4),
        idempotency_key=IdempotencyKey("k"),
        sent_at=_AT,
    )
    flash = PlacedCall(call_id="1", pin=canaries.pin(7), sent_at=_AT, ring_seconds=30)

    assert (voice.test, flash.cause) == (False, None)


@pytest.mark.parametrize("seconds", [1, 0, -5, 100, 30.0, "30", True, None])
def test_a_call_rings_for_2_to_99_seconds(seconds: Any, canaries: Canaries) -> None:  # noqa: ANN401 - of any type
    """How long its end is waited for depends on it."""
    with refused(ConfigurationError, match="2 to 99 whole seconds"):
        PlacedCall(call_id="1", pin=canaries.pin(), sent_at=_AT, ring_seconds=seconds)


@pytest.mark.parametrize("name", ["VOICE_OTP", "FLASH_CALL", "REVERSE_CALL"])
def test_a_method_is_stored_under_its_name(name: str) -> None:
    """Rows outlive versions."""
    assert Method(name.lower()) is Method[name]


def test_outcomes_are_never_mistaken_for_each_other() -> None:
    """Unknown is an outcome of its own, never folded into expired."""
    outcomes = {Pending(), Expired(at=_AT), Unknown(at=_AT, reason="x")}

    assert len(outcomes) == 3
    assert Pending() == Pending()
