"""Each sample answer, read whole.

The files are copied from the providers' documents; ``samples/README.md`` is their
index.
"""

from __future__ import annotations

import pytest

from callauth.errors import (
    AuthenticationFailed,
    CallInProgress,
    InsufficientFunds,
    NumberBlocked,
    NumberInvalid,
    NumberRejected,
    ProtocolError,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
)
from callauth.models.cause import HangupCause
from callauth.models.phone import PhoneNumber
from callauth.models.pin import Pin
from callauth.protocol.callpass import StartReply, StatusReply
from callauth.protocol.nerotech import VerifyReply, VoicemailReply
from callauth.protocol.telefonip import CheckReply, LeaseReply
from tests.support.answers import SAMPLES, Said, reading, sample
from tests.support.canaries import Canaries
from tests.support.operations import operations

_BROKEN = Said(ProtocolError)
_LEASE = LeaseReply(number=PhoneNumber("+79644115786"), lease_id=122760)
_CALL_ID = "58597b21-2a59-480a-a3f0-96a1eec77ae9"
_V2 = StartReply(call_id=_CALL_ID, pin=Pin("4610"), cause=None)
_V3 = StartReply(call_id=_CALL_ID, pin=Pin("2214610"), cause=None)
_SYNC = StartReply(
    call_id="527f2b9b-1124-4c6f-a5fb-b9b239d923e4",
    pin=Pin("0446"),
    cause=HangupCause("NO_ANSWER"),
)
_GENERAL = StartReply(
    call_id="8f3b2c32-ea06-43d2-856f-2ae05d6f86c6", pin=Pin("7127"), cause=None
)
_DESTINATION = Said(
    NumberRejected, None, "DESTINATION_NOT_ALLOWED", "destination not allowed"
)
_LOW_BALANCE = Said(
    InsufficientFunds,
    None,
    "LOW_BALANCE",
    "balance is lower than limit for that call",
)
_NOT_FOUND = Said(ProviderError, None, "CALL_NOT_FOUND", "can't find callid")
_STARTS = ("start v1.0", "start v2.0", "start v3.0")
_STATUSES = ("status v2.0", "status v3.0")


def _voice(
    code: str, *, lost_zeros: bool = False, verifies: bool = True
) -> VoicemailReply:
    pin = Pin(code, verifies=verifies)
    return VoicemailReply(call_id="103000", pin=pin, lost_zeros=lost_zeros)


_NEROTECH = [
    ("nerotech/voicemail_as_printed", "voicemail", _BROKEN),
    ("nerotech/voicemail_repaired", "voicemail", _voice("7777")),
    (
        "nerotech/voicemail_repaired",
        "test voicemail",
        _voice("7777", verifies=False),
    ),
    ("nerotech/voicemail_leading_zero", "voicemail", _voice("0777")),
    (
        "nerotech/voicemail_integer_code",
        "voicemail",
        _voice("0777", lost_zeros=True),
    ),
    ("nerotech/voicemail_refused_as_printed", "voicemail", _BROKEN),
    (
        "nerotech/voicemail_refused_repaired",
        "voicemail",
        Said(ProviderError, 1, "INCORRECT_ANY_PARAMETER"),
    ),
    ("nerotech/check_code_as_printed", "checkCode", _BROKEN),
    ("nerotech/check_code_repaired", "checkCode", True),
    ("nerotech/check_code_refused_as_printed", "checkCode", _BROKEN),
    ("nerotech/check_code_refused_repaired", "checkCode", False),
    ("nerotech/init_as_printed", "incoming/init", _BROKEN),
    ("nerotech/init_repaired", "incoming/init", PhoneNumber("+79123456789")),
    ("nerotech/init_refused_as_printed", "incoming/init", _BROKEN),
    (
        "nerotech/init_refused_repaired",
        "incoming/init",
        Said(ProviderError, 1, "INCORRECT_ANY_PARAMETER"),
    ),
    ("nerotech/verify_as_printed", "incoming/verify", _BROKEN),
    ("nerotech/verify_repaired", "incoming/verify", VerifyReply.CALLED),
    ("nerotech/verify_refused_as_printed", "incoming/verify", _BROKEN),
    ("nerotech/verify_refused_repaired", "incoming/verify", VerifyReply.NOT_CALLED),
]
_UNKNOWN = (ProviderError, "UNKNOWN_ERROR")
_CALL_FAMILY: dict[int, tuple[type[ProviderError], str]] = {
    0: _UNKNOWN,
    1: (ProviderError, "INCORRECT_ANY_PARAMETER"),
    2: (NumberInvalid, "INCORRECT_PHONE"),
    3: (AuthenticationFailed, "INCORRECT_SERVICE_OR_KEY"),
    4: (ProviderUnavailable, "FAIL_BACKEND"),
    5: (ProviderError, "INCORRECT_CODE"),
    6: (ProviderError, "NOT_FOUND"),
    7: (InsufficientFunds, "EMPTY_BALANCE"),
    8: (InsufficientFunds, "CALLS_ENDED"),
    9: (CallInProgress, "ALREADY_CALL"),
    10: (ProviderError, "FAIL_CALL"),
    11: (RateLimited, "LIMIT_CALLS"),
    12: (NumberBlocked, "BLOCKED_PHONE"),
    13: _UNKNOWN,
    14: _UNKNOWN,
}
_INCOMING_FAMILY: dict[int, tuple[type[ProviderError], str]] = {
    **_CALL_FAMILY,
    0: (AuthenticationFailed, "SERVICE_DISABLED"),
    5: _UNKNOWN,
    9: _UNKNOWN,
    13: (RateLimited, "ALREADY_VERIFY"),
}


