"""CallPass on the wire: a missed call whose caller ID ends with the code.

The word ``status: success`` alone means nothing: refusals arrive under it. A call was
placed only when ``data`` holds a call id and a code and its result is no error.

The document names three results, all of them ends of a call that reached the phone:
the number was shown, and the code can be typed. The set is open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NoReturn, TypeAlias
from urllib.parse import quote_plus, urlencode

from attrs import field, frozen

from ..errors import (
    AnswerLost,
    AuthenticationFailed,
    ConfigurationError,
    InsufficientFunds,
    NumberRejected,
    ProtocolError,
    ProviderError,
)
from ..models.call import LONGEST_RING, SHORTEST_RING
from ..models.cause import HangupCause
from ..models.phone import PhoneNumber
from ..models.pin import Pin
from ..models.secret import Secret
from .address import full_url
from .codec import Reader, printable
from .message import COMMON_HEADERS, Operation, Replay, Request, Response

PROVIDER = "callpass"
CALL_NOT_FOUND = "CALL_NOT_FOUND"
BASE_URL = "https://api.callpass.sp-com.ru/"
# In synchronous mode the answer comes when the call has ended.
_ANSWER_MARGIN_SECONDS = 15.0
_LONGEST_CALL_ID = 64
_LONG_NUMBER = re.compile(r"[0-9](?:[\W_]*[0-9]){3}")
_CODE = re.compile(r"[0-9]{4,5}|[0-9]{7}")
_START = "start-call-password"
_STATUS = "get-call-password-status"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_START_READER = Reader(PROVIDER, _START)
_STATUS_READER = Reader(PROVIDER, _STATUS)

Version: TypeAlias = Literal["v1.0", "v2.0", "v3.0"]
VERSIONS: tuple[Version, ...] = ("v1.0", "v2.0", "v3.0")


@frozen
class Account:
    """Hold who asks, where, and which version is spoken."""

    token: Secret
    version: Version = "v3.0"
    base_url: str = BASE_URL
    # Made once, since every request carries them: 2.2 µs less for each.
    headers: Mapping[str, str | Secret] = field(init=False, repr=False, eq=False)
    urls: Mapping[str, Secret] = field(init=False, repr=False, eq=False)

    @headers.default
    def _headers(self) -> Mapping[str, str | Secret]:
        bearer = Secret(f"Bearer {self.token.reveal()}")
        return MappingProxyType({**COMMON_HEADERS, **_FORM, "Authorization": bearer})

    @urls.default
    def _urls(self) -> Mapping[str, Secret]:
        path = f"api/{self.version}"
        return {
            operation: full_url(self.base_url, f"{path}/{operation}/")
            for operation in (_START, _STATUS)
        }


@frozen(kw_only=True)
class StartReply:
    """Hold a placed call; ``cause`` is None while it is not known how it ended."""

    call_id: str
    pin: Pin
    cause: HangupCause | None


@frozen(kw_only=True)
class StatusReply:
    """Hold how a call ended; ``found`` is False when there is no such call."""

    cause: HangupCause | None
    found: bool = True


@frozen
class _Started:
    callid: str
    pin: str | None = None
    phone: str | None = None
    result: str | None = None


@frozen
class _Status:
    callid: str
    result: str | None = None


def start_call_password(
    account: Account,
    phone: PhoneNumber,
    *,
    timeout_seconds: int,
    asynchronous: bool,
) -> Operation[StartReply]:
    """Build the missed call. It rings and has no key, so it is never sent twice.

    CallPass, initiation of a call, versions 1.0 to 3.0.
    Raises ConfigurationError for a ring outside 2 to 99 seconds, a number outside +7,
    and for asynchronous with version 1.0, which has no such mode.
    """
    _check_start(account, phone, timeout_seconds, asynchronous=asynchronous)
    form = {"dn": phone.msisdn, "timeout": str(timeout_seconds)}
    if account.version != "v1.0":
        form["async"] = "1" if asynchronous else "0"
    return Operation(
        request=_request(account, _START, urlencode(form), own_connection=True),
        replay=Replay.UNSENT_ONLY,
        reader=_read_start,
        deadline_seconds=timeout_seconds + _ANSWER_MARGIN_SECONDS,
        # Begun later, the answer of a call that rings would come after the deadline.
        least_seconds=0.0 if asynchronous else timeout_seconds,
    )


def get_call_password_status(account: Account, call_id: str) -> Operation[StatusReply]:
    """Build the question how the call ended.

    CallPass, data of a call, versions 2.0 and 3.0. The parameter is ``callId`` in the
    prose and ``callid`` in the example that can be run; the example is followed.
    Raises ConfigurationError with version 1.0 and for an ill-formed id.
    """
    if account.version == "v1.0":
        raise ConfigurationError("expected version v2.0 or v3.0, which know a status")
    if not isinstance(call_id, str) or not _is_call_id(call_id):
        raise ConfigurationError("expected the call id of a placed call, as text")
    return Operation(
        request=_request(
            account, _STATUS, f"callid={quote_plus(call_id)}", own_connection=False
        ),
        replay=Replay.SAFE,
        reader=lambda response: _read_status(response, call_id),
    )


def _check_start(
    account: Account, phone: PhoneNumber, timeout_seconds: int, *, asynchronous: bool
) -> None:
    is_whole = type(timeout_seconds) is int
    if not is_whole or not SHORTEST_RING <= timeout_seconds <= LONGEST_RING:
        raise ConfigurationError(
            f"expected a timeout of {SHORTEST_RING} to {LONGEST_RING} whole seconds"
        )
    if not phone.is_plus_7:
        raise ConfigurationError("expected a +7 number: callpass serves no other")
    if asynchronous and account.version == "v1.0":
        raise ConfigurationError("expected version v2.0 or v3.0 for asynchronous calls")


def _request(
    account: Account, operation: str, form: str, *, own_connection: bool
) -> Request:
    url = account.urls[operation]
    return Request(
        provider=PROVIDER,
        operation=operation,
        method="POST",
        # The token is in a header, so there is no secret in it.
        template=url.reveal(),
        url=url,
        headers=account.headers,
        body=Secret(form),
        own_connection=own_connection,
    )


def _read_start(response: Response) -> StartReply:
    reader = _START_READER
    try:
        content = _success(reader, response)
    except ProviderError:
        if b"callid" not in response.body.lower():
            raise
        # A "no" that names a call may have rung: neither send again nor go elsewhere.
        raise AnswerLost(PROVIDER, reader.operation, "refused with a call id") from None
    answer = reader.structure(content, _Started)
    if answer.pin and answer.phone and answer.pin != answer.phone:
        reader.broken("expected one code, got two that differ")
    return StartReply(
        call_id=_call_id(reader, answer.callid),
        pin=_pin(reader, answer.pin or answer.phone or ""),
        cause=_cause(answer.result),
    )


def _read_status(response: Response, call_id: str) -> StatusReply:
    reader = _STATUS_READER
    try:
        content = _success(reader, response)
    except ProviderError as refusal:
        if refusal.meaning != CALL_NOT_FOUND:
            raise
        return StatusReply(cause=None, found=False)
    answer = reader.structure(content, _Status)
    if answer.callid != call_id:
        reader.broken("expected the call id that was asked about, got another")
    return StatusReply(cause=_cause(answer.result))


def _success(reader: Reader, response: Response) -> dict[str, object]:
    """Return ``data`` of an answer that is no refusal in any of their four forms."""
    fields = _json(reader, response)
    status, content = fields.get("status"), fields.get("data")
    if status not in ("success", "error"):
        reader.broken("expected status success or error")
    if status == "error" or (content is None and "message" in fields):
        _refuse(reader, fields.get("message"))
    if not isinstance(content, dict):
        reader.broken("expected an object of data")
    if content.get("result") == "error":
        _refuse(reader, content.get("message"))
    reader.require_success_status(response)
    return content


def _json(reader: Reader, response: Response) -> dict[str, object]:
    if response.status >= 400:
        reader.refuse_server_error(response)
        reader.refuse_unauthorised(response, _ADVICE)
        reader.refuse_rate(response)
    try:
        return reader.json_object(response)
    except ProtocolError:
        if not _is_html(response):
            raise
    raise AuthenticationFailed(
        PROVIDER, reader.operation, None, f"an HTML page, check {_ADVICE}"
    )


def _is_html(response: Response) -> bool:
    # By the body alone: a success that is only called a page may be ringing.
    is_plain = "content-encoding" not in response.headers
    return is_plain and response.body.lstrip()[:1] == b"<"


def _call_id(reader: Reader, text: str) -> str:
    if not _is_call_id(text):
        reader.broken("expected a call id of printable ASCII characters")
    return text


def _is_call_id(text: str) -> bool:
    short = 0 < len(text) <= _LONGEST_CALL_ID
    return short and text.isascii() and text.isprintable() and " " not in text


def _pin(reader: Reader, digits: str) -> Pin:
    if not _CODE.fullmatch(digits):
        reader.broken("expected a code of 4, 5 or 7 digits")
    return Pin(digits)


def _cause(result: str | None) -> HangupCause | None:
    if result in _DOCUMENTED:
        return _DOCUMENTED[result]
    # A number or a code in it would be shown wherever the cause is.
    if result is None or result in _NOT_KNOWN_YET or _LONG_NUMBER.search(result):
        return None
    try:
        return HangupCause(result)
    except ConfigurationError:
        # The phone rang and the code is good; only the name of the end is odd.
        return None


def _refuse(reader: Reader, message: object) -> NoReturn:
    text = reader.text(message)
    meaning, raises = _REFUSALS.get(text, ("REFUSED", ProviderError))
    raise raises(PROVIDER, reader.operation, None, meaning, text=printable(text))


_ADVICE = "the token and the IP allow-list"
# "null" as text is what the document prints; "success" is its general sample, where it
# says that the method worked, not how the call ended.
_NOT_KNOWN_YET = ("null", "", "success")
_DOCUMENTED: Mapping[str | None, HangupCause] = {
    name: HangupCause(name) for name in ("NORMAL_CLEARING", "NO_ANSWER", "USER_BUSY")
}
# Every refusal that the document quotes.
_REFUSALS: Mapping[str, tuple[str, type[ProviderError]]] = {
    "destination not allowed": ("DESTINATION_NOT_ALLOWED", NumberRejected),
    "balance is lower than limit for that call": ("LOW_BALANCE", InsufficientFunds),
    "can't find callid": (CALL_NOT_FOUND, ProviderError),
}
