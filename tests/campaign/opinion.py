"""Opinion: a second, plain reading of an answer, written apart from the readers.

It backs a reply only when everything that the reply says stands in the bytes: the
digits of a number, the id, the code, how a call ended. An answer that doubles a key,
comes from a cache, is encoded or has another status than 2xx backs no success.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NoReturn, TypeAlias, TypeGuard
from urllib.parse import unquote_plus

from attrs import frozen

from callauth import HangupCause, PhoneNumber, WebhookHint
from callauth.protocol.callpass import StartReply, StatusReply
from callauth.protocol.message import Response
from callauth.protocol.nerotech import VerifyReply, VoicemailReply
from callauth.protocol.telefonip import CheckReply, LeaseReply

Fields: TypeAlias = dict[str, object]
Opinion: TypeAlias = Callable[[object, Response], bool]

# As the providers' documents name them.
_WRONG_CODE, _NOT_FOUND, _ALREADY_VERIFIED = 5, 6, 13
_CAUSES = ("NORMAL_CLEARING", "NO_ANSWER", "USER_BUSY")


def voicemail(reply: object, response: Response) -> bool:
    """Back the id and the code of a voice call."""
    fields = _yes(response, "status", is_yes=True)
    if not isinstance(reply, VoicemailReply):
        return False
    code = fields.get("code")
    # A number is documented nowhere, and taken with its zeros put back.
    spelled = f"{code:04}" if _is_number(code) else code
    return (
        reply.pin.reveal() == spelled
        and len(str(spelled)) == 4
        and reply.lost_zeros is _is_number(code)
        and reply.call_id == _digits(fields.get("id"))
    )


def check_code(reply: object, response: Response) -> bool:
    """Back "right" and "wrong"."""
    if reply is True:
        return bool(_yes(response, "status", is_yes=True))
    return reply is False and _refused(response) == _WRONG_CODE


def incoming_init(reply: object, response: Response) -> bool:
    """Back the service number."""
    fields = _yes(response, "status", is_yes=True)
    return _is_number_of(reply, fields.get("service_phone"))


def incoming_verify(reply: object, response: Response) -> bool:
    """Back "called", "not called" and "already verified"."""
    if reply is VerifyReply.CALLED:
        return bool(_yes(response, "status", is_yes=True))
    codes = {
        VerifyReply.NOT_CALLED: _NOT_FOUND,
        VerifyReply.ALREADY_VERIFIED: _ALREADY_VERIFIED,
    }
    return isinstance(reply, VerifyReply) and _refused(response) == codes[reply]


def lease(reply: object, response: Response) -> bool:
    """Back the leased number and its id."""
    content = _content(_yes(response, "success", is_yes=True))
    return (
        isinstance(reply, LeaseReply)
        and _is_number_of(reply.number, content.get("auth_phone"))
        and _is_same_id(reply.lease_id, content.get("id"))
    )


def check_of(lease_id: int) -> Opinion:
    """Return what backs the caller, or that nobody called, about that lease."""

    def check(reply: object, response: Response) -> bool:
        content = _content(_yes(response, "success", is_yes=True))
        is_ours = _is_same_id(lease_id, content.get("id"))
        is_over = _content(_fields(response)).get("status") == "expired"
        if reply is CheckReply.EXPIRED:
            return is_over
        if reply is CheckReply.PENDING:
            return not is_over and not (is_ours and _is_mobile(content.get("phone")))
        return is_ours and _is_number_of(reply, content.get("phone"))

    return check


def start(reply: object, response: Response) -> bool:
    """Back the id, the code and the end of a missed call."""
    content = _content(_yes(response, "status", is_yes="success"))
    codes = {content.get(name) for name in ("pin", "phone") if content.get(name)}
    return (
        isinstance(reply, StartReply)
        and content.get("callid") == reply.call_id
        and codes == {reply.pin.reveal()}
        and _is_end(reply.cause, content.get("result"))
    )


def status_of(call_id: str) -> Opinion:
    """Return what backs the end of that call."""

    def status(reply: object, response: Response) -> bool:
        if not isinstance(reply, StatusReply):
            return False
        if not reply.found:
            return reply.cause is None and b"can't find callid" in response.body
        content = _content(_yes(response, "status", is_yes="success"))
        is_ours = content.get("callid") == call_id
        return is_ours and _is_end(reply.cause, content.get("result"))

    return status


def webhook(reply: object, response: Response) -> bool:
    """Back every field of a webhook's query."""
    query = response.body.decode("utf-8", "surrogateescape").removeprefix("?")
    pairs = [pair.split("=", 1) for pair in query.split("&")]
    names = [unquote_plus(pair[0]) for pair in pairs]
    fields = {unquote_plus(pair[0]): unquote_plus(pair[-1]) for pair in pairs}
    return (
        isinstance(reply, WebhookHint)
        and len(names) == len(set(names))
        and fields.get("success") == str(reply.success)
        and _is_number_of(reply.phone, fields.get("phone"))
        and _is_same_id(reply.lease_id, fields.get("id"))
    )


def _fields(response: Response) -> Fields:
    """Return the body's fields, none when it cannot be read without a doubt."""
    if {"age", "content-encoding"} & response.headers.keys():
        return {}
    try:
        document = json.loads(
            response.body.decode(), object_pairs_hook=_once, parse_constant=_refuse
        )
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _once(pairs: list[tuple[str, object]]) -> Fields:
    names = [name for name, _ in pairs]
    if len(names) > len(set(names)):
        raise ValueError("a key twice")
    return dict(pairs)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


@frozen
class _Word:
    """Compare with the type, since 1 equals True."""

    type: type
    value: object

    @classmethod
    def of(cls, value: object) -> _Word:
        return cls(type(value), value)


def _yes(response: Response, name: str, *, is_yes: object) -> Fields:
    """Return the fields of a success, none of anything else."""
    fields = _fields(response)
    is_good = 200 <= response.status < 300
    return fields if is_good and _Word.of(fields.get(name)) == _Word.of(is_yes) else {}


def _refused(response: Response) -> int | None:
    fields = _fields(response)
    code = fields.get("error")
    return code if fields.get("status") is False and _is_number(code) else None


def _content(fields: Fields) -> Fields:
    content = fields.get("data")
    return content if isinstance(content, dict) else {}


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _digits(value: object) -> str | None:
    text = str(value) if _is_number(value) else value
    return text if isinstance(text, str) and text.isdecimal() else None


def _is_same_id(number: int, value: object) -> bool:
    digits = _digits(value)
    return digits is not None and digits.lstrip("0") == str(number or "")


def _is_mobile(value: object) -> bool:
    is_text = isinstance(value, str) and len(value) == 11
    return is_text and str(value).isdecimal() and str(value)[:2] in ("79", "89")


def _is_number_of(reply: object, value: object) -> bool:
    """Compare the digits; in +7 the first of eleven may be an 8."""
    if not isinstance(reply, PhoneNumber) or not isinstance(value, str):
        return False
    is_national = value[:2] == "89" and len(value) == 11
    return reply.e164 == ("+7" + value[1:] if is_national else "+" + value)


def _is_end(cause: HangupCause | None, result: object) -> bool:
    """Back an end that stands there, and none only where no documented one does."""
    return result not in _CAUSES if cause is None else cause.name == result
