"""Honest: answers with nothing wrong, which everybody reads alike."""

from __future__ import annotations

import random

from attrs import frozen

_STATUS_LINES = (
    *((200, b"HTTP/1.1 200 OK"),) * 4,
    *(
        (404, b"HTTP/1.1 404 Not Found"),
        (500, b"HTTP/1.1 500 \xd0\x9d\xd0\xb5\xd1\x82"),
    ),
    *((302, b"HTTP/1.1 302 "), (204, b"HTTP/1.1 204 No"), (304, b"HTTP/1.1 304 Same")),
)
_WITHOUT_BODY = (204, 304)
_BEFORE = (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Hint\r\nLink: <x>\r\n\r\n")
_HEADERS = (
    *(
        b"Content-Type: application/json",
        b"Set-Cookie: a=b",
        b"X-Empty:",
        b"X: \t y \t",
    ),
    *(b"Date: Sun, 22 Nov 2026 10:00:00 GMT", b"x-text: \xd0\x9f", b"Retry-After: 5"),
    *(b"Connection: keep-alive", b"Content-Encoding: gzip", b"X-Long: " + b"x" * 900),
)
_EXTENSIONS = (b"", b"", b"", b";a", b';a="b;c"')
_TRAILERS = (b"", b"", b"", b"X-After: 1\r\n")


@frozen(kw_only=True)
class Honest:
    """Hold one, and what it says.

    ``is_last`` is True when nothing may follow it, ``ends_late`` when only the end of
    the connection ends it.
    """

    said: bytes
    status: int
    body: bytes
    is_last: bool
    ends_late: bool


def honest(dice: random.Random, body: bytes) -> Honest:
    """Return an answer with that body, or with none when its status has none."""
    status, line = dice.choice(_STATUS_LINES)
    lines = [line, *dice.sample(_HEADERS, dice.randrange(3))]
    before = dice.choice(_BEFORE) if dice.random() < 0.1 else b""
    is_last = dice.random() < 0.1
    if is_last:
        lines = [each for each in lines if not each.startswith(b"Connection")]
        lines.append(b"Connection: close")
    ends_late = False
    if status in _WITHOUT_BODY:
        body = written = b""
    else:
        framing = dice.random()
        written = body
        if framing < 0.5:
            lines.insert(1, b"Content-Length: %d" % len(body))
        elif framing < 0.9:
            lines.append(b"Transfer-Encoding: chunked")
            written = _in_chunks(body, dice)
        else:
            ends_late = is_last = True
    return Honest(
        said=before + b"\r\n".join([*lines, b"", written]),
        status=status,
        body=body,
        is_last=is_last,
        ends_late=ends_late,
    )


def _in_chunks(body: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(body) + 1)
    chunks = [chunk for chunk in (body[:at], body[at:]) if chunk]
    extension = dice.choice(_EXTENSIONS)
    written = [b"%X%s\r\n%s\r\n" % (len(each), extension, each) for each in chunks]
    return b"".join([*written, b"0\r\n", dice.choice(_TRAILERS), b"\r\n"])
