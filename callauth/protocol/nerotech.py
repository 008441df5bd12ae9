"""NeroTech on the wire: a robot dictates a code, or the user dials a leased number.

All requests are GETs with the secret key in the query, and three of the four have
effects. The document does not state the HTTP status of errors, so a refusal is read
whatever the status; a success is believed with 2xx only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from attrs import frozen

from ..errors import ConfigurationError, ProtocolError, ProviderError
from ..models.key import LONGEST_KEY, IdempotencyKey
from ..models.phone import PhoneNumber
from ..models.pin import Pin
from ..models.secret import Secret
from . import nerotech_errors
from .address import full_url
from .codec import Reader
from .message import COMMON_HEADERS, Operation, Replay, Request, Response

PROVIDER = "nerotech"
BASE_URL = "https://api.nerotech.ru/api/v1/"
# Long enough to wait 5, 10 and 20 s for a call of our own that is still in progress.
_VOICEMAIL_SECONDS = 75.0
_PIN = re.compile(r"[0-9]{4}")
_CALL_ID = re.compile(r"[0-9]{1,18}")
# A key must never be shared between test and live calls, even by a careless caller.
_TEST_KEY_PREFIX = "test-"


@frozen
class Account:
    """Hold who asks, and where."""

    service_id: int
    secret_key: Secret
    base_url: str = BASE_URL


@frozen(kw_only=True)
class VoicemailReply:
    """Hold a placed voice call; ``lost_zeros`` is a breach of contract that we mend."""

    call_id: str
    pin: Pin
    lost_zeros: bool


class VerifyReply(Enum):
    """Say what ``verify`` knows about the user's call."""

    CALLED = "called"
    NOT_CALLED = "not called"
    ALREADY_VERIFIED = "already verified"


@frozen
class _Voicemail:
    id: int | str
    code: int | str


@frozen
class _Init:
    service_phone: str


@frozen
class _Failure:
    error: int


def voicemail(
    account: Account,
    phone: PhoneNumber,
    *,
    key: IdempotencyKey,
    test: bool = False,
    accept_test: bool = False,
) -> Operation[VoicemailReply]:
    """Build the call that dictates a code.

    The pin of a test call verifies nobody unless ``accept_test`` says so.
    NeroTech, authorisation by a dictated code, method "voicemail".
    Raises ConfigurationError for the key of a test in a live call, and when a test key
    becomes longer than 100 characters.
    """
    reader = Reader(PROVIDER, "voicemail")
    text = _TEST_KEY_PREFIX + key.text if test else key.text
    if not test and key.text.startswith(_TEST_KEY_PREFIX):
        raise ConfigurationError(
            f'expected a key for a live call, got one with "{_TEST_KEY_PREFIX}"'
        )
    if len(text) > LONGEST_KEY:
        raise ConfigurationError(
            f"expected a key of at most {LONGEST_KEY - len(_TEST_KEY_PREFIX)} "
            "characters for a test call"
        )
    query = [*_credentials(account), ("phone", phone.msisdn)]
    query += [("test", "1")] if test else []
    verifies = accept_test or not test
    return Operation(
        request=_request(
            account, reader, "voicemail", [*query, ("idempotency_key", text)]
        ),
        replay=Replay.KEYED,
        reader=lambda response: _read_voicemail(reader, response, verifies=verifies),
        deadline_seconds=_VOICEMAIL_SECONDS,
        key=key,
    )


def check_code(account: Account, call_id: str, pin: Pin) -> Operation[bool]:
    """Build the question whether the code is right; it spends one guess.

    NeroTech, authorisation by a dictated code, method "checkCode". The document states
    neither a limit of guesses nor a lifetime.
    Raises ConfigurationError unless the id is digits and the pin has 4.
    """
    if not isinstance(call_id, str) or not _CALL_ID.fullmatch(call_id):
        raise ConfigurationError("expected a call id of digits, as text")
    if len(pin) != 4:
        raise ConfigurationError(f"expected a pin of 4 digits, got {len(pin)}")
    reader = Reader(PROVIDER, "checkCode")
    query = [
        ("call_id", call_id),
        ("secret_key", account.secret_key.reveal()),
        ("code", pin.reveal()),
    ]
    return Operation(
        request=_request(account, reader, "checkCode", query),
        replay=Replay.ONCE_MORE,
        reader=lambda response: _read_check_code(reader, response),
    )


