"""Telefon-IP's server side: the person dials a leased number.

Obeys Telefon-IP, "Back Calls - обратная авторизация звонком": reverse_auth_phone_get,
_post and _check. The document does not say what a check answers before the call, nor
how errors look; the settings choose.
"""

from __future__ import annotations

import re
from collections import defaultdict
from enum import Enum
from random import Random
from types import MappingProxyType
from typing import Literal
from urllib.parse import unquote, urlsplit

from attrs import define, field, frozen

from ..models.phone import PhoneNumber
from ..models.secret import Secret
from .account import Account
from .entries import Dial, Lease, Verification
from .ledger import Ledger
from .network import Network
from .plan import Plan
from .visit import TELEFONIP, Target
from .webhook import Webhook, Webhooks
from .window import within
from .wire import JSON, Arrival, Fields, Reply, json_reply

_PATH = re.compile(r"/api/v1/authcalls/([^/]+)/(reverse_auth_phone_\w+)(?:/([^/]*))?")
_VERBS = MappingProxyType(
    {
        "reverse_auth_phone_get": "GET",
        "reverse_auth_phone_post": "POST",
        "reverse_auth_phone_check": "GET",
    }
)
_NEEDED = MappingProxyType(
    {
        "reverse_auth_phone_get": {"phone"},
        "reverse_auth_phone_post": {"phone", "webhook"},
        "reverse_auth_phone_check": set[str](),
    }
)
_NATIONAL_MOBILE = re.compile(r"89[0-9]{9}")
_LIFE_SECONDS = 120.0
_NOT_FOUND = "id record not found"
_NUMBERS = tuple(PhoneNumber(f"+796441157{number:02}") for number in range(100))
_LINK = "<a href='tel:{}'>Позвони для авторизации</a>"
_IMAGE = "https://api.telefon-ip.ru/api/v1/authcalls/get_qr_image/{}/"
_OTHER_LINK = "89644078713"
_OTHER_IMAGE = 2_841_621


class BeforeCall(Enum):
    """Name what a check answers while nobody has called yet."""

    NOT_FOUND_400 = "not_found_400"
    NOT_FOUND_404 = "not_found_404"
    NOT_FOUND_200 = "not_found_200"
    EMPTY_OBJECT = "empty_object"
    EMPTY_PHONE = "empty_phone"


@frozen
class ScriptedRefusal:
    """An error to answer with, after leasing a number or without."""

    text: str
    status: int
    leases: bool


