"""Wire: a request as the bytes that leave.

A carriage return, line feed or NUL anywhere would let one part of a request end early
and begin another, so whatever holds one is refused whole.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ...protocol.message import Request

HEAD_LIMIT = 64 * 1024
"""The longest head in bytes, of a request or an answer."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# What frames a request is written here and nowhere else.
_OURS = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "upgrade", "te"}
)
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


def split(url: str) -> tuple[str, str]:
    """Return the origin and the target of a URL; one of them is empty if it is none."""
    slash = url.find("/", 8)
    return (url[:slash], url[slash:]) if slash > 0 else ("", "")


def written(request: Request, name: str, target: str) -> bytes | None:
    """Return a whole request, head and body, None for what cannot travel."""
    try:
        body = request.reveal_body()
    except UnicodeEncodeError:
        return None
    if " " in target or "#" in target or not _is_token(request.method):
        return None
    lines = [f"{request.method} {target} HTTP/1.1", f"Host: {name}"]
    for key, value in request.reveal_headers():
        if not _is_header(key):
            return None
        lines.append(f"{key}: {value}")
    lines.append("User-Agent: callauth")
    if request.own_connection:
        lines.append("Connection: close")
    if body or request.method in _WITH_BODY:
        lines.append(f"Content-Length: {len(body)}")
    if not is_printable("".join(lines)):
        return None
    lines += ("", "")
    head = "\r\n".join(lines)
    return head.encode("ascii") + body if len(head) <= HEAD_LIMIT else None


def is_printable(text: str) -> bool:
    """Return whether it is ASCII that neither ends a line nor is invisible."""
    return text.isascii() and text.isprintable()


@lru_cache(maxsize=64)
def _is_token(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None


@lru_cache(maxsize=64)
def _is_header(name: str) -> bool:
    return _is_token(name) and name.lower() not in _OURS
