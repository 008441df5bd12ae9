"""Differences: why transports read an answer differently.

What can be read in two ways may have been read in the other one by a proxy between, so
ours refuses it where h11, below httpx, forgives.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress

from callauth import AnswerLost, NotSent, Response
from callauth.transport.native.answer import Answers, OutsideHttp

STRICTER: Mapping[str, re.Pattern[bytes]] = {
    "a line that ends without CR": re.compile(rb"(?<!\r)\n"),
    "a length beside chunks": re.compile(
        rb"(?is)content-length:.*transfer-encoding:"
        rb"|transfer-encoding:.*content-length:"
    ),
    "a length twice": re.compile(
        rb"(?is)content-length:.*content-length:|content-length:[^\r]*,"
    ),
    "a version that nobody speaks": re.compile(rb"HTTP/(?!0\.9|1\.[01]|2\.0)"),
    "a folded header": re.compile(rb"\r\n[ \t]+[^\r\n]*\r\n"),
    "a control character in a header": re.compile(
        rb"\n[^\r\n]*[\x00-\x08\x0b\x0c\x0e-\x1f\x7f][^\r\n]*\r\n"
    ),
    "a space after the size of a chunk": re.compile(rb"\r\n[0-9A-Fa-f]+[ \t]+\r\n"),
}
"""What ours refuses and h11 does not."""

STRICTER_THAN_AIOHTTP: Mapping[str, re.Pattern[bytes]] = {
    "something else at the beginning": re.compile(
        rb"(?s)^(HTTP/1\.[01] 1[0-9][0-9] .*\r\n\r\n)?(RTSP|ICE|\r|\n)"
    ),
    "a space before a colon": re.compile(rb"\n[^\r\n:]*[ \t]:"),
    "another coding than chunks": re.compile(
        rb"(?i)\r\ntransfer-encoding:[ \t]*(?!chunked[ \t]*\r)"
    ),
    "a CR within a line": re.compile(rb"\r(?!\n)"),
    "chunks twice": re.compile(rb"(?is)transfer-encoding:.*transfer-encoding:"),
}
"""What ours refuses and aiohttp, with llhttp told to be lenient, does not, either."""

LAXER: Mapping[str, re.Pattern[bytes]] = {
    # Nobody ever reads it.
    "anything in a reason": re.compile(
        rb"HTTP/[0-9.]+ [0-9]{3} [^\r\n]*[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
    ),
}
"""What ours reads and h11 refuses."""


LAXER_THAN_AIOHTTP: Mapping[str, re.Pattern[bytes]] = {
    # Ours bounds the whole head, at 64 KiB.
    "a header of over 8190 bytes": re.compile(rb"\n[^\r\n]{8190,}"),
}
"""What ours reads and aiohttp refuses."""

UNEXPLAINED = "unexplained"


def compared(
    said: bytes, ours: Response | NotSent | AnswerLost, theirs: object, other: str
) -> str:
    """Say whether two readings of the same answer agree, or why they differ.

    What nobody knows of is ``UNEXPLAINED``.
    """
    is_aiohttp = other == "aiohttp"
    if not isinstance(ours, Response) and not isinstance(theirs, Response):
        return "lost alike" if type(ours) is type(theirs) else UNEXPLAINED
    known: Mapping[str, re.Pattern[bytes]] = {}
    if not isinstance(ours, Response):
        known = {**STRICTER, **(STRICTER_THAN_AIOHTTP if is_aiohttp else {})}
    elif isinstance(theirs, Response) and _reading(ours) == _reading(theirs):
        return "read alike"
    elif is_aiohttp and _is_whole_before_its_end(said):
        # Of what follows an answer aiohttp takes a part for its end.
        return "something after it"
    elif not isinstance(theirs, Response):
        known = LAXER_THAN_AIOHTTP if is_aiohttp else LAXER
    names = (name for name, pattern in known.items() if pattern.search(said))
    return next(names, UNEXPLAINED)


def _reading(response: Response) -> tuple[int, bytes, dict[str, str]]:
    return response.status, response.body, _headers(response)


def _headers(response: Response) -> dict[str, str]:
    # h11 writes "chunked" small, and httpx reads all of them as latin-1 if one is not
    # UTF-8; nothing that callauth reads is either.
    return {
        name: value.lower()
        for name, value in response.headers.items()
        if value.isascii()
    }


def _is_whole_before_its_end(said: bytes) -> bool:
    answers = Answers()
    with suppress(OutsideHttp):
        answers.receive(memoryview(said)[:-1])
    return answers.is_whole
