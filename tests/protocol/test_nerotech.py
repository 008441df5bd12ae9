from __future__ import annotations

from typing import Any

import pytest

from callauth.errors import (
    AuthenticationFailed,
    ProtocolError,
    ProviderError,
    RateLimited,
    TestModeRefused,
)
from callauth.models.key import IdempotencyKey
from callauth.models.phone import PhoneNumber
from callauth.models.pin import Pin
from callauth.protocol import nerotech
from callauth.protocol.nerotech import VoicemailReply
from tests.support.answers import Said, answer, reading
from tests.support.canaries import Canaries
from tests.support.operations import operations
from tests.support.refusals import refused

_BROKEN = Said(ProtocolError)


def _read(name: str, canaries: Canaries, document: object, **more: Any) -> object:  # noqa: ANN401 - passed on
    return reading(operations(canaries)[name], answer(document, **more))


@pytest.mark.parametrize(
    ("code", "digits", "lost_zeros"),
    [
        ("7777", "7777", False),
        ("0000", "0000", False),
        (7777, "7777", True),
        (777, "0777", True),
        (7, "0007", True),
        (0, "0000", True),
    ],
)
def test_a_code_is_4_digits(
    code: object,
    digits: str,
    lost_zeros: bool,  # noqa: FBT001 - a case
    canaries: Canaries,
) -> None:
    """An integer lost its leading zeros: they are put back, and it is said so."""
    said = _read("voicemail", canaries, {"status": True, "id": 1, "code": code})

    assert said == VoicemailReply(call_id="1", pin=Pin(digits), lost_zeros=lost_zeros)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "777",
        "77777",
        "7777 ",
        "٧٧٧٧",
        "７７７７",
        "777a",
        "+777",
        None,
        True,
        12345,
        -1,
        -777,
        777.0,
        1e3,
        ["7777"],
        {"code": "7777"},
    ],
)
def test_another_code_is_unknown_not_mended(code: object, canaries: Canaries) -> None:
    """The phone may be ringing with a code that we do not know."""
    said = _read("voicemail", canaries, {"status": True, "id": 1, "code": code})

    assert said == _BROKEN


@pytest.mark.parametrize(
    ("call_id", "kept"),
    [
        (103000, "103000"),
        ("103000", "103000"),
        ("000123", "000123"),
        (0, "0"),
        (10**18 - 1, "9" * 18),
    ],
)
def test_an_id_is_kept_as_it_came(
    call_id: object, kept: str, canaries: Canaries
) -> None:
    """It is sent back unchanged."""
    said = _read("voicemail", canaries, {"status": True, "id": call_id, "code": "0777"})

    assert said == VoicemailReply(call_id=kept, pin=Pin("0777"), lost_zeros=False)


@pytest.mark.parametrize(
    "call_id",
    [-1, 1.0, True, None, "", "a1", "1 ", "１", "1/../2", 10**18, "9" * 19, [1]],
)
def test_another_id_is_not_believed(call_id: object, canaries: Canaries) -> None:
    """No answer may steer a later request."""
    said = _read("voicemail", canaries, {"status": True, "id": call_id, "code": "0777"})

    assert said == _BROKEN


def test_the_pin_of_a_test_call_verifies_nobody(canaries: Canaries) -> None:
    """Test mode is always successful and rings nobody."""
    built = operations(canaries)
    good = answer({"status": True, "id": 1, "code": "0777"})

    assert built["voicemail"].read(good).pin.matches("0777")
    with refused(TestModeRefused):
        built["test voicemail"].read(good).pin.matches("0777")


def test_an_application_may_opt_in_to_test_calls(canaries: Canaries) -> None:
    """Its own staging has no telephones."""
    operation = nerotech.voicemail(
        nerotech.Account(1, canaries.secret()),
        canaries.phone(),
        key=IdempotencyKey.new(),
        test=True,
        accept_test=True,
    )
    reply = operation.read(answer({"status": True, "id": 1, "code": "0777"}))

    assert reply.pin.matches("0777")


_NAMES = ["voicemail", "checkCode", "incoming/init", "incoming/verify"]
_GOOD: dict[str, Any] = {"id": 1, "code": "0777", "service_phone": "79123456789"}


@pytest.mark.parametrize(
    "status", [None, 1, 0, "true", "false", "success", "", [], [True], 1.0, {}]
)
@pytest.mark.parametrize("name", _NAMES)
def test_only_true_is_true(name: str, status: object, canaries: Canaries) -> None:
    """A status that is merely truthy was not documented to mean yes."""
    assert _read(name, canaries, {**_GOOD, "status": status}) == _BROKEN


@pytest.mark.parametrize("name", _NAMES)
def test_a_missing_status_is_no_success(name: str, canaries: Canaries) -> None:
    """Silence is no consent."""
    assert _read(name, canaries, _GOOD) == _BROKEN