@define(eq=False, kw_only=True, repr=False)
class TelefonIP:
    """Answer for Telefon-IP; set the attributes to choose how.

    - ``token``: the one that alone is accepted, None takes any; ``token_status``: the
      HTTP status of its refusal, 401 or 403.
    - ``account``, ``blocked``, ``numbers``: as their names say; a number is leased
      twice at a time only when no other is free.
    - ``before_call``: what a check answers while nobody has called.
    - ``says_expired``: a check after 120 s answers ``data.status``, not an error.
    - ``kept_seconds``: how long after the lease a call can be read.
    - ``caller_prefix``: ``8`` or ``7``, how a check spells the caller.
    - ``check_answers``: a number that every check answers instead of the caller.
    - ``webhook_after_seconds``, ``webhook_id_digits``: when a webhook is sent after the
      call, and how wide its id is padded.
    - ``first_id``: the id of the first lease.
    - ``misleading_links``: another number in ``url_link``, another id in ``url_image``.
    - ``as_printed``: misleading links, and no comma between them, as in the document.
    """

    _ledger: Ledger
    _network: Network
    _webhooks: Webhooks
    _seed: str = field(alias="seed")
    token_status: Literal[401, 403] = 401
    account: Account = field(factory=Account)
    blocked: set[PhoneNumber] = field(factory=set)
    numbers: list[PhoneNumber] = field(factory=lambda: list(_NUMBERS))
    before_call: BeforeCall = BeforeCall.NOT_FOUND_400
    says_expired: bool = False
    kept_seconds: float = 600.0
    caller_prefix: Literal["8", "7"] = "8"
    check_answers: PhoneNumber | None = None
    webhook_after_seconds: float = 0.0
    webhook_id_digits: int = 6
    misleading_links: bool = False
    as_printed: bool = False
    first_id: int = 122_760
    _token: Secret | None = field(default=None, init=False)
    _script: Plan[ScriptedRefusal] = field(factory=Plan, init=False)
    _records: dict[int, _Record] = field(factory=dict, init=False)
    _by_number: dict[PhoneNumber, list[_Record]] = field(
        factory=lambda: defaultdict(list), init=False
    )
    _random: Random = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._random = Random(self._seed)  # noqa: S311 - must repeat by seed
        self._network.listen(self._on_dial)

    @property
    def token(self) -> Secret | None:
        """The token that alone is accepted, None for any."""
        return self._token

    @token.setter
    def token(self, token: str | Secret | None) -> None:
        self._token = None if token is None else Secret.of(token)

    def refuse_next(
        self,
        text: str,
        *,
        status: int = 400,
        operation: str | None = None,
        phone: PhoneNumber | None = None,
        times: int | None = 1,
        leases: bool = False,
    ) -> None:
        """Answer the next matching requests with this error text and HTTP status.

        ``leases`` lets a number be leased all the same.
        """
        scripted = ScriptedRefusal(text, status, leases)
        self._script.add(scripted, operation=operation, phone=phone, times=times)

    def target(self, arrival: Arrival) -> Target | None:
        """Return what the request is meant for, None if the path is not known here."""
        found = _PATH.fullmatch(arrival.path)
        if found is None or found[2] not in _VERBS:
            return None
        token, operation, number = unquote(found[1]), found[2], found[3]
        checks = operation == "reverse_auth_phone_check"
        if checks != (number is not None):
            return None
        fields = _read(operation, arrival)
        phone = self._asked(number) if checks else _mobile((fields or {}).get("phone"))
        return Target(
            provider=TELEFONIP,
            operation=operation,
            verb=_VERBS[operation],
            fields=fields,
            phone=phone,
            place=(token, number or ""),
        )

    def answer(self, target: Target, arrival: Arrival) -> Reply:  # noqa: ARG002
        """Process the request, at once and with all its effects."""
        token, number = target.place
        if self._token is not None and self._token.reveal() != token:
            return _error("token is not valid", status=self.token_status)
        if target.fields is None or target.fields.keys() != _NEEDED[target.operation]:
            return _error("parameters are not valid")
        scripted = self._script.take(TELEFONIP, target.operation, target.phone)
        if scripted is not None:
            return self._scripted(scripted, target)
        if target.operation == "reverse_auth_phone_check":
            return self._check(number)
        return self._lease_or_refuse(target)

    def forget(self) -> None:
        """Forget all that happened, but no setting."""
        self._records.clear()
        self._by_number.clear()
        self._script.clear()
        self._random = Random(self._seed)  # noqa: S311 - must repeat by seed

    def _asked(self, number: str) -> PhoneNumber | None:
        record = self._record(number)
        return None if record is None else record.lease.phone

    def _record(self, number: str) -> _Record | None:
        if not (number.isascii() and number.isdigit()):
            return None
        return self._records.get(int(number[:18]))

    def _scripted(self, scripted: ScriptedRefusal, target: Target) -> Reply:
        if scripted.leases:
            self._lease_or_refuse(target)
        return _error(scripted.text, status=scripted.status)

    def _lease_or_refuse(self, target: Target) -> Reply:
        fields, phone = target.fields or {}, target.phone
        if phone is None:
            return _error("phone is not valid")
        webhook = fields.get("webhook")
        if webhook is not None and not _is_url(webhook):
            return _error("webhook is not valid")
        if phone in self.blocked:
            return _error("phone is blocked")
        if self.account.is_empty or self.account.calls_ended:
            return _error("not enough money")
        if not self.numbers:
            return _error("no number is free")
        return self._leased(self._lease(phone, webhook))

    def _lease(self, phone: PhoneNumber, webhook: str | None) -> _Record:
        self.account.charge(self._ledger, provider=TELEFONIP, phone=phone)
        lease = Lease(
            **self._ledger.stamp(),
            provider=TELEFONIP,
            phone=phone,
            number=self._free_number(),
            window_seconds=_LIFE_SECONDS,
        )
        record_id = self.first_id + len(self._records)
        record = _Record(record_id=record_id, lease=lease, webhook=webhook)
        self._records[record.record_id] = record
        self._by_number[lease.number].append(record)
        self._network.lease(lease)
        return record

    def _free_number(self) -> PhoneNumber:
        number = self._random.choice(self.numbers)
        if not self._live(number):
            return number
        free = [other for other in self.numbers if not self._live(other)]
        return self._random.choice(free) if free else number

    def _live(self, number: PhoneNumber) -> list[_Record]:
        now = self._ledger.elapsed()
        live = [r for r in self._by_number[number] if r.takes_calls(now)]
        self._by_number[number] = live
        return live

    def _on_dial(self, dial: Dial) -> None:
        live = self._live(dial.number)
        if not live:
            return
        own = [record for record in live if record.lease.phone == dial.caller]
        record = (own or live)[-1]
        record.caller = dial.caller
        if record.webhook is not None:
            self._webhooks.send(
                Webhook(
                    url=record.webhook, phone=dial.caller, lease_id=record.record_id
                ),
                id_digits=self.webhook_id_digits,
                after_seconds=self.webhook_after_seconds,
            )

    def _check(self, number: str) -> Reply:
        record = self._record(number)
        now = self._ledger.elapsed()
        if record is None or not within(record.lease.elapsed, now, self.kept_seconds):
            return _error(_NOT_FOUND)
        if record.caller is not None:
            return self._called(record, self.check_answers or record.caller)
        if record.takes_calls(now):
            return _before_call(self.before_call, record.record_id)
        if self.says_expired:
            return _success({"status": "expired", "id": record.record_id})
        return _error(_NOT_FOUND)

    def _called(self, record: _Record, caller: PhoneNumber) -> Reply:
        self._ledger.write(
            Verification(
                **self._ledger.stamp(),
                provider=TELEFONIP,
                operation="reverse_auth_phone_check",
                phone=caller,
            )
        )
        spelled = self.caller_prefix + caller.e164[2:]
        if not caller.is_plus_7:
            spelled = caller.msisdn
        return _success({"phone": spelled, "id": record.record_id})

    def _leased(self, record: _Record) -> Reply:
        number, record_id = record.lease.number, record.record_id
        misleads = self.misleading_links or self.as_printed
        reply = _success(
            {
                "auth_phone": number.msisdn,
                "id": record_id,
                "url_image": _IMAGE.format(_OTHER_IMAGE if misleads else record_id),
                "url_link": _LINK.format(_OTHER_LINK if misleads else number.national),
            }
        )
        if not self.as_printed:
            return reply
        return Reply(body=reply.body.replace(b', "url_link"', b' "url_link"'))


