"""Deeds: ways of answering that break HTTP, or bend it, or just take their time.

Each takes the connection, the request that was read (empty when none was) and the
document that an honest server would answer with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from .bodies import Document, Spoil, plain
from .connection import Connection

Deed: TypeAlias = Callable[[Connection, bytes, Document], Awaitable[None]]

_JSON = b"Content-Type: application/json\r\n"
_OK = b"HTTP/1.1 200 OK\r\n"
_BLOCK = b"x" * 16384
_GIB = 1024**3


def answer(
    spoil: Spoil = plain,
    *,
    status: bytes = b"200 OK",
    headers: Iterable[bytes] = (b"Content-Type: application/json",),
) -> Deed:
    """Return what answers as HTTP demands; ``{target}`` is what was asked for."""

    async def deed(connection: Connection, request: bytes, document: Document) -> None:
        body = b"" if status[:3] in (b"204", b"304") else spoil(document)
        target = [*request.split(b" "), b"", b"/"][1]
        lines = [b"HTTP/1.1 " + status, *headers, b"Content-Length: %d" % len(body)]
        head = b"\r\n".join(lines).replace(b"{target}", target)
        await connection.send(head + b"\r\n\r\n" + body)

    return deed


def say(text: bytes) -> Deed:
    """Return what says this, whatever was asked, and then nothing."""

    async def deed(connection: Connection, request: bytes, document: Document) -> None:
        await connection.send(text)
        await connection.hang()

    return deed


def flood(start: bytes, again: bytes, *, times: int | None = None) -> Deed:
    """Return what sends the start and then the same again and again."""

    async def deed(connection: Connection, request: bytes, document: Document) -> None:
        await connection.send(start)
        await connection.flood(again, times=times)
        await connection.hang()

    return deed


def drip(start: bytes, again: bytes) -> Deed:
    """Return what sends the start and then a little every 20 ms."""

    async def deed(connection: Connection, request: bytes, document: Document) -> None:
        await connection.send(start)
        await connection.drip(again)

    return deed


def framed(frame: Callable[[bytes], bytes]) -> Deed:
    """Return what sends the body in that frame and closes the connection."""

    async def deed(connection: Connection, request: bytes, document: Document) -> None:
        await connection.send(frame(plain(document)))
        connection.writer.close()

    return deed


async def reset(connection: Connection, request: bytes, document: Document) -> None:
    connection.reset()


async def close(connection: Connection, request: bytes, document: Document) -> None:
    connection.writer.close()


async def half_close(
    connection: Connection, request: bytes, document: Document
) -> None:
    connection.half_close()
    await connection.hang()


async def hang(connection: Connection, request: bytes, document: Document) -> None:
    await connection.hang()


async def answer_late(
    connection: Connection, request: bytes, document: Document
) -> None:
    await asyncio.sleep(0.05)
    await answer()(connection, request, document)


async def answer_and_close(
    connection: Connection, request: bytes, document: Document
) -> None:
    await answer()(connection, request, document)
    connection.writer.close()


async def answer_and_reset(
    connection: Connection, request: bytes, document: Document
) -> None:
    await answer()(connection, request, document)
    # The answer must have arrived: a reset throws away what is on its way.
    await asyncio.sleep(0.05)
    connection.reset()


def until_closed(body: bytes) -> bytes:
    return _OK + _JSON + b"\r\n" + body


def as_http_1_0(body: bytes) -> bytes:
    return b"HTTP/1.0 200 OK\r\n" + _JSON + b"\r\n" + body


def cut_length(body: bytes) -> bytes:
    # The document is whole, and yet the length says that there is more of it.
    return _OK + _JSON + b"Content-Length: %d\r\n\r\n" % (len(body) + 10) + body


def two_lengths(body: bytes) -> bytes:
    first = b"Content-Length: %d\r\n" % len(body)
    return _OK + _JSON + first + b"Content-Length: 5\r\n\r\n" + body


def negative_length(body: bytes) -> bytes:
    return _OK + _JSON + b"Content-Length: -1\r\n\r\n" + body


def chunked(body: bytes) -> bytes:
    return cut_chunk(body) + b"0\r\n\r\n"


def cut_chunk(body: bytes) -> bytes:
    # All of the document came, but not the chunk that ends it.
    size = b"%x\r\n" % len(body)
    return _OK + _JSON + b"Transfer-Encoding: chunked\r\n\r\n" + size + body + b"\r\n"


def bad_chunk(body: bytes) -> bytes:
    return _OK + _JSON + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + body


def after_hundreds(body: bytes) -> bytes:
    hundreds = b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + b"HTTP/1.1 103 Hints\r\n\r\n"
    return hundreds + _OK + b"Content-Length: %d\r\n\r\n" % len(body) + body


many_hundreds = drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
endless_hundreds = flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2000)
many_headers = flood(_OK, b"X-More: more\r\n" * 1000, times=1000)
long_header = flood(_OK + b"X-More: ", _BLOCK, times=_GIB // len(_BLOCK))
huge_body = flood(
    _OK + _JSON + b"Content-Length: %d\r\n\r\n" % _GIB,
    _BLOCK,
    times=_GIB // len(_BLOCK),
)
endless_chunks = flood(
    _OK + _JSON + b"Transfer-Encoding: chunked\r\n\r\n",
    b"400\r\n" + _BLOCK[:1024] + b"\r\n",
)
tiny_chunks = flood(
    _OK + _JSON + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 10_000
)
header_drip = drip(_OK + b"X-More: ", b"x")
body_drip = drip(_OK + _JSON + b"Content-Length: 60000\r\n\r\n{", b" ")