@pytest.mark.parametrize("error", [0, 5, 6, 13, "", "5", False, []])
@pytest.mark.parametrize("name", _NAMES)
def test_true_with_an_error_is_no_success(
    name: str, error: object, canaries: Canaries
) -> None:
    """Code 0 is an error: its presence counts, never its truth."""
    said = _read(name, canaries, {**_GOOD, "status": True, "error": error})

    assert said == _BROKEN


@pytest.mark.parametrize("name", _NAMES)
def test_an_error_that_is_null_is_none(name: str, canaries: Canaries) -> None:
    """Some serialisers write every field."""
    said = _read(name, canaries, {**_GOOD, "status": True, "error": None})

    assert not isinstance(said, Said)


@pytest.mark.parametrize("error", ["5", 5.0, None, True, False, [5], {}])
@pytest.mark.parametrize("name", _NAMES)
def test_a_refusal_without_a_number_is_not_believed(
    name: str, error: object, canaries: Canaries
) -> None:
    """Text is no number: a wrong code must be said in the documented way."""
    assert _read(name, canaries, {"status": False, "error": error}) == _BROKEN
    assert _read(name, canaries, {"status": False}) == _BROKEN


@pytest.mark.parametrize("code", [-1, 79991234567, 10**12])
@pytest.mark.parametrize("name", _NAMES)
def test_what_is_no_code_is_not_shown(name: str, code: int, canaries: Canaries) -> None:
    """It could be a number or a pin."""
    said = _read(name, canaries, {"status": False, "error": code})

    assert said == Said(ProviderError, None, "UNKNOWN_ERROR")


@pytest.mark.parametrize("code", [14, 99, 999])
@pytest.mark.parametrize("name", _NAMES)
def test_an_unknown_code_is_a_final_failure(
    name: str, code: int, canaries: Canaries
) -> None:
    """It is never a success, whatever a later version means by it."""
    said = _read(name, canaries, {"status": False, "error": code})

    assert said == Said(ProviderError, code, "UNKNOWN_ERROR")


def test_a_disabled_project_is_found_in_its_family_only(canaries: Canaries) -> None:
    """One table per family: 0 means nothing to the other."""
    document = {"status": False, "error": 0}

    assert _read("incoming/init", canaries, document) == Said(
        AuthenticationFailed, 0, "SERVICE_DISABLED"
    )
    assert _read("voicemail", canaries, document) == Said(
        ProviderError, 0, "UNKNOWN_ERROR"
    )


@pytest.mark.parametrize(
    ("phone", "e164"),
    [("79123456789", "+79123456789"), ("89123456789", "+79123456789")],
)
def test_a_service_number_is_read(phone: str, e164: str, canaries: Canaries) -> None:
    """The user must dial it, so it is read as strictly as the user's own."""
    said = _read("incoming/init", canaries, {"status": True, "service_phone": phone})

    assert said == PhoneNumber(e164)


@pytest.mark.parametrize(
    "phone",
    [
        79123456789,
        "+79123456789",
        "9123456789",
        "7912345678",
        "",
        None,
        "442079460018",
        "791234567890",
        "7 912 345 67 89",
        "7912345678９",
        "<b>79123456789</b>",
    ],
)
def test_another_service_number_is_not_believed(
    phone: object, canaries: Canaries
) -> None:
    """A number abroad would cost the user a call abroad."""
    said = _read("incoming/init", canaries, {"status": True, "service_phone": phone})

    assert said == _BROKEN


def test_an_early_retry_of_a_confirmed_number_is_not_advised(
    canaries: Canaries,
) -> None:
    """Until 125 s have passed, the earlier call could satisfy the new attempt."""
    document = {"status": False, "error": 13}
    early = {"retry-after": "5"}

    said = _read("incoming/init", canaries, document, headers=early)

    assert said == Said(RateLimited, 13, "ALREADY_VERIFY", retry_after=125.0)


@pytest.mark.parametrize(("after", "seconds"), [("40", 40.0), ("0", 0.0), (None, None)])
def test_a_limit_for_the_number_says_how_long(
    after: str | None, seconds: float | None, canaries: Canaries
) -> None:
    """Presence counts here too: 0 is an answer."""
    document = {"status": False, "error": 11}
    headers = {} if after is None else {"retry-after": after}

    said = _read("voicemail", canaries, document, headers=headers)

    assert said == Said(RateLimited, 11, "LIMIT_CALLS", retry_after=seconds)


@pytest.mark.parametrize("code", [5, 6, 9, 13])
@pytest.mark.parametrize("name", _NAMES)
def test_429_is_a_limit_whatever_the_body_says(
    name: str, code: int, canaries: Canaries
) -> None:
    """It was refused before it was looked at: the same request is sent again."""
    said = _read(name, canaries, {"status": False, "error": code}, status=429)

    assert said == Said(RateLimited, None, "HTTP 429")
