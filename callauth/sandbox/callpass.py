"""CallPass's server side: a missed call whose caller ID ends with the code.

Obeys "Документация по API для услуги CallPass": start-call-password of v1.0, v2.0 and
v3.0, and get-call-password-status of v2.0 and v3.0. A parameter that a version does not
name is refused, so that ``async`` on v1.0 is seen.
"""

from __future__ import annotations

import re
from collections import deque
from enum import Enum
from random import Random
from types import MappingProxyType
from typing import Literal
from uuid import UUID

from attrs import define, field, frozen

from ..models.phone import PhoneNumber
from ..models.pin import Pin
from ..models.secret import Secret
from .account import Account
from .entries import Ring
from .ledger import Ledger
from .network import Network
from .plan import Plan
from .visit import CALLPASS, Target
from .wire import FORM, Arrival, Fields, Reply, html_reply, json_reply

_PATH = re.compile(r"/api/(v[123]\.0)/(start-call-password|get-call-password-status)/")
_START = "start-call-password"
_STATUS = "get-call-password-status"
_NEEDED = MappingProxyType(
    {
        ("v1.0", _START): {"dn", "timeout"},
        ("v2.0", _START): {"dn", "timeout", "async"},
        ("v3.0", _START): {"dn", "timeout", "async"},
        ("v2.0", _STATUS): {"callid"},
        ("v3.0", _STATUS): {"callid"},
    }
)
_SHAPES = MappingProxyType(
    {
        "dn": re.compile(r".+"),
        "timeout": re.compile(r"[2-9]|[1-9][0-9]"),
        "async": re.compile(r"[01]"),
        "callid": re.compile(r".+"),
    }
)
_DESTINATION = re.compile(r"7[0-9]{10,14}")
_UNKNOWN_CALL = "can't find callid"


class BeforeEnd(Enum):
    """Name what stands for the result while the call is not over."""

    TEXT_NULL = "text_null"
    JSON_NULL = "json_null"
    MISSING = "missing"


class AllowList(Enum):
    """Name how a request from an address outside the allow-list is refused."""

    STATUS_401 = "status_401"
    STATUS_403 = "status_403"
    PAGE = "page"


class Shape(Enum):
    """Name which of its three shapes a refusal has."""

    RESULT = "result"
    """``status`` success, ``data.result`` error."""
    MESSAGE = "message"
    """``status`` success, a message and no ``data``."""
    STATUS = "status"
    """``status`` error and a message."""


@frozen
class ScriptedRefusal:
    """A refusal to answer with, after ringing the phone or without."""

    text: str
    shape: Shape
    status: int
    rings: bool


