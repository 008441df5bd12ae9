"""Framing: a second, plain opinion on where an answer ends, apart from llhttp.

It backs an answer that was read only when its bytes say so: the status, the body, and
that all of it came. What it cannot make out itself backs nothing.
"""

from __future__ import annotations

import re

from attrs import frozen

_HEAD = re.compile(rb"HTTP/(\d)\.(\d) (\d{3})[^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n")
_LENGTH = re.compile(rb"(?im)^content-length:[ \t]*(\d+)[ \t]*\r$")
_CHUNKED = re.compile(rb"(?im)^transfer-encoding:[ \t]*chunked[ \t]*\r$")
_CONNECTION = re.compile(rb"(?im)^connection:([^\r\n]*)\r$")
_SIZE = re.compile(rb"([0-9A-Fa-f]+)(?:;[^\r\n]*)?\r\n")
_TRAILER = re.compile(rb"(?:[^\r\n]+\r\n)*\r\n")
_WITHOUT_BODY = (204, 304)


@frozen(kw_only=True)
class Framed:
    """Hold an answer, and how many bytes it took.

    ``is_whole`` is False when it has no end yet; ``is_last`` is True when nothing may
    follow it.
    """

    status: int
    body: bytes
    size: int
    is_whole: bool
    is_last: bool


def framed(said: bytes, *, is_ended: bool) -> Framed | None:
    """Return the first final answer in these bytes, None without a whole head.

    ``is_ended`` says that nothing can come after them.
    """
    start = 0
    while True:
        head = _HEAD.match(said, start)
        if head is None:
            return None
        status = int(head[3])
        start = head.end()
        if not 100 <= status < 200:
            break
    headers = head[4]
    is_last = _is_last(head[1] + head[2], headers)
    length = _LENGTH.search(headers)
    is_whole = True
    if status in _WITHOUT_BODY:
        body, end = b"", start
    elif _CHUNKED.search(headers):
        # An older sender may not know what it says.
        is_last = is_last or head[1] + head[2] != b"11"
        body, end, is_whole = _chunks(said, start)
    elif length is not None:
        end = start + int(length[1])
        body = said[start:end]
        is_whole = end <= len(said)
    else:
        body, end, is_whole, is_last = said[start:], len(said), is_ended, True
    return Framed(
        status=status, body=body, size=end, is_whole=is_whole, is_last=is_last
    )


def _is_last(version: bytes, headers: bytes) -> bool:
    listed = b",".join(_CONNECTION.findall(headers)).lower().split(b",")
    words = [word.strip(b" \t") for word in listed]
    return b"close" in words or (version < b"11" and b"keep-alive" not in words)


def _chunks(said: bytes, start: int) -> tuple[bytes, int, bool]:
    body = b""
    while True:
        size = _SIZE.match(said, start)
        if size is None:
            return body, len(said), False
        start = size.end()
        if length := int(size[1], 16):
            body += said[start : start + length]
            start += length
            if said[start : start + 2] != b"\r\n":
                return body, len(said), False
            start += 2
            continue
        trailer = _TRAILER.match(said, start)
        return body, trailer.end() if trailer else len(said), trailer is not None
