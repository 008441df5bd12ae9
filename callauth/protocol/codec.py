"""The one strict way from bytes to values.

JSON is believed only when every reader in the world would read it alike: no duplicate
keys, no NaN, no coercion between text, numbers and booleans. Unknown extra keys are
ignored, since a provider may add some.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any, NoReturn, TypeVar

from attrs import frozen
from cattrs import Converter
from cattrs.errors import BaseValidationError, StructureHandlerNotFoundError

from ..errors import (
    AnswerLost,
    AuthenticationFailed,
    ProtocolError,
    RateLimited,
)
from ..models.phone import PhoneNumber
from .message import BODY_LIMIT, Response

T = TypeVar("T")

_DEEPEST = 20
_WHITESPACE = " \t\n\r"
_LONGEST_TEXT = 200
_TELLING = re.compile(r"\w{20,}|\+?[0-9](?:[\W_]{0,3}[0-9]){3,}")
_SECONDS = re.compile(r"[0-9]{1,6}")
_DIGITS = re.compile(r"[0-9]{1,18}")
# In +7 with 7 first, a mobile also with 8. Before any other digit that 8 begins a
# foreign number: 84 is Vietnam, whose mobiles look like Moscow's 8 49….
_PLUS_7 = re.compile(r"(?:7|8(?=9))[0-9]{10}")
_ABROAD = re.compile(r"[1-689][0-9]{10,14}")


@frozen
class Reader:
    """Read the answers of one operation."""

    provider: str
    operation: str

    def json_object(self, response: Response) -> dict[str, object]:
        """Return the body as a JSON object, whatever the status.

        Raises ProtocolError for anything else, and for an answer that was encoded or
        comes from a cache.
        """
        if len(response.body) > BODY_LIMIT:
            self.broken("expected at most 64 KiB, got more")
        if response.headers.get("content-encoding", "identity") != "identity":
            self.broken("expected an answer as it is, got an encoded one")
        if "age" in response.headers:
            self.broken("expected a fresh answer, got one from a cache")
        document = self._json(response.body)
        if not isinstance(document, dict):
            self.broken("expected a JSON object, got another value")
        if _may_be_deep(response.body) and _is_deep(document, _DEEPEST):
            self.broken(f"expected JSON of at most {_DEEPEST} levels, got more")
        return document

    def structure(self, fields: object, cls: type[T]) -> T:
        """Return the fields as a value of that class, nothing coerced.

        Raises ProtocolError when a field is missing or has another type.
        """
        try:
            value: T = _hook(cls)(fields, cls)
        except _STRUCTURE_ERRORS:
            pass
        else:
            return value
        return self.broken(f"expected the documented fields ({_names(cls)})")

    def phone(self, text: str) -> PhoneNumber:
        """Return a number from an answer, where it may begin with 7 or with 8.

        Raises ProtocolError when it is not 11 to 15 digits.
        """
        if _PLUS_7.fullmatch(text):
            return PhoneNumber("+7" + text[1:])
        if not _ABROAD.fullmatch(text):
            self.broken("expected a phone number of 11 to 15 digits")
        return PhoneNumber("+" + text)

    def text(self, value: object) -> str:
        """Return a message, empty when there is none.

        Raises ProtocolError when it is no text.
        """
        if value is not None and not isinstance(value, str):
            self.broken("expected a message as text, got another value")
        return value or ""

    def identifier(self, value: int | str) -> str:
        """Return an id as digit text, unchanged.

        Raises ProtocolError for anything that is not 1 to 18 digits, so that no answer
        can steer a later request to another path.
        """
        text = str(value)
        if not _DIGITS.fullmatch(text):
            self.broken("expected an id of digits")
        return text

    def require_success_status(self, response: Response) -> None:
        """Believe a success only when the HTTP status agrees.

        Raises AnswerLost for 5xx, ProtocolError for the others.
        """
        self.refuse_server_error(response)
        if not 200 <= response.status < 300:
            self.broken(f"expected HTTP 2xx, got {response.status}")

    def refuse_server_error(self, response: Response) -> None:
        """Raise AnswerLost for 5xx: the server cannot say what it did."""
        if response.status >= 500:
            raise AnswerLost(
                self.provider,
                self.operation,
                f"HTTP {response.status}",
                retry_after=retry_after_seconds(response),
            )

    def refuse_unauthorised(self, response: Response, advice: str) -> None:
        """Raise AuthenticationFailed for HTTP 401 and 403."""
        if response.status in (401, 403):
            raise AuthenticationFailed(
                self.provider,
                self.operation,
                None,
                f"HTTP {response.status}, check {advice}",
            )

    def refuse_rate(self, response: Response) -> None:
        """Raise RateLimited for HTTP 429."""
        if response.status == 429:
            raise RateLimited(
                self.provider,
                self.operation,
                None,
                "HTTP 429",
                retry_after=retry_after_seconds(response),
            )

    def broken(self, clause: str) -> NoReturn:
        """Raise ProtocolError with that clause."""
        raise ProtocolError(self.provider, self.operation, clause)

    def _json(self, body: bytes) -> object:
        try:
            text = body.decode("utf-8").strip(_WHITESPACE)
            # Looks for no whitespace of its own, which takes 0.5 µs.
            document, end = _DECODER.raw_decode(text)
        except (ValueError, RecursionError):
            pass
        else:
            if end == len(text):
                return document
        return self.broken("expected strict JSON in UTF-8")


def retry_after_seconds(response: Response) -> float | None:
    """Return how long the server asks to wait, None when it does not say in seconds."""
    text = response.headers.get("retry-after", "").strip()
    return float(text) if _SECONDS.fullmatch(text) else None


def printable(text: str) -> str:
    """Return a provider's words for a log, cut to 200 printable characters.

    Long digits and long words are hidden: a provider may repeat the number or the key.
    """
    shown = _TELLING.sub("•••", text)[:_LONGEST_TEXT]
    return "".join(c if c.isprintable() else "?" for c in shown)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("duplicate key")
    return document


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("not a number")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant)


def _may_be_deep(body: bytes) -> bool:
    # Spares nearly every answer the walk through it, 1.3 µs for the shortest.
    return body.count(b"{") + body.count(b"[") > _DEEPEST


def _is_deep(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        return levels == 0 or any(_is_deep(v, levels - 1) for v in value.values())
    if isinstance(value, list):
        return levels == 0 or any(_is_deep(v, levels - 1) for v in value)
    return False


_STRUCTURE_ERRORS = (
    KeyError,
    TypeError,
    ValueError,
    BaseValidationError,
    StructureHandlerNotFoundError,
)


def _exactly(value: object, cls: type[T]) -> T:
    # cattrs would make "446" of 446 and True of "false"; bool is an int in Python.
    if type(value) is not cls:
        raise TypeError("another type")
    return value


def _number_or_text(value: object, _: object) -> int | str:
    if type(value) is int or type(value) is str:
        return value
    raise TypeError("neither number nor text")


def _text_or_nothing(value: object, _: object) -> str | None:
    if value is None or type(value) is str:
        return value
    raise TypeError("neither text nor nothing")


def _strict_converter() -> Converter:
    # Detailed validation quotes the offending value in its message.
    converter = Converter(detailed_validation=False)
    for cls in (str, int, bool):
        converter.register_structure_hook(cls, _exactly)
    converter.register_structure_hook(int | str, _number_or_text)
    converter.register_structure_hook(str | None, _text_or_nothing)
    return converter


_CONVERTER = _strict_converter()
# The converter looks for it anew each time, which takes 0.2 µs.
_hook: Callable[[type], Callable[[object, type], Any]] = cache(
    _CONVERTER.get_structure_hook
)


def _names(cls: type) -> str:
    return ", ".join(cls.__annotations__)
