"""Wire: a request as the bytes that leave.

A carriage return, line feed or NUL anywhere would let one part of a request end early
and begin another, so whatever holds one is refused whole.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ..models.secret import Secret
from ..protocol.message import Request

HEAD_LIMIT = 64 * 1024
"""The longest head in bytes, of a request or an answer."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# What frames a request is written here and nowhere else.
_OURS = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "upgrade", "te"}
)
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class _Refused(Exception):
    """It does not fit HTTP."""


def split(url: str) -> tuple[str, str]:
    """Return the origin and the target of a URL; one of them is empty if it is none."""
    slash = url.find("/", 8)
    return (url[:slash], url[slash:]) if slash > 0 else ("", "")


def written(request: Request, name: str, target: str) -> bytes | None:
    """Return a whole request, head and body, None for what cannot travel."""
    try:
        body = request.reveal_body()
        lines = _lines(request, name, target, len(body))
    except (UnicodeEncodeError, _Refused):
        return None
    head = "\r\n".join(lines)
    return head.encode("ascii") + body if len(head) <= HEAD_LIMIT else None


def _lines(request: Request, name: str, target: str, length: int) -> list[str]:
    if not is_printable(target) or " " in target or "#" in target:
        raise _Refused
    lines = [f"{_token(request.method)} {target} HTTP/1.1\r\nHost: {name}"]
    for key, value in request.headers.items():
        if isinstance(value, Secret):
            lines.append(_line(key, value.reveal()))
        else:
            lines.append(_known_line(key, value))
    lines.append("User-Agent: callauth")
    if request.own_connection:
        lines.append("Connection: close")
    if length or request.method in _WITH_BODY:
        lines.append(f"Content-Length: {length}")
    lines += ("", "")
    return lines


def is_printable(text: str) -> bool:
    """Return whether it is ASCII that neither ends a line nor is invisible."""
    return text.isascii() and text.isprintable()


@lru_cache(maxsize=64)
def _token(text: str) -> str:
    if _TOKEN.fullmatch(text) is None:
        raise _Refused
    return text


@lru_cache(maxsize=64)
def _name(text: str) -> str:
    if _token(text).lower() in _OURS:
        raise _Refused
    return text


@lru_cache(maxsize=64)
def _known_line(name: str, value: str) -> str:
    return _line(name, value)


def _line(name: str, value: str) -> str:
    if not is_printable(value):
        raise _Refused
    return f"{_name(name)}: {value}"