@define(eq=False, kw_only=True, repr=False)
class CallPass:
    """Answer for CallPass; set the attributes to choose how.

    - ``token``: the one that alone is accepted; None takes any.
    - ``allowed_ips``: the addresses that are served, None for all; ``allow_list``: how
      the others are refused.
    - ``account``, ``blocked``: as their names say.
    - ``pin_digits``: 4 or 5, the length of a code of v1.0 and v2.0.
    - ``next_codes``: 7 digits each, for the callers to come; then random ones.
    - ``before_end``: what stands for the result while the call is not over.
    - ``says_success``: a start answers ``success`` for its result, as the first sample
      of the document does.
    - ``known_after_seconds``: how long after its start a call cannot be found.
    - ``kept_seconds``: how long after its start a call can be found.
    """

    _ledger: Ledger
    _network: Network
    _seed: str = field(alias="seed")
    allowed_ips: set[str] | None = None
    allow_list: AllowList = AllowList.STATUS_403
    account: Account = field(factory=Account)
    blocked: set[PhoneNumber] = field(factory=set)
    pin_digits: Literal[4, 5] = 4
    next_codes: deque[str] = field(factory=deque)
    before_end: BeforeEnd = BeforeEnd.TEXT_NULL
    says_success: bool = False
    known_after_seconds: float = 0.0
    kept_seconds: float = 3600.0
    _token: Secret | None = field(default=None, init=False)
    _script: Plan[ScriptedRefusal] = field(factory=Plan, init=False)
    _calls: dict[str, Ring] = field(factory=dict, init=False)
    _random: Random = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._random = Random(self._seed)  # noqa: S311 - must repeat by seed

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
        shape: Shape = Shape.RESULT,
        status: int = 200,
        operation: str | None = None,
        phone: PhoneNumber | None = None,
        times: int | None = 1,
        rings: bool = False,
    ) -> None:
        """Answer the next matching requests with this message.

        ``rings`` lets the phone of a start ring all the same.
        """
        scripted = ScriptedRefusal(text, shape, status, rings)
        self._script.add(scripted, operation=operation, phone=phone, times=times)

    def target(self, arrival: Arrival) -> Target | None:
        """Return what the request is meant for, None if the path is not known here."""
        found = _PATH.fullmatch(arrival.path)
        if found is None or (found[1], found[2]) not in _NEEDED:
            return None
        fields = arrival.form_fields()
        return Target(
            provider=CALLPASS,
            operation=found[2],
            verb="POST",
            fields=fields,
            phone=self._phone(fields or {}),
            place=(found[1],),
        )

    def answer(self, target: Target, arrival: Arrival) -> Reply:
        """Process the request, at once and with all its effects."""
        refusal = self._refuses_visitor(arrival) or _refuses_form(target, arrival)
        if refusal is not None:
            return refusal
        scripted = self._script.take(CALLPASS, target.operation, target.phone)
        if scripted is not None:
            return self._scripted(scripted, target)
        if target.operation == _STATUS:
            return self._status(target)
        return self._start(target)

    def forget(self) -> None:
        """Forget all that happened, but no setting."""
        self._calls.clear()
        self._script.clear()
        self.next_codes.clear()
        self._random = Random(self._seed)  # noqa: S311 - must repeat by seed

    def _phone(self, fields: Fields) -> PhoneNumber | None:
        ring = self._calls.get(fields.get("callid", ""))
        if ring is not None:
            return ring.phone
        number = fields.get("dn", "")
        return PhoneNumber("+" + number) if _DESTINATION.fullmatch(number) else None

    def _refuses_visitor(self, arrival: Arrival) -> Reply | None:
        if self.allowed_ips is not None and arrival.client not in self.allowed_ips:
            return _outside(self.allow_list)
        scheme, _, token = arrival.headers.get("authorization", "").partition(" ")
        known = token.strip() if self._token is None else token == self._token.reveal()
        if scheme.lower() == "bearer" and known:
            return None
        return _refusal("unauthorized", Shape.STATUS, status=401)

    def _scripted(self, scripted: ScriptedRefusal, target: Target) -> Reply:
        if scripted.rings and target.operation == _START:
            self._start(target)
        return _refusal(scripted.text, scripted.shape, status=scripted.status)

    def _start(self, target: Target) -> Reply:
        fields, phone = target.fields or {}, target.phone
        if phone is None or phone in self.blocked:
            return _refusal("destination not allowed", Shape.RESULT)
        if self.account.is_empty or self.account.calls_ended:
            text = "balance is lower than limit for that call"
            return _refusal(text, Shape.MESSAGE)
        (version,) = target.place
        return self._ring(
            phone,
            version=version,
            rings_seconds=int(fields["timeout"]),
            waits=fields.get("async", "0") == "0",
        )

    def _ring(
        self, phone: PhoneNumber, *, version: str, rings_seconds: int, waits: bool
    ) -> Reply:
        ending = f"{self._random.randrange(10_000_000):07}"
        if self.next_codes:
            ending = self.next_codes.popleft()
        pin = ending if version == "v3.0" else ending[-self.pin_digits :]
        ring = self._network.flash(
            phone,
            Pin(pin),
            provider=CALLPASS,
            caller=PhoneNumber(f"+7495{ending}"),
            rings_seconds=rings_seconds,
        )
        self.account.charge(self._ledger, provider=CALLPASS, phone=phone)
        callid = str(UUID(int=self._random.getrandbits(128), version=4))
        self._keep(callid, ring)
        name = "pin" if waits and version != "v3.0" else "phone"
        started: dict[str, object] = {"callid": callid, name: pin}
        result: dict[str, object] = {"result": ring.cause}
        if self.says_success:
            result = {"result": "success"}
        elif not waits:
            result = self._no_result()
        after_seconds = ring.ends_after_seconds if waits else 0.0
        return _success(started | result, after_seconds=after_seconds)

    def _keep(self, callid: str, ring: Ring) -> None:
        self._calls[callid] = ring
        # The oldest come first.
        while ring.elapsed - next(iter(self._calls.values())).elapsed > (
            self.kept_seconds
        ):
            self._calls.pop(next(iter(self._calls)))

    def _status(self, target: Target) -> Reply:
        callid = (target.fields or {})["callid"]
        ring = self._calls.get(callid)
        now = self._ledger.elapsed()
        if ring is None or not (
            self.known_after_seconds <= now - ring.elapsed <= self.kept_seconds
        ):
            return _refusal(_UNKNOWN_CALL, Shape.RESULT)
        answer: dict[str, object] = {"callid": callid}
        if now < ring.ends:
            return _success(answer | self._no_result())
        return _success(answer | {"result": ring.cause})

    def _no_result(self) -> dict[str, object]:
        match self.before_end:
            case BeforeEnd.TEXT_NULL:
                return {"result": "null"}
            case BeforeEnd.JSON_NULL:
                return {"result": None}
        return {}


def _refuses_form(target: Target, arrival: Arrival) -> Reply | None:
    if arrival.content_type != FORM:
        return _refusal(f"content type must be {FORM}", Shape.STATUS, status=400)
    fields = target.fields or {}
    needed = _NEEDED[target.place[0], target.operation]
    for name in sorted(needed | fields.keys()):
        if name not in needed or not _SHAPES[name].fullmatch(fields.get(name, "")):
            return _refusal(f"{name[:20]} is not valid", Shape.STATUS, status=400)
    return None


def _outside(answer: AllowList) -> Reply:
    match answer:
        case AllowList.STATUS_401:
            return _refusal("ip is not allowed", Shape.STATUS, status=401)
        case AllowList.STATUS_403:
            return _refusal("ip is not allowed", Shape.STATUS, status=403)
    return html_reply("403 Forbidden", status=403)


def _success(result: dict[str, object], *, after_seconds: float = 0.0) -> Reply:
    answer = {"status": "success", "data": result}
    return json_reply(answer, after_seconds=after_seconds)


def _refusal(text: str, shape: Shape, *, status: int = 200) -> Reply:
    answers: dict[Shape, object] = {
        Shape.RESULT: {
            "status": "success",
            "data": {"message": text, "result": "error"},
        },
        Shape.MESSAGE: {"status": "success", "message": text},
        Shape.STATUS: {"status": "error", "message": text},
    }
    return json_reply(answers[shape], status=status)
