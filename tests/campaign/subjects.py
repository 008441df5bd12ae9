"""Subjects: every reader of an answer, valid answers to it, and the second opinion."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from callauth.models.key import IdempotencyKey
from callauth.models.phone import PhoneNumber
from callauth.models.pin import Pin
from callauth.models.secret import Secret
from callauth.protocol import callpass, nerotech, telefonip
from callauth.protocol.message import Response

from . import opinion
from .opinion import Opinion

_USER = PhoneNumber("+79243555100")
_LEASE_ID = 122760
CALL_ID = "8f3b2c32-ea06-43d2-856f-2ae05d6f86c6"
_OTHER_ID = "8f3b2c32-ea06-43d2-856f-2ae05d6f86c7"
_NERO_FAILURE = '{"status": false, "error": 6}'


@frozen(kw_only=True)
class Subject:
    """Hold one reader. Its name begins with that of the client's method.

    ``samples`` are valid answers, no two of which say the same.
    """

    name: str
    read: Callable[[Response], object]
    samples: tuple[str, ...]
    is_backed: Opinion


def subjects() -> list[Subject]:
    """Return every operation that is answered, and the webhook."""
    return [*_of_nerotech(), *_of_telefonip(), *_of_callpass()]


def _of_nerotech() -> list[Subject]:
    account = nerotech.Account(1234, Secret("key"))
    return [
        Subject(
            name="voicemail",
            read=nerotech.voicemail(account, _USER, key=IdempotencyKey("k")).read,
            samples=(
                '{"status": true, "id": 103000, "code": "0777"}',
                '{"status": true, "id": 103000, "code": "0778"}',
                '{"status": true, "id": 103001, "code": "0777"}',
                '{"status": true, "id": 103000, "code": 777}',
                _NERO_FAILURE,
            ),
            is_backed=opinion.voicemail,
        ),
        Subject(
            name="check_code",
            read=nerotech.check_code(account, "103000", Pin("0777")).read,
            samples=('{"status": true}', '{"status": false, "error": 5}'),
            is_backed=opinion.check_code,
        ),
        Subject(
            name="incoming_init",
            read=nerotech.incoming_init(account, _USER).read,
            samples=(
                '{"status": true, "service_phone": "79123456789"}',
                '{"status": true, "service_phone": "79123456780"}',
                _NERO_FAILURE,
            ),
            is_backed=opinion.incoming_init,
        ),
        Subject(
            name="incoming_verify",
            read=nerotech.incoming_verify(account, number=_USER, user=_USER).read,
            samples=(
                '{"status": true}',
                _NERO_FAILURE,
                '{"status": false, "error": 13}',
            ),
            is_backed=opinion.incoming_verify,
        ),
    ]


def _of_telefonip() -> list[Subject]:
    account, user = telefonip.Account(Secret("token")), _USER
    webhook = Secret("https://app.example/hook")
    leases = (
        _lease("79644115786", 122760),
        _lease("79644115780", 122760),
        _lease("79644115786", 122761),
        '{"success": false, "error": "no", "data": {}}',
    )
    return [
        Subject(
            name="reverse_auth_phone_get",
            read=telefonip.reverse_auth_phone_get(account, user).read,
            samples=leases,
            is_backed=opinion.lease,
        ),
        Subject(
            name="reverse_auth_phone_post",
            read=telefonip.reverse_auth_phone_post(account, user, webhook=webhook).read,
            samples=leases,
            is_backed=opinion.lease,
        ),
        Subject(
            name="reverse_auth_phone_check",
            read=telefonip.reverse_auth_phone_check(account, _LEASE_ID).read,
            samples=(
                _called("89243555100"),
                _called("89243555101"),
                '{"success": false, "error": "id record not found", "data": {}}',
                '{"success": true, "error": "", "data": {"status": "expired"}}',
            ),
            is_backed=opinion.check_of(_LEASE_ID),
        ),
        Subject(
            name="parse_webhook",
            read=_read_webhook,
            samples=(
                "success=True&phone=89243555100&id=000123",
                "success=False&phone=89243555100&id=000123",
                "success=True&phone=89243555101&id=000123",
                "success=True&phone=89243555100&id=000124",
            ),
            is_backed=opinion.webhook,
        ),
    ]


def _of_callpass() -> list[Subject]:
    account = callpass.Account(Secret("token"))
    status = callpass.get_call_password_status(account, CALL_ID)
    return [
        *(_start(version) for version in callpass.VERSIONS),
        Subject(
            name="get_call_password_status",
            read=status.read,
            samples=(
                _ended("NORMAL_CLEARING"),
                _ended("NO_ANSWER"),
                _ended("null"),
                '{"status": "error", "message": "can\'t find callid"}',
            ),
            is_backed=opinion.status_of(CALL_ID),
        ),
    ]


def _start(version: callpass.Version) -> Subject:
    account = callpass.Account(Secret("token"), version)
    name = "pin" if version == "v1.0" else "phone"
    code = "2214610" if version == "v3.0" else "0777"
    operation = callpass.start_call_password(
        account, _USER, timeout_seconds=30, asynchronous=version != "v1.0"
    )
    return Subject(
        name=f"start_call_password {version}",
        read=operation.read,
        samples=(
            _started(CALL_ID, name, code, "null"),
            _started(_OTHER_ID, name, code, "null"),
            _started(CALL_ID, name, code[:-1] + "9", "null"),
            _started(CALL_ID, name, code, "USER_BUSY"),
            '{"status": "success", "message": "balance is lower than limit"}',
        ),
        is_backed=opinion.start,
    )


def _read_webhook(response: Response) -> object:
    return telefonip.parse_webhook(response.body.decode("utf-8", "surrogateescape"))


def _lease(number: str, lease_id: int) -> str:
    return (
        f'{{"success": true, "error": "", "data": {{"auth_phone": "{number}", '
        f'"id": {lease_id}, "url_image": "https://x", "url_link": "<a>"}}}}'
    )


def _called(phone: str) -> str:
    content = f'{{"phone": "{phone}", "id": {_LEASE_ID}}}'
    return f'{{"success": true, "error": "", "data": {content}}}'


def _started(call_id: str, name: str, code: str, result: str) -> str:
    return (
        f'{{"status": "success", "data": {{"callid": "{call_id}", '
        f'"{name}": "{code}", "result": "{result}"}}}}'
    )


def _ended(result: str) -> str:
    content = f'{{"callid": "{CALL_ID}", "result": "{result}"}}'
    return f'{{"status": "success", "data": {content}}}'
