"""Vietnam's mobiles (+84 9…) begin like Moscow's telephones (8 49…)."""

from __future__ import annotations

import pytest

from callauth import (
    Confirmed,
    ManualClock,
    NumberLease,
    Outcome,
    PhoneNumber,
    Rejected,
    ScriptedTransport,
    TelefonIPClient,
)
from callauth.protocol.codec import Reader
from callauth.protocol.telefonip import parse_webhook
from tests.support.answers import answer
from tests.support.canaries import Canaries

_MOSCOW = PhoneNumber("+74951234567")
_VIETNAM = "84951234567"


async def _waited(canaries: Canaries, *, user: PhoneNumber, caller: str) -> Outcome:
    """Wait for the call of the user, when that number calls."""
    clock = ManualClock()
    content = {"phone": caller, "id": 5}
    called = answer({"success": True, "error": "", "data": content})
    lease = NumberLease.from_sent_at(
        number=PhoneNumber("+79644115786"), user=user, lease_id=5, sent_at=clock.now()
    )
    async with TelefonIPClient(
        canaries.secret(), transport=ScriptedTransport([called]), clock=clock
    ) as client:
        return await client.wait_call(lease)


def test_a_reader_does_not_take_vietnam_for_moscow() -> None:
    """Whoever has such a number would own an account in Moscow."""
    read = Reader("telefonip", "reverse_auth_phone_check").phone(_VIETNAM)

    assert read != _MOSCOW
    assert read == PhoneNumber("+84951234567")


def test_a_webhook_does_not_take_vietnam_for_moscow() -> None:
    """It is a hint only, but a wrong one."""
    hint = parse_webhook(f"success=True&phone={_VIETNAM}&id=5")

    assert hint.phone != _MOSCOW


async def test_a_call_from_vietnam_verifies_nobody_in_moscow(
    canaries: Canaries,
) -> None:
    """A lease may have been made by another program, or by an earlier version."""
    outcome = await _waited(canaries, user=_MOSCOW, caller=_VIETNAM)

    assert isinstance(outcome, Rejected)


@pytest.mark.parametrize("prefix", ["7", "8"])
async def test_a_call_of_one_s_own_mobile_is_recognised(
    prefix: str, canaries: Canaries
) -> None:
    """With either of its prefixes."""
    user = canaries.phone()

    outcome = await _waited(canaries, user=user, caller=prefix + user.e164[2:])

    assert isinstance(outcome, Confirmed)


async def test_moscow_s_own_call_is_recognised(canaries: Canaries) -> None:
    """With 7 first nobody else is meant."""
    outcome = await _waited(canaries, user=_MOSCOW, caller="74951234567")

    assert isinstance(outcome, Confirmed)
