"""Control: the HTTP surface that moves people and reads the ledger.

::

    GET  PUT  /control/subscribers/<phone>   a person's behaviour ("default": the rest)
    POST      /control/dials                 {"caller": ..., "number": ...}
    GET       /control/phones/<phone>        what it heard and saw, what would be typed
    GET       /control/ledger                every entry, with full numbers and codes
    POST      /control/faults                {"fault": "latency", "seconds": 3, ...}
    POST      /control/reset                 forget everything

Everything is JSON. What cannot be understood is answered with 400 and one clause.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from functools import partial
from types import MappingProxyType
from typing import Any, TypeAlias, cast
from urllib.parse import unquote

import attrs

from ..errors import CallAuthError, ConfigurationError, InvalidPhoneNumber
from ..models.phone import PhoneNumber
from . import faults as kinds
from .faults import Fault, Faults, WebhookFault
from .ledger import Ledger
from .network import Network
from .subscriber import Answer, Subscriber, Typing
from .wire import Arrival, Reply, json_reply, read_json

_PREFIX = "/control/"
_DEFAULT = "default"
_FAULTS = MappingProxyType(
    {
        "latency": kinds.Latency,
        "refused": kinds.Refused,
        "reset_before": kinds.ResetBefore,
        "reset_after": kinds.ResetAfter,
        "cut_body": kinds.CutBody,
        "garbage": kinds.Garbage,
        "server_error": kinds.ServerError,
        "too_many": kinds.TooMany,
        "hang": kinds.Hang,
        "repeated_webhook": kinds.RepeatedWebhook,
        "late_webhook": kinds.LateWebhook,
        "lost_webhook": kinds.LostWebhook,
    }
)
_PLAN_WORDS = ("provider", "operation", "phone", "times", "skip")

Words: TypeAlias = Mapping[str, object]


class Control:
    """Answer the requests under ``/control/``."""

    def __init__(
        self,
        *,
        network: Network,
        ledger: Ledger,
        faults: Faults,
        reset: Callable[[], None],
    ) -> None:
        self._network = network
        self._ledger = ledger
        self._faults = faults
        self._reset = reset
        self._actions: Mapping[tuple[str, str], Callable[[str, Words], object]] = {
            ("GET", "subscribers"): self._show_subscriber,
            ("PUT", "subscribers"): self._put_subscriber,
            ("POST", "dials"): self._dial,
            ("GET", "phones"): self._show_phone,
            ("GET", "ledger"): self._show_ledger,
            ("POST", "faults"): self._add_fault,
            ("POST", "reset"): self._start_anew,
        }

    def answer(self, arrival: Arrival) -> Reply | None:
        """Return the reply to a request, None if its path is not under /control/."""
        if not arrival.path.startswith(_PREFIX):
            return None
        noun, _, name = arrival.path.removeprefix(_PREFIX).partition("/")
        verbs = [verb for verb, known in self._actions if known == noun]
        if not verbs:
            return json_reply({"error": "unknown path"}, status=404)
        if arrival.method not in verbs:
            return json_reply({"error": "unknown method"}, status=405)
        try:
            action = self._actions[arrival.method, noun]
            return json_reply(action(unquote(name), _words(arrival)))
        except CallAuthError as error:
            return json_reply({"error": str(error)}, status=400)

    def _show_subscriber(self, name: str, words: Words) -> object:
        _refuse_words(words, ())
        if name == _DEFAULT:
            return _shown(self._network.default)
        return _shown(self._network.subscriber(_phone(name)))

    def _put_subscriber(self, name: str, words: Words) -> object:
        subscriber = _subscriber(words)
        if name == _DEFAULT:
            self._network.default = subscriber
        else:
            self._network.subscribers[_phone(name)] = subscriber
        return _shown(subscriber)

    def _dial(self, _: str, words: Words) -> object:
        _refuse_words(words, ("caller", "number"))
        caller, number = _phone(words.get("caller")), _phone(words.get("number"))
        self._network.dial(caller, number)
        return {}

    def _show_phone(self, name: str, words: Words) -> object:
        _refuse_words(words, ())
        phone = _phone(name)
        return {
            "heard": self._network.heard(phone),
            "seen": [caller.e164 for caller in self._network.seen(phone)],
            "typed": self._network.typed(phone),
            "rings": len(self._ledger.rings(phone)),
        }

    def _show_ledger(self, _: str, words: Words) -> object:
        _refuse_words(words, ())
        return {"entries": read_json(self._ledger.to_json(reveal=True))}

    def _add_fault(self, _: str, words: Words) -> object:
        plan = {word: words[word] for word in _PLAN_WORDS if word in words}
        phone = plan.get("phone")
        self._faults.add(
            _fault({word: words[word] for word in words if word not in plan}),
            provider=_text(plan.get("provider")),
            operation=_text(plan.get("operation")),
            phone=None if phone is None else _phone(phone),
            times=None if plan.get("times", 1) is None else _count(plan, "times", 1),
            skip=_count(plan, "skip", 0),
        )
        return {}

    def _start_anew(self, _: str, words: Words) -> object:
        _refuse_words(words, ())
        self._reset()
        return {}


def _words(arrival: Arrival) -> Words:
    if not arrival.body:
        return {}
    try:
        words = read_json(arrival.body.decode())
    except UnicodeDecodeError:
        words = None
    if not isinstance(words, dict):
        raise ConfigurationError("expected a JSON object")
    return cast("Words", words)


def _refuse_words(words: Words, known: tuple[str, ...]) -> None:
    if not words.keys() <= set(known):
        raise ConfigurationError(f"expected no words but {', '.join(known) or 'none'}")


def _phone(value: object) -> PhoneNumber:
    if not isinstance(value, str):
        raise InvalidPhoneNumber("expected a phone number as text")
    return PhoneNumber.parse(value)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise ConfigurationError("expected provider and operation as text")


def _count(plan: Words, word: str, usual: int) -> int:
    value = plan.get(word, usual)
    if type(value) is not int:
        raise ConfigurationError(f"expected {word} as a whole number")
    return value


def _subscriber(words: Words) -> Subscriber:
    _refuse_words(words, tuple(field.name for field in attrs.fields(Subscriber)))
    settings = {word: _read(word, value) for word, value in words.items()}
    return Subscriber(**settings)


def _read(word: str, value: object) -> Any:  # noqa: ANN401 - validators check it
    readers: Mapping[str, Callable[[object], object]] = {
        "answers": partial(_member, Answer),
        "types": partial(_member, Typing),
        "dials_from": lambda number: None if number is None else _phone(number),
        "body": lambda text: (_text(text) or "").encode(),
    }
    reader = readers.get(word)
    return value if reader is None else reader(value)


def _member(kind: type[Enum], value: object) -> Enum:
    for member in kind:
        if member.value == value:
            return member
    raise ConfigurationError(
        f"expected one of {', '.join(member.value for member in kind)}"
    )


def _fault(words: Words) -> Fault | WebhookFault:
    kind = _FAULTS.get(str(words.get("fault")))
    if kind is None:
        raise ConfigurationError(f"expected a fault: one of {', '.join(_FAULTS)}")
    settings = {word: _read(word, words[word]) for word in words if word != "fault"}
    known = attrs.fields(kind)
    _refuse_words(settings, tuple(field.name for field in known))
    for field in known:
        if field.default is attrs.NOTHING and field.name not in settings:
            raise ConfigurationError(f"expected {field.name} of the fault")
    fault: Fault | WebhookFault = kind(**settings)
    return fault


def _shown(subscriber: Subscriber) -> object:
    caller = subscriber.dials_from
    return {
        "answers": subscriber.answers.value,
        "answers_after_seconds": subscriber.answers_after_seconds,
        "dials_after_seconds": subscriber.dials_after_seconds,
        "dials_from": None if caller is None else caller.e164,
        "types": subscriber.types.value,
    }