@define(eq=False, kw_only=True)
class _Record:
    record_id: int
    lease: Lease
    webhook: str | None = field(repr=False)
    caller: PhoneNumber | None = None

    def takes_calls(self, elapsed: float) -> bool:
        return within(self.lease.elapsed, elapsed, _LIFE_SECONDS)


def _read(operation: str, arrival: Arrival) -> Fields | None:
    if operation != "reverse_auth_phone_post":
        return arrival.query_fields()
    if arrival.content_type == JSON:
        return arrival.json_fields()
    return arrival.form_fields()


def _mobile(text: str | None) -> PhoneNumber | None:
    if text is None or not _NATIONAL_MOBILE.fullmatch(text):
        return None
    return PhoneNumber("+7" + text[1:])


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _before_call(answer: BeforeCall, record_id: int) -> Reply:
    match answer:
        case BeforeCall.EMPTY_OBJECT:
            return _success({})
        case BeforeCall.EMPTY_PHONE:
            return _success({"phone": "", "id": record_id})
    return _error(_NOT_FOUND, status=int(answer.value[-3:]))


def _success(answer: dict[str, object]) -> Reply:
    return json_reply({"success": True, "error": "", "data": answer})


def _error(text: str, *, status: int = 400) -> Reply:
    return json_reply({"success": False, "error": text, "data": {}}, status=status)
