"""Wild: answers of a server, with anything wrong with them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeAlias

from .answering import Ending, Script

_Mutation: TypeAlias = Callable[[bytes, random.Random], bytes]

_BODY = b'{"status": true, "id": 103000}'
_SIZE = b"%d" % len(_BODY)
_STATUS_LINES = (
    *(b"HTTP/1.1 200 OK",) * 6,
    *(b"HTTP/1.1 100 Continue", b"HTTP/1.1 103 Early Hints", b"HTTP/1.1 101 Switch"),
    *(b"HTTP/1.1 204 No Content", b"HTTP/1.1 304 Not Modified", b"HTTP/1.0 200 OK"),
    *(b"HTTP/1.1 200", b"HTTP/1.1 200 ", b"HTTP/1.1  200 OK", b"HTTP/2.0 200 OK"),
    *(b"HTTP/1.1 20 OK", b"HTTP/1.1 2000 OK", b"HTTP/1.1 099 OK", b"HTTP/0.9 200 OK"),
    *(b"http/1.1 200 OK", b"ICY 200 OK", b"RTSP/1.0 200 OK", b"HTTP/1.1 500 \xd0\x9e"),
    *(b"HTTP/1.1 600 More", b"HTTP/1.1 -20 OK", b"HTTP/11 200 OK", b"SSH-2.0-x"),
)
_HEADERS = (
    *(b"Content-Length: " + _SIZE,) * 8,
    *(b"Transfer-Encoding: chunked",) * 5,
    *(b"Content-Type: application/json", b"Connection: close") * 2,
    *(b"Connection: keep-alive", b"Connection: Upgrade", b"Upgrade: h2c"),
    *(b"Content-Length: 5", b"Content-Length: 0", b"Content-Length: -1"),
    *(b"Content-Length: +5", b"Content-Length: 0x1e", b"Content-Length: 30, 30"),
    *(b"Content-Length: " + b"9" * 30, b"Content-Length:", b"Content-Length: 1e1"),
    *(b"content-length:" + _SIZE + b" ", b"Content-Length : " + _SIZE),
    *(b"Transfer-Encoding: identity", b"Transfer-Encoding: gzip, chunked"),
    *(b"Transfer-Encoding: chunked, gzip", b"transfer-encoding: CHUNKED"),
    *(b"Transfer-Encoding: \x0bchunked", b"Transfer-Encoding: xchunked"),
    *(
        b" folded: yes",
        b"\tfolded",
        b"X-Empty:",
        b"no colon",
        b": no name",
        b"X\x00: y",
    ),
    *(
        b"X-Text: \xd0\x9f\xd1\x80",
        b"X-Text: \xff\xfe",
        b"X-NUL: a\x00b",
        b"X-CR: a\rb",
    ),
    *(b"X-Long: " + b"x" * 3000, b"Set-Cookie: a=b", b"Content-Encoding: gzip"),
    *(b"Trailer: X-After", b"X(y): z", b"Retry-After: 5"),
)
_BODIES = (
    *(_BODY,) * 6,
    *(b"%x\r\n" % len(_BODY) + _BODY + b"\r\n0\r\n\r\n",) * 5,
    *(b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", b"2;x=y\r\n{}\r\n0\r\nX-After: 1\r\n\r\n"),
    *(
        b"2\r\n{}\r\n",
        b"zz\r\n{}\r\n0\r\n\r\n",
        b"0\r\n\r\n",
        b"00000002\r\n{}\r\n0\r\n\r\n",
    ),
    *(
        b"-2\r\n{}\r\n0\r\n\r\n",
        b"2 \r\n{}\r\n0\r\n\r\n",
        b"2\n{}\n0\n\n",
        b"2\r\n{}0\r\n\r\n",
    ),
    *(b"fffffffffffffffff\r\n{}\r\n", b"", _BODY[:-1], _BODY + b"\r\n", _BODY + _BODY),
)


def script(dice: random.Random) -> Script:
    """Return an answer, cut into parts anywhere, and any ending."""
    said = answer(dice)
    cuts = sorted(dice.randrange(len(said) + 1) for _ in range(dice.randrange(3)))
    ends = zip([0, *cuts], [*cuts, len(said)], strict=True)
    ending = dice.choice((*(Ending.CLOSE,) * 8, Ending.RESET))
    return Script(tuple(said[start:end] for start, end in ends), ending)


def answer(dice: random.Random) -> bytes:
    """Return some answers in a row, mostly one, with up to three mutations."""
    said = b"".join(_one(dice) for _ in range(dice.choice((1, 1, 1, 1, 2, 3))))
    for _ in range(dice.choice((0, 0, 0, 1, 2, 3))):
        said = dice.choice(_MUTATIONS)(said, dice)
    return said


def _one(dice: random.Random) -> bytes:
    headers = [dice.choice(_HEADERS) for _ in range(dice.randrange(4))]
    end = dice.choice((*(b"\r\n",) * 12, b"\n", b"\r"))
    head = end.join([dice.choice(_STATUS_LINES), *headers, b"", b""])
    return head + dice.choice(_BODIES)


def _flip(said: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(said) + 1)
    return said[:at] + bytes([dice.randrange(256)]) + said[at + 1 :]


def _insert(said: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(said) + 1)
    return said[:at] + dice.choice(_PIECES) + said[at:]


def _cut(said: bytes, dice: random.Random) -> bytes:
    start, end = _span(said, dice)
    return said[:start] + said[end:]


def _repeat(said: bytes, dice: random.Random) -> bytes:
    start, end = _span(said, dice)
    return said[:end] + said[start:end] + said[end:]


def _truncate(said: bytes, dice: random.Random) -> bytes:
    return said[: dice.randrange(len(said) + 1)]


def _span(said: bytes, dice: random.Random) -> tuple[int, int]:
    start, end = sorted(dice.randrange(len(said) + 1) for _ in range(2))
    return start, end


_PIECES = (b"\r\n", b"\n", b"\r", b"\x00", b" ", b"\t", b":", b"\r\n\r\n", b"0\r\n\r\n")
_MUTATIONS: Sequence[_Mutation] = (_flip, _insert, _cut, _repeat, _truncate)
