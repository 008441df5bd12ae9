"""What is refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from callauth import ScriptedTransport, TelefonIPClient
from callauth.errors import ConfigurationError
from callauth.models.key import IdempotencyKey
from callauth.models.phone import PhoneNumber
from callauth.models.pin import Pin
from callauth.protocol import callpass, nerotech, telefonip
from tests.support.canaries import Canaries
from tests.support.refusals import refused

_ABROAD = PhoneNumber("+442079460018")
# Numbers in +7 that are no Russian mobiles: Moscow, a service number, Kazakhstan.
_NO_MOBILES = [
    PhoneNumber(f"+7{ten}") for ten in ("4951234567", "8001234567", "7011234567")
]


@pytest.mark.parametrize("timeout", [1, 0, -5, 100, 30.0, "30", True, None])
def test_a_ring_outside_2_to_99_seconds_is_refused(
    timeout: int, canaries: Canaries
) -> None:
    """The provider's limits, checked before anything rings."""
    with refused(ConfigurationError, match="2 to 99 whole seconds"):
        callpass.start_call_password(
            callpass.Account(canaries.secret()),
            canaries.phone(),
            timeout_seconds=timeout,
            asynchronous=True,
        )


def test_version_1_has_no_asynchronous_calls(canaries: Canaries) -> None:
    """It would ignore the flag and answer late."""
    with refused(ConfigurationError, match=r"v2\.0 or v3\.0 for asynchronous"):
        callpass.start_call_password(
            callpass.Account(canaries.secret(), "v1.0"),
            canaries.phone(),
            timeout_seconds=30,
            asynchronous=True,
        )


def test_version_1_has_no_status(canaries: Canaries) -> None:
    """The method came with version 2."""
    with refused(ConfigurationError, match="which know a status"):
        callpass.get_call_password_status(
            callpass.Account(canaries.secret(), "v1.0"), "1"
        )


@pytest.mark.parametrize("call_id", ["", " ", "a b", "ключ", "a\n", "x" * 65, 17, None])
def test_a_call_id_is_short_printable_text(call_id: str, canaries: Canaries) -> None:
    """It comes back from callers who stored it."""
    with refused(ConfigurationError, match="call id of a placed call"):
        callpass.get_call_password_status(callpass.Account(canaries.secret()), call_id)


@pytest.mark.parametrize(
    "call_id", ["", "abc", "-1", "1/../2", "1&x=1", "１", "1" * 19, 103000, None]
)
def test_a_call_id_of_nerotech_is_digits(call_id: str, canaries: Canaries) -> None:
    """Nothing else may enter the query."""
    with refused(ConfigurationError, match="call id of digits, as text"):
        nerotech.check_code(
            nerotech.Account(1234, canaries.secret()), call_id, Pin("0777")
        )


@pytest.mark.parametrize("digits", [5, 6, 7])
def test_a_code_of_nerotech_has_4_digits(digits: int, canaries: Canaries) -> None:
    """A longer pin is another provider's, and would spend a guess."""
    with refused(ConfigurationError, match=f"pin of 4 digits, got {digits}"):
        nerotech.check_code(
            nerotech.Account(1234, canaries.secret()), "1", canaries.pin(digits)
        )


@pytest.mark.parametrize("lease_id", [-1, "122760", 1.0, True, None, "122760/../../x"])
def test_a_lease_id_is_a_whole_number(lease_id: int, canaries: Canaries) -> None:
    """It enters a path: a text could climb to another operation."""
    with refused(ConfigurationError, match="whole number"):
        telefonip.reverse_auth_phone_check(
            telefonip.Account(canaries.secret()), lease_id
        )


def test_callpass_is_not_asked_to_ring_abroad(canaries: Canaries) -> None:
    """It serves +7 only."""
    with refused(ConfigurationError, match="callpass serves no other"):
        callpass.start_call_password(
            callpass.Account(canaries.secret()),
            _ABROAD,
            timeout_seconds=30,
            asynchronous=True,
        )


@pytest.mark.parametrize("phone", [_ABROAD, *_NO_MOBILES])
def test_telefon_ip_is_asked_about_russian_mobiles_only(
    phone: PhoneNumber, canaries: Canaries
) -> None:
    """In answers 8 begins a Russian number only before a 9: no other is recognised."""
    account = telefonip.Account(canaries.secret())

    with refused(ConfigurationError, match=r"\+7 9… number: telefon-ip serves"):
        telefonip.reverse_auth_phone_get(account, phone)
    with refused(ConfigurationError, match=r"\+7 9… number: telefon-ip serves"):
        telefonip.reverse_auth_phone_post(account, phone, webhook=canaries.secret())


@pytest.mark.parametrize("phone", [_ABROAD, *_NO_MOBILES])
async def test_nothing_is_sent_about_another_number(
    phone: PhoneNumber, canaries: Canaries
) -> None:
    """A leased number costs, and nobody could be verified with it."""
    script = ScriptedTransport()
    async with TelefonIPClient(canaries.secret(), transport=script) as client:
        with refused(ConfigurationError, match="telefon-ip serves no other"):
            await client.reverse_auth_phone_get(phone)
        with refused(ConfigurationError, match="telefon-ip serves no other"):
            await client.reverse_auth_phone_post(phone, webhook="https://app.example/")

    assert script.requests == []


def test_an_unknown_encoding_is_refused(canaries: Canaries) -> None:
    """A misspelt word must not show number and webhook in a traceback."""
    encoding: Any = "xml"

    with refused(ConfigurationError):
        telefonip.reverse_auth_phone_post(
            telefonip.Account(canaries.secret()),
            canaries.phone(),
            webhook=canaries.secret(),
            encoding=encoding,
        )


def test_the_key_of_a_test_is_refused_in_a_live_call(canaries: Canaries) -> None:
    """Its result may be replayed, and rang nobody."""
    account = nerotech.Account(1234, canaries.secret())

    with refused(ConfigurationError, match="a key for a live call"):
        nerotech.voicemail(account, canaries.phone(), key=IdempotencyKey("test-1"))


def test_a_key_that_grows_too_long_is_refused(canaries: Canaries) -> None:
    """The provider would cut it, and two attempts could share what is left."""
    account = nerotech.Account(1234, canaries.secret())
    longest = IdempotencyKey("k" * 100)

    assert nerotech.voicemail(account, canaries.phone(), key=longest).key == longest
    with refused(ConfigurationError, match="at most 95 characters for a test call"):
        nerotech.voicemail(account, canaries.phone(), key=longest, test=True)