def _call_errors() -> list[tuple[str, str, object]]:
    cases: list[tuple[str, str, object]] = []
    for code, (error, meaning) in _CALL_FAMILY.items():
        name = f"nerotech/call_error_{code:02}"
        said = Said(error, code, meaning)
        cases.append((name, "voicemail", said))
        cases.append((name, "checkCode", False if code == 5 else said))
    return cases


def _incoming_errors() -> list[tuple[str, str, object]]:
    replies = {6: VerifyReply.NOT_CALLED, 13: VerifyReply.ALREADY_VERIFIED}
    cases: list[tuple[str, str, object]] = []
    for code, (error, meaning) in _INCOMING_FAMILY.items():
        name = f"nerotech/incoming_error_{code:02}"
        after = 125.0 if code == 13 else None
        said = Said(error, code, meaning, retry_after=after)
        cases.append((name, "incoming/init", said))
        cases.append((name, "incoming/verify", replies.get(code, said)))
    return cases


_TELEFONIP = [
    ("telefonip/lease_as_printed", "get", _BROKEN),
    ("telefonip/lease_repaired", "get", _LEASE),
    ("telefonip/lease_repaired", "post", _LEASE),
    ("telefonip/check", "check", PhoneNumber("+79243555100")),
    ("telefonip/check_nothing_yet", "check", CheckReply.PENDING),
    ("telefonip/check_phone_empty", "check", CheckReply.PENDING),
    ("telefonip/check_expired", "check", CheckReply.EXPIRED),
    ("telefonip/id_not_found", "check", CheckReply.PENDING),
    (
        "telefonip/id_not_found",
        "get",
        Said(ProviderError, None, "REFUSED", "id record not found"),
    ),
]
_CALLPASS = [
    *(("callpass/start_sync", start, _SYNC) for start in _STARTS),
    *(("callpass/start_v2", start, _V2) for start in _STARTS),
    *(("callpass/start_v3", start, _V3) for start in _STARTS),
    *(("callpass/general", start, _GENERAL) for start in _STARTS),
    *(
        ("callpass/start_destination_not_allowed", start, _DESTINATION)
        for start in _STARTS
    ),
    *(("callpass/low_balance", start, _LOW_BALANCE) for start in _STARTS),
    *(("callpass/low_balance", status, _LOW_BALANCE) for status in _STATUSES),
    (
        "callpass/error",
        "start v3.0",
        Said(ProviderError, None, "REFUSED", "method is not found"),
    ),
    (
        "callpass/error",
        "status v2.0",
        Said(ProviderError, None, "REFUSED", "method is not found"),
    ),
    (
        "callpass/error_without_message",
        "start v3.0",
        Said(ProviderError, None, "REFUSED"),
    ),
    *(
        ("callpass/status", status, StatusReply(cause=HangupCause("NORMAL_CLEARING")))
        for status in _STATUSES
    ),
    *(
        ("callpass/status_call_not_found", s, StatusReply(cause=None, found=False))
        for s in _STATUSES
    ),
]
_CASES: list[tuple[str, str, object]] = [
    *_NEROTECH,
    *_call_errors(),
    *_incoming_errors(),
    *_TELEFONIP,
    *_CALLPASS,
]


@pytest.mark.parametrize(("name", "operation", "expected"), _CASES)
def test_a_sample_reads_as(
    name: str, operation: str, expected: object, canaries: Canaries
) -> None:
    """The documents' own answers are the first thing that must be understood."""
    said = reading(operations(canaries)[operation], sample(name))

    assert said == expected
    assert type(said) is type(expected)


@pytest.mark.parametrize("code", range(15))
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500, 503])
def test_a_refusal_of_nerotech_is_read_whatever_the_status(
    code: int, status: int, canaries: Canaries
) -> None:
    """The document does not say which HTTP status an error has."""
    voicemail = operations(canaries)["voicemail"]
    name = f"nerotech/call_error_{code:02}"

    said = reading(voicemail, sample(name, status=status))

    error, meaning = _CALL_FAMILY[code]
    assert said == Said(error, code, meaning)


def test_every_sample_is_read_by_a_case() -> None:
    """A file that nobody reads proves nothing."""
    files = {str(path.relative_to(SAMPLES)) for path in SAMPLES.rglob("*.json")}

    assert {f"{name}.json" for name, _, _ in _CASES} == files


def test_the_index_names_every_repair() -> None:
    """Somebody who compares a sample with the document must know what was changed."""
    index = (SAMPLES / "README.md").read_text()
    repaired = [path.stem for path in SAMPLES.rglob("*_repaired.json")]

    assert [name for name in repaired if name not in index] == []