def incoming_init(account: Account, user: PhoneNumber) -> Operation[PhoneNumber]:
    """Build the lease of a service number that the user dials within 2 minutes.

    NeroTech, outgoing authorisation, method "init".
    """
    reader = Reader(PROVIDER, "incoming/init")
    query = [*_credentials(account), ("user_phone", user.msisdn)]
    return Operation(
        request=_request(account, reader, "incoming/init", query),
        replay=Replay.ONCE_MORE,
        reader=lambda response: _read_init(reader, response),
    )


def incoming_verify(
    account: Account, *, number: PhoneNumber, user: PhoneNumber
) -> Operation[VerifyReply]:
    """Build the question whether the user has called; a success is readable once.

    NeroTech, outgoing authorisation, method "verify".
    """
    reader = Reader(PROVIDER, "incoming/verify")
    query = [
        *_credentials(account),
        ("service_phone", number.msisdn),
        ("user_phone", user.msisdn),
    ]
    return Operation(
        request=_request(account, reader, "incoming/verify", query),
        replay=Replay.CONSUMING,
        reader=lambda response: _read_verify(reader, response),
    )


def _credentials(account: Account) -> list[tuple[str, str]]:
    return [
        ("service_id", str(account.service_id)),
        ("secret_key", account.secret_key.reveal()),
    ]


def _request(
    account: Account, reader: Reader, path: str, query: Sequence[tuple[str, str]]
) -> Request:
    names = "&".join(f"{name}={{{name}}}" for name, _ in query)
    return Request(
        provider=PROVIDER,
        operation=reader.operation,
        method="GET",
        template=f"{account.base_url}{path}?{names}",
        url=full_url(account.base_url, path, query),
        headers=COMMON_HEADERS,
    )


def _read_voicemail(
    reader: Reader, response: Response, *, verifies: bool
) -> VoicemailReply:
    answer = reader.structure(
        _success(reader, response, nerotech_errors.CALL_ERRORS), _Voicemail
    )
    is_number = isinstance(answer.code, int)
    digits = f"{answer.code:04}" if is_number else str(answer.code)
    if not _PIN.fullmatch(digits):
        reader.broken("expected a code of 4 digits")
    return VoicemailReply(
        call_id=reader.identifier(answer.id),
        pin=Pin(digits, verifies=verifies),
        lost_zeros=is_number,
    )


def _read_check_code(reader: Reader, response: Response) -> bool:
    try:
        _success(reader, response, nerotech_errors.CALL_ERRORS)
    except ProviderError as refusal:
        if refusal.code != nerotech_errors.INCORRECT_CODE:
            raise
        return False
    return True


def _read_init(reader: Reader, response: Response) -> PhoneNumber:
    answer = reader.structure(
        _success(reader, response, nerotech_errors.INCOMING_ERRORS), _Init
    )
    number = reader.phone(answer.service_phone)
    if not number.is_plus_7:
        reader.broken("expected a service number in +7")
    return number


def _read_verify(reader: Reader, response: Response) -> VerifyReply:
    try:
        _success(reader, response, nerotech_errors.INCOMING_ERRORS)
    except ProviderError as refusal:
        if refusal.code not in _VERIFY_REPLIES:
            raise
        return _VERIFY_REPLIES[refusal.code]
    return VerifyReply.CALLED


def _success(
    reader: Reader, response: Response, family: nerotech_errors.Family
) -> dict[str, object]:
    status, fields = _status(reader, response)
    if status is False:
        reader.refuse_rate(response)
        failure = reader.structure(fields, _Failure)
        nerotech_errors.refuse(reader, response, failure.error, family)
    reader.require_success_status(response)
    if fields.get("error") is not None:
        reader.broken("expected no error beside status true, got one")
    return fields


def _status(reader: Reader, response: Response) -> tuple[bool, dict[str, object]]:
    """Return the one field that every answer has, and all fields."""
    try:
        fields = reader.json_object(response)
        status = fields.get("status")
        if isinstance(status, bool):
            return status, fields
        reader.broken("expected status true or false")
    except ProtocolError:
        # No documented answer: only now does the HTTP status say something.
        reader.refuse_server_error(response)
        reader.refuse_unauthorised(response, "service_id and secret_key")
        reader.refuse_rate(response)
        raise


_VERIFY_REPLIES = {
    nerotech_errors.NOT_FOUND: VerifyReply.NOT_CALLED,
    nerotech_errors.ALREADY_VERIFY: VerifyReply.ALREADY_VERIFIED,
}
