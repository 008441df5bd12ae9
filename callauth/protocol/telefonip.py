"""Telefon-IP on the wire: the user dials a leased number.

Only ``auth_phone`` and ``id`` of an answer are used. In the document's own sample the
link dials another number and the picture belongs to another id, so both are ignored:
make the link and the QR code from the number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Literal, NoReturn, TypeAlias
from urllib.parse import parse_qsl, urlencode

from attrs import evolve, frozen

from ..errors import ConfigurationError, ProtocolError, ProviderError
from ..models.hint import WebhookHint
from ..models.phone import PhoneNumber
from ..models.secret import Secret
from .address import full_url, segment
from .codec import Reader, printable
from .message import COMMON_HEADERS, Operation, Replay, Request, Response

PROVIDER = "telefonip"
BASE_URL = "https://api.telefon-ip.ru/api/v1/authcalls/"
_LONGEST_WEBHOOK = 2048
_MOST_WEBHOOK_KEYS = 16

BodyEncoding: TypeAlias = Literal["json", "form"]
"""The document does not say how the POST body is encoded; JSON is seen to work."""

_CONTENT_TYPES: Mapping[BodyEncoding, str] = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
}


@frozen
class Account:
    """Hold who asks, and where."""

    token: Secret
    base_url: str = BASE_URL


@frozen(kw_only=True)
class LeaseReply:
    """Hold the number to be dialled and the id to ask for."""

    number: PhoneNumber
    lease_id: int


class CheckReply(Enum):
    """Say what ``check`` knows when it names no caller."""

    PENDING = "pending"
    EXPIRED = "expired"


@frozen
class _Lease:
    auth_phone: str
    id: int | str


@frozen
class _Caller:
    phone: str
    id: int | str


def reverse_auth_phone_get(
    account: Account, phone: PhoneNumber
) -> Operation[LeaseReply]:
    """Build the lease of a number for 120 seconds.

    Telefon-IP, "reverse_auth_phone_get".
    Raises ConfigurationError for a number that is no Russian mobile.
    """
    reader = Reader(PROVIDER, "reverse_auth_phone_get")
    return Operation(
        request=_request(
            account,
            reader,
            "reverse_auth_phone_get",
            "?phone={phone}",
            query=[("phone", _national(phone))],
        ),
        replay=Replay.ONCE_MORE,
        reader=lambda response: _read_lease(reader, response),
    )


def reverse_auth_phone_post(
    account: Account,
    phone: PhoneNumber,
    *,
    webhook: Secret,
    encoding: BodyEncoding = "json",
) -> Operation[LeaseReply]:
    """Build the lease of a number, with a webhook on the call.

    Telefon-IP, "reverse_auth_phone_post".
    Raises ConfigurationError for a number that is no Russian mobile and for an unknown
    encoding.
    """
    require_encoding(encoding)
    reader = Reader(PROVIDER, "reverse_auth_phone_post")
    fields = {"phone": _national(phone), "webhook": webhook.reveal()}
    body = json.dumps(fields) if encoding == "json" else urlencode(fields)
    return Operation(
        request=_request(
            account,
            reader,
            "reverse_auth_phone_post",
            body=Secret(body),
            content_type=_CONTENT_TYPES[encoding],
        ),
        replay=Replay.ONCE_MORE,
        reader=lambda response: _read_lease(reader, response),
    )


def reverse_auth_phone_check(
    account: Account, lease_id: int
) -> Operation[PhoneNumber | CheckReply]:
    """Build the question who called; it may be asked as often as one likes.

    Telefon-IP, "reverse_auth_phone_check".
    Raises ConfigurationError unless the id is a whole number from 0.
    """
    if type(lease_id) is not int or lease_id < 0:
        raise ConfigurationError("expected a lease id that is a whole number")
    reader = Reader(PROVIDER, "reverse_auth_phone_check")
    return Operation(
        request=evolve(
            _request(
                account,
                reader,
                f"reverse_auth_phone_check/{lease_id}",
                template_id=True,
            ),
            own_connection=False,
        ),
        replay=Replay.SAFE,
        reader=lambda response: _read_check(reader, response, lease_id),
    )


def parse_webhook(query: str) -> WebhookHint:
    """Return what a webhook claims, from the query string of its URL.

    Telefon-IP, "reverse_auth_phone_post", format of the webhook. It is unsigned: use it
    only as a reason to ask the provider now. Unknown keys are ignored.

    >>> parse_webhook("success=True&phone=89000000000&id=000123").lease_id
    123

    Raises ProtocolError for missing, doubled or ill-formed keys, and for more than
    2,048 characters.
    """
    try:
        return _read_webhook(query)
    except ProtocolError as error:
        failure = error.bare()
        del query
    raise failure


def require_encoding(encoding: BodyEncoding) -> None:
    """Raise ConfigurationError unless the body can be encoded like this."""
    if encoding not in _CONTENT_TYPES:
        raise ConfigurationError('expected a body encoding of "json" or "form"')


def _national(phone: PhoneNumber) -> str:
    if not phone.e164.startswith("+79"):
        raise ConfigurationError("expected a +7 9… number: telefon-ip serves no other")
    return phone.national


def _request(
    account: Account,
    reader: Reader,
    path: str,
    template: str = "",
    *,
    query: list[tuple[str, str]] | None = None,
    body: Secret | None = None,
    content_type: str | None = None,
    template_id: bool = False,
) -> Request:
    shown = f"{reader.operation}/{{id}}" if template_id else path
    typed = {} if content_type is None else {"Content-Type": content_type}
    token = segment(account.token.reveal())
    return Request(
        provider=PROVIDER,
        operation=reader.operation,
        method="GET" if body is None else "POST",
        template=f"{account.base_url}{{token}}/{shown}{template}",
        url=full_url(account.base_url, f"{token}/{path}", query or []),
        headers={**COMMON_HEADERS, **typed},
        body=body,
    )


def _read_lease(reader: Reader, response: Response) -> LeaseReply:
    fields = _json(reader, response)
    if fields.get("success") is False:
        _refuse(reader, fields)
    answer = reader.structure(_success(reader, response, fields), _Lease)
    number = reader.phone(answer.auth_phone)
    if not number.is_plus_7:
        reader.broken("expected a leased number in +7")
    return LeaseReply(number=number, lease_id=int(reader.identifier(answer.id)))


def _read_check(
    reader: Reader, response: Response, lease_id: int
) -> PhoneNumber | CheckReply:
    # The document does not say what is answered before the call: every "no" waits.
    is_no = response.status in (400, 404)
    try:
        fields = _json(reader, response)
    except ProtocolError:
        if is_no:
            return CheckReply.PENDING
        raise
    if _is_expired(fields):
        return CheckReply.EXPIRED
    if is_no or fields.get("success") is False:
        return CheckReply.PENDING
    if fields.get("success") is True and fields.get("data") == {}:
        return CheckReply.PENDING
    content = _success(reader, response, fields)
    if content.get("phone") in (None, ""):
        return CheckReply.PENDING
    answer = reader.structure(content, _Caller)
    if int(reader.identifier(answer.id)) != lease_id:
        reader.broken("expected the id that was asked about, got another")
    return reader.phone(answer.phone)


def _is_expired(fields: dict[str, object]) -> bool:
    content = fields.get("data")
    return isinstance(content, dict) and content.get("status") == "expired"


def _json(reader: Reader, response: Response) -> dict[str, object]:
    reader.refuse_server_error(response)
    reader.refuse_unauthorised(response, "the token")
    reader.refuse_rate(response)
    return reader.json_object(response)


def _success(
    reader: Reader, response: Response, fields: dict[str, object]
) -> dict[str, object]:
    if fields.get("success") is not True:
        reader.broken("expected success true or false")
    if fields.get("error") not in (None, ""):
        reader.broken("expected no error beside success, got one")
    reader.require_success_status(response)
    content = fields.get("data")
    if not isinstance(content, dict):
        reader.broken("expected an object of data")
    return content


def _refuse(reader: Reader, fields: dict[str, object]) -> NoReturn:
    text = printable(reader.text(fields.get("error")))
    raise ProviderError(PROVIDER, reader.operation, None, "REFUSED", text=text)


def _read_webhook(query: str) -> WebhookHint:
    reader = Reader(PROVIDER, "webhook")
    if not isinstance(query, str) or len(query) > _LONGEST_WEBHOOK:
        reader.broken(f"expected a query of at most {_LONGEST_WEBHOOK} characters")
    pairs = _pairs(query.removeprefix("?"))
    if pairs is None:
        reader.broken("expected a query of names and values")
    fields = dict(pairs)
    if len(fields) != len(pairs):
        reader.broken("expected each key once, got one twice")
    if not fields.keys() >= {"success", "phone", "id"}:
        reader.broken("expected the keys success, phone and id")
    if fields["success"] not in ("True", "False"):
        reader.broken("expected success to be True or False")
    return WebhookHint(
        lease_id=int(reader.identifier(fields["id"])),
        phone=reader.phone(fields["phone"]),
        success=fields["success"] == "True",
    )


def _pairs(query: str) -> list[tuple[str, str]] | None:
    try:
        return parse_qsl(
            query,
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_WEBHOOK_KEYS,
        )
    except ValueError:
        return None
