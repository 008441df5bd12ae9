"""Vietnam's mobiles (+84 9…) begin like Moscow's telephones (8 49…)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callauth import (
    Confirmed,
    ManualClock,
    NumberLease,
    Outcome,
    PhoneNumber,
    ProtocolError,
    Rejected,
    ScriptedTransport,
    TelefonIPClient,
)
from callauth.protocol.codec import Reader
from callauth.protocol.telefonip import parse_webhook
from tests.support.answers import answer
from tests.support.canaries import Canaries
from tests.support.refusals import caught

_MOSCOW = PhoneNumber("+74951234567")
_VIETNAM = "84951234567"
_READER = Reader("telefonip", "reverse_auth_phone_check")


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
    read = _READER.phone(_VIETNAM)

    assert read != _MOSCOW
    assert read == PhoneNumber("+84951234567")


@pytest.mark.parametrize("third", "012345678")
def test_an_8_is_russia_s_only_before_a_9(third: str) -> None:
    """Mobiles begin with 9; all else with 8 first is somewhere in Asia."""
    digits = f"8{third}512345670"

    assert _READER.phone(digits) == PhoneNumber("+" + digits)


@given(st.sampled_from(["", "7", "8", "89", "84"]), st.text("0123456789", max_size=16))
def test_a_caller_is_who_the_digits_say(prefix: str, rest: str) -> None:
    """Another number verifies somebody else."""
    digits = prefix + rest

    said = caught(lambda: _READER.phone(digits), ProtocolError)

    if digits.startswith(("7", "89")) and len(digits) == 11:
        assert said == PhoneNumber("+7" + digits[1:])
    elif 11 <= len(digits) <= 15 and digits[0] not in "07":
        assert said == PhoneNumber("+" + digits)
    else:
        assert isinstance(said, ProtocolError)


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
