"""Bodies: documents that are spoilt, though they travel as they should."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from functools import cache
from typing import TypeAlias

Document: TypeAlias = dict[str, object]
Spoil: TypeAlias = Callable[[Document], bytes]

_DIGITS = re.compile(r"[0-9]+")


def plain(document: Document) -> bytes:
    return json.dumps(document).encode()


def with_more(more: bytes) -> Spoil:
    """Return what adds a member to the object, as bytes, before its own."""
    return lambda document: b"{" + more + b", " + plain(document)[1:]


def duplicate_keys(document: Document) -> bytes:
    first = dict([next(iter(document.items()))])
    return plain(first)[:-1] + b", " + plain(document)[1:]


def nested(levels: int) -> Spoil:
    return with_more(b'"more": ' + b"[" * levels + b"]" * levels)


def digits_as_numbers(document: Document) -> bytes:
    return plain(_each(document, _number_of))


def booleans_as_text(document: Document) -> bytes:
    return plain(_each(document, _word_of))


def in_cp1251(document: Document) -> bytes:
    more: Document = {"comment": "Звонок принят", **document}
    return json.dumps(more, ensure_ascii=False).encode("cp1251")


def in_utf_16(document: Document) -> bytes:
    return json.dumps(document).encode("utf-16")


def with_bom(document: Document) -> bytes:
    return b"\xef\xbb\xbf" + plain(document)


def gzipped(document: Document) -> bytes:
    return gzip.compress(plain(document))


def cut_inside(document: Document) -> bytes:
    return plain(document)[:-1]


def page(title: str) -> Spoil:
    text = f"<html><head><title>{title}</title></head><body>{title}</body></html>"
    return lambda _: text.encode()


def bomb(_: Document) -> bytes:
    return _bomb()


@cache
def _bomb() -> bytes:
    # In one layer, since HTTP takes off only one; any more would not be read whole.
    return gzip.compress(bytes(48 * 1024 * 1024))


def _each(value: Document, change: Callable[[object], object]) -> Document:
    return {
        name: _each(inner, change) if isinstance(inner, dict) else change(inner)
        for name, inner in value.items()
    }


def _number_of(value: object) -> object:
    is_digits = isinstance(value, str) and _DIGITS.fullmatch(value)
    return int(str(value)) if is_digits else value


def _word_of(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
