"""Answer: what a connection receives, read by llhttp.

What could be read in two ways is not read at all: lengths beside chunks, codings that
nobody asked for, another protocol. Whatever is not the body (heads, sizes of chunks,
trailers) may take ``HEAD_LIMIT`` bytes in all, of a body one byte more than
``BODY_LIMIT`` is enough.
"""

from __future__ import annotations

from functools import lru_cache

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from ...protocol.message import BODY_LIMIT, LowerHeaders, Response
from ..wire import HEAD_LIMIT
from .heads import Heads

_HTTP = b"HTTP/"
# After "HTTP/1.1 "; of a head that another one follows it is a 1.
_STATUS_AT = 9
_LINE_ENDS = b"\r\n"
_OUTSIDE = "an answer outside HTTP"
_SWITCHING_PROTOCOLS = 101
_WITHOUT_BODY = (204, 304)


class OutsideHttp(Exception):
    """The answer breaks HTTP, or is too long; the message is a clause without data."""


class Answers:
    """Read the answers of one connection, one after another.

    ``is_enough`` says that there is all that will be read, ``is_whole`` that its end
    was reached, ``is_last`` that nothing after it can be read.
    """

    def __init__(self, heads: Heads | None = None) -> None:
        self._heads = Heads() if heads is None else heads
        self._parser = HttpResponseParser(self)
        self.begin()

    def begin(self) -> None:
        """Expect the next answer."""
        self.is_whole = False
        self.is_last = False
        self.ends_with_connection = False
        self._status = 0
        self._headers = LowerHeaders()
        # Most bodies come in one piece, which is not copied then.
        self._body: bytes | bytearray = b""
        self._received = 0
        self._in_head = 0
        self._is_in_body = False

    def end(self) -> None:
        """Expect nothing more."""
        # They hold each other, which only the garbage collector could undo.
        vars(self).pop("_parser", None)

    @property
    def is_enough(self) -> bool:
        """Whether there is an answer."""
        return self.is_whole or len(self._body) > BODY_LIMIT

    def receive(self, received: memoryview) -> None:
        """Read what came; raises OutsideHttp when no answer can follow."""
        if self._received:
            self._parse(received)
            return
        # What comes at once, as most answers do, may have been read before.
        whole = bytes(received)
        found = self._heads.find(whole)
        if found is None:
            self._parse(received)
            if self.is_whole:
                self._heads.learn(whole, self.response(), is_last=self.is_last)
            return
        head, self._body = found
        self._status, self._headers = head.status, LowerHeaders(head.headers)
        self._received = len(whole)
        self.is_whole, self.is_last = True, head.is_last

    def _parse(self, received: memoryview) -> None:
        clause = ""
        try:
            self._feed(self._beyond_heads(received))
        except (HttpParserError, HttpParserUpgrade):
            clause = _OUTSIDE
            self.is_last = True
        self._received += len(received)
        if self._received - len(self._body) > HEAD_LIMIT:
            raise OutsideHttp("an answer with too much beside its body")
        # What nobody understands after enough of an answer is not a part of it.
        if clause and not self.is_enough:
            raise OutsideHttp(clause)

    def response(self) -> Response:
        """Return the answer, once there is enough of it."""
        return Response(
            status=self._status,
            headers=self._headers,
            body=bytes(self._body[: BODY_LIMIT + 1]),
        )

    def on_message_begin(self) -> None:
        """Hear from llhttp that there is more."""
        if self.is_whole:
            raise OutsideHttp

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; those of a trailer are left out."""
        if self._is_in_body:
            return
        key, value = _lowered(name), value.rstrip(b" \t")
        try:
            text = value.decode()
        except UnicodeDecodeError:
            text = value.decode("latin-1")
        headers = self._headers
        headers[key] = f"{headers[key]}, {text}" if key in headers else text

    def on_headers_complete(self) -> None:
        """Judge a head, unless another one follows it."""
        status = self._parser.get_status_code()
        if 100 <= status < 200 and status != _SWITCHING_PROTOCOLS:
            return
        if status < 200:
            raise OutsideHttp
        self._status = status
        self._is_in_body = True
        self._judge_framing()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        if not self._body:
            self._body = body
            return
        if isinstance(self._body, bytes):
            self._body = bytearray(self._body)
        self._body += body

    def on_message_complete(self) -> None:
        """Note the end, unless it is that of a 100 Continue or the like."""
        if not self._is_in_body:
            self._headers.clear()
            self._in_head = 0
            return
        self.is_whole = True
        self.is_last = (
            self.is_last
            or not self._parser.should_keep_alive()
            # Before HTTP/1.1 llhttp lets a keep-alive beside it win.
            or "close" in self._headers.get("connection", "").lower()
        )

    def _beyond_heads(self, received: memoryview) -> memoryview:
        """Feed heads that others follow, and return what is left."""
        if self._is_in_body:
            return received
        is_first = not self._received and len(received) > _STATUS_AT
        if is_first and received[_STATUS_AT] != ord("1"):
            self._enter_head(received)
            return received
        fed = 0
        # A head ends with a line, so the next one cannot hide within what is fed.
        for line in bytes(received).splitlines(keepends=True):
            if self._is_in_body:
                break
            self._enter_head(line)
            self._parser.feed_data(line)
            fed += len(line)
        return received[fed:]

    def _enter_head(self, received: bytes | memoryview) -> None:
        # llhttp would take RTSP, too.
        expected = _HTTP[self._in_head : self._in_head + len(received)]
        if received[: len(expected)] != expected:
            raise OutsideHttp(_OUTSIDE)
        self._in_head += len(received)

    def _feed(self, received: memoryview) -> None:
        if self.is_whole and received:
            self.is_last = True
            return
        # llhttp passes over the ends of lines after an answer, as if nothing followed.
        if len(received) > 1 and received[-1] in _LINE_ENDS:
            self._parser.feed_data(received[:-1])
            if self.is_whole:
                self.is_last = True
                return
            received = received[-1:]
        self._parser.feed_data(received)

    def _judge_framing(self) -> None:
        # RFC 9112, section 6.3: what could end at two places is believed at none.
        has_length = "content-length" in self._headers
        coding = self._headers.get("transfer-encoding")
        if coding is None:
            self.ends_with_connection = not (
                has_length or self._status in _WITHOUT_BODY
            )
            return
        if has_length or coding.lower() != "chunked":
            raise OutsideHttp
        # Section 6.1: an older sender that claims to know chunks is not asked again.
        self.is_last = self._parser.get_http_version() != "1.1"


# Servers say the same few names again and again; 0.2 µs less for each.
@lru_cache(maxsize=64)
def _lowered(name: bytes) -> str:
    return name.decode("latin-1").lower()
