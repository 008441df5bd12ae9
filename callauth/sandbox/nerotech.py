"""NeroTech's server side: dictated codes, and calls to a leased number.

Obeys NeroTech, "Авторизация диктовкой кода" (methods voicemail and checkCode) and
"Исходящая авторизация" (methods init and verify). Where the document is silent a
setting chooses, and its default is the reading that is harder on a client. A parameter
that the document does not name is answered with error 1.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict, deque
from random import Random
from types import MappingProxyType
from typing import Literal

from attrs import define, field, frozen

from ..errors import InvalidPhoneNumber
from ..models.phone import PhoneNumber
from ..models.pin import Pin
from ..models.secret import Secret
from .account import Account
from .dialins import WINDOW_SECONDS, DialIns, Reading
from .entries import Dial, Guess, Lease, Verification
from .ledger import Ledger
from .network import Network
from .plan import Plan
from .visit import NEROTECH, Target
from .voicecalls import DAY_SECONDS, VoiceCall, VoiceCalls
from .wire import Arrival, Fields, Reply, json_reply

_PREFIX = "/api/v1/"
_PHONE_FIELD = MappingProxyType(
    {
        "voicemail": "phone",
        "incoming/init": "user_phone",
        "incoming/verify": "user_phone",
    }
)
_NEEDED = MappingProxyType(
    {
        "voicemail": {"service_id", "secret_key", "phone"},
        "checkCode": {"call_id", "secret_key", "code"},
        "incoming/init": {"service_id", "secret_key", "user_phone"},
        "incoming/verify": {"service_id", "secret_key", "service_phone", "user_phone"},
    }
)
_OPTIONAL = MappingProxyType({"voicemail": {"test", "idempotency_key"}})
_SHAPES = MappingProxyType(
    {
        "service_id": re.compile(r"[0-9]+"),
        "call_id": re.compile(r"[0-9]+"),
        "code": re.compile(r"[0-9]{4}"),
        "test": re.compile(r"[01]"),
        "idempotency_key": re.compile(r".{1,100}"),
    }
)
_ROBOT = PhoneNumber("+78005550199")
_NUMBERS = tuple(PhoneNumber(f"+7912345678{digit}") for digit in range(3))


@frozen
class ScriptedError:
    """An error code to answer with, after ringing the phone or without."""

    code: int
    rings: bool = False


@define(eq=False, kw_only=True, repr=False)
class NeroTech:
    """Answer for NeroTech; set the attributes to choose how.

    - ``credentials``: service id and key that alone are accepted; None takes any.
    - ``account``: its money and calls; ``disabled``: the project is switched off.
    - ``blocked``: phones that are refused with 12; ``calls_per_day``: calls or leases
      for one phone in 24 hours before error 11, None for no limit.
    - ``numbers``: the service numbers; a small pool makes leases share one, an empty
      one makes init fail with 4.
    - ``next_codes``: codes to dictate next; then random ones.
    - ``replays_errors``: the same key gives the same error again, too.
    - ``busy_while_ringing``: the same key gives 9 until its call is over.
    - ``repeated_verify``: the error of a second read of a success, 6 or 13.
    - ``dial_window_seconds``: how long after init a call counts, None for always.
    - ``error_status``: the HTTP status of a refusal.
    - ``code_as_number``: the code as an integer, which loses its leading zeros;
      ``id_as_text``: the id as text.
    - ``as_printed``: answers with the comments and the trailing commas of the document.
    """

    _ledger: Ledger
    _network: Network
    _seed: str = field(alias="seed")
    account: Account = field(factory=Account)
    disabled: bool = False
    blocked: set[PhoneNumber] = field(factory=set)
    calls_per_day: int | None = None
    numbers: list[PhoneNumber] = field(factory=lambda: list(_NUMBERS))
    next_codes: deque[str] = field(factory=deque)
    replays_errors: bool = False
    busy_while_ringing: bool = False
    repeated_verify: Literal[6, 13] = 6
    dial_window_seconds: float | None = WINDOW_SECONDS
    error_status: int = 200
    code_as_number: bool = False
    id_as_text: bool = False
    as_printed: bool = False
    _credentials: tuple[str, Secret] | None = field(default=None, init=False)
    _script: Plan[ScriptedError] = field(factory=Plan, init=False)
    _calls: VoiceCalls = field(factory=VoiceCalls, init=False)
    _dialins: DialIns = field(factory=DialIns, init=False)
    _uses: dict[PhoneNumber, list[float]] = field(
        factory=lambda: defaultdict(list), init=False
    )
    _random: Random = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._random = Random(self._seed)  # noqa: S311 - must repeat by seed
        self._network.listen(self._on_dial)

    @property
    def credentials(self) -> tuple[str, Secret] | None:
        """The service id and the key that alone are accepted, None for any."""
        return self._credentials

    @credentials.setter
    def credentials(self, pair: tuple[int | str, str | Secret] | None) -> None:
        if pair is not None:
            pair = str(pair[0]), Secret.of(pair[1])
        self._credentials = pair

    def refuse_next(
        self,
        code: int,
        *,
        operation: str | None = None,
        phone: PhoneNumber | None = None,
        times: int | None = 1,
        rings: bool = False,
    ) -> None:
        """Answer the next matching requests with this error code.

        ``rings`` lets the phone of a voicemail ring all the same.
        """
        scripted = ScriptedError(code, rings)
        self._script.add(scripted, operation=operation, phone=phone, times=times)

    def target(self, arrival: Arrival) -> Target | None:
        """Return what the request is meant for, None if the path is not known here."""
        operation = arrival.path.removeprefix(_PREFIX)
        if operation not in _NEEDED or not arrival.path.startswith(_PREFIX):
            return None
        fields = arrival.query_fields()
        return Target(
            provider=NEROTECH,
            operation=operation,
            verb="GET",
            fields=fields,
            phone=self._phone(operation, fields or {}),
        )

    def answer(self, target: Target, arrival: Arrival) -> Reply:  # noqa: ARG002
        """Process the request, at once and with all its effects."""
        fields = target.fields or {}
        code = self._refuses(target.operation, fields)
        if code is not None:
            return self._error(code)
        scripted = self._script.take(NEROTECH, target.operation, target.phone)
        if scripted is not None:
            return self._scripted(scripted, target)
        return self._perform(target.operation, fields, target.phone)

    def forget(self) -> None:
        """Forget all that happened, but no setting."""
        self._calls = VoiceCalls()
        self._dialins = DialIns()
        self._uses.clear()
        self._script.clear()
        self.next_codes.clear()
        self._random = Random(self._seed)  # noqa: S311 - must repeat by seed

    def _perform(
        self, operation: str, fields: Fields, phone: PhoneNumber | None
    ) -> Reply:
        if operation == "checkCode":
            return self._check_code(fields)
        if phone is None:
            return self._error(2)
        if operation == "voicemail":
            return self._voicemail(fields, phone)
        if operation == "incoming/init":
            return self._incoming_init(phone)
        return self._incoming_verify(fields, phone)

    def _phone(self, operation: str, fields: Fields) -> PhoneNumber | None:
        if operation == "checkCode":
            call = self._calls.find(fields.get("call_id", ""))
            return None if call is None else call.phone
        return _international(fields.get(_PHONE_FIELD[operation], ""))

    def _refuses(self, operation: str, fields: Fields) -> int | None:
        needed, allowed = _NEEDED[operation], _OPTIONAL.get(operation, set())
        if not needed <= fields.keys() <= needed | allowed:
            return 1
        if not all(
            shape.fullmatch(fields[name])
            for name, shape in _SHAPES.items()
            if name in fields
        ):
            return 1
        if not self._knows(fields):
            return 3
        if self.disabled:
            return 0 if operation.startswith("incoming/") else 3
        return None

    def _knows(self, fields: Fields) -> bool:
        key = fields["secret_key"]
        if self._credentials is None:
            return bool(key.strip())
        service_id, secret = self._credentials
        return secret.reveal() == key and fields.get("service_id", service_id) == (
            service_id
        )

    def _scripted(self, scripted: ScriptedError, target: Target) -> Reply:
        if scripted.rings and target.operation == "voicemail" and target.phone:
            self._place_call(target.phone)
        key = (target.fields or {}).get("idempotency_key")
        if self.replays_errors and key is not None and target.phone:
            self._calls.store((key, target.phone), scripted.code, self._now())
        return self._error(scripted.code)

    def _voicemail(self, fields: Fields, phone: PhoneNumber) -> Reply:
        key = (fields.get("idempotency_key"), phone)
        stored = self._calls.stored(key, self._now())
        if stored is not None:
            return self._again(stored)
        if fields.get("test") == "1":
            result: VoiceCall | int = self._calls.add(phone, self._new_code(), None)
        else:
            refused = self._refuses_phone(phone, calls=True)
            result = self._place_call(phone) if refused is None else refused
        if isinstance(result, VoiceCall) or self.replays_errors:
            self._calls.store(key, result, self._now())
        return self._result(result)

    def _again(self, result: VoiceCall | int) -> Reply:
        call = result if isinstance(result, VoiceCall) else None
        ringing = call is not None and call.is_ringing(self._now())
        if ringing and self.busy_while_ringing:
            return self._error(9)
        return self._result(result)

    def _refuses_phone(self, phone: PhoneNumber, *, calls: bool) -> int | None:
        checks = (
            (12, phone in self.blocked),
            (4, not calls and not self.numbers),
            (7, self.account.is_empty),
            (8, self.account.calls_ended),
            (9, calls and self._calls.is_ringing(phone, self._now())),
            (11, self._is_over_limit(phone)),
        )
        return next((code for code, refused in checks if refused), None)

    def _is_over_limit(self, phone: PhoneNumber) -> bool:
        if self.calls_per_day is None:
            return False
        now = self._now()
        uses = [use for use in self._uses[phone] if now - use < DAY_SECONDS]
        self._uses[phone] = uses
        return len(uses) >= self.calls_per_day

    def _place_call(self, phone: PhoneNumber) -> VoiceCall:
        code = self._new_code()
        ring = self._network.dictate(phone, code, provider=NEROTECH, caller=_ROBOT)
        self._use(phone)
        return self._calls.add(phone, code, ring)

    def _new_code(self) -> Pin:
        if self.next_codes:
            return Pin(self.next_codes.popleft())
        return Pin(f"{self._random.randrange(10_000):04}")

    def _use(self, phone: PhoneNumber) -> None:
        self.account.charge(self._ledger, provider=NEROTECH, phone=phone)
        if self.calls_per_day is not None:
            self._uses[phone].append(self._now())

    def _check_code(self, fields: Fields) -> Reply:
        call = self._calls.find(fields["call_id"])
        if call is None:
            return self._error(6)
        right = call.code.matches(fields["code"])
        stamp = self._ledger.stamp()
        self._ledger.write(
            Guess(**stamp, provider=NEROTECH, phone=call.phone, right=right)
        )
        if not right:
            return self._error(5)
        self._says_yes("checkCode", call.phone)
        return self._json({"status": True})

    def _incoming_init(self, user: PhoneNumber) -> Reply:
        code = self._refuses_phone(user, calls=False)
        if code is not None:
            return self._error(code)
        number = self._random.choice(self.numbers)
        self._use(user)
        lease = Lease(
            **self._ledger.stamp(),
            provider=NEROTECH,
            phone=user,
            number=number,
            window_seconds=WINDOW_SECONDS,
        )
        self._dialins.lease((number, user), lease.elapsed)
        self._network.lease(lease)
        return self._json({"status": True, "service_phone": number.msisdn})

    def _incoming_verify(self, fields: Fields, user: PhoneNumber) -> Reply:
        number = _international(fields["service_phone"])
        if number is None:
            return self._error(2)
        reading = self._dialins.read((number, user), self._now())
        if reading is Reading.CALLED:
            self._says_yes("incoming/verify", user)
            return self._json({"status": True})
        again = reading is Reading.ALREADY_READ
        return self._error(self.repeated_verify if again else 6)

    def _on_dial(self, dial: Dial) -> None:
        self._dialins.call(
            (dial.number, dial.caller),
            dial.elapsed,
            window_seconds=self.dial_window_seconds,
        )

    def _now(self) -> float:
        return self._ledger.elapsed()

    def _says_yes(self, operation: str, phone: PhoneNumber) -> None:
        stamp = self._ledger.stamp()
        self._ledger.write(
            Verification(**stamp, provider=NEROTECH, operation=operation, phone=phone)
        )

    def _result(self, result: VoiceCall | int) -> Reply:
        if isinstance(result, int):
            return self._error(result)
        code, call_id = result.code.reveal(), result.call_id
        return self._json(
            {
                "status": True,
                "id": str(call_id) if self.id_as_text else call_id,
                "code": int(code) if self.code_as_number else code,
            }
        )

    def _error(self, code: int) -> Reply:
        answer: dict[str, object] = {"status": False, "error": code}
        return self._json(answer, status=self.error_status)

    def _json(self, answer: dict[str, object], *, status: int = 200) -> Reply:
        if not self.as_printed:
            return json_reply(answer, status=status)
        return Reply(status=status, body=_as_printed(answer))


def _international(text: str) -> PhoneNumber | None:
    # Eleven digits that begin with 8 are the Russian spelling, not a country.
    if len(text) == 11 and text.startswith("8"):
        return None
    try:
        return PhoneNumber("+" + text)
    except InvalidPhoneNumber:
        return None


def _as_printed(answer: dict[str, object]) -> bytes:
    lines = [
        f'  "{name}": {json.dumps(value)}, // {name}\n'
        for name, value in answer.items()
    ]
    return f"{{\n{''.join(lines)}}}\n".encode()
