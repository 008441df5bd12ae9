"""Kinds: the ways to be hostile, as one table, and the fate of a request in each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum

from attrs import field, frozen

from . import bodies, deeds
from .certificates import Certificate
from .deeds import Deed
from .fates import Fate

CALLPASS = ("start v1.0", "start v2.0", "start v3.0", "status")
HTML = (b"Content-Type: text/html; charset=utf-8",)
_JSON = b"Content-Type: application/json"


class Door(Enum):
    """Name how far a client comes in before the first byte."""

    OPEN = "open"
    SHUT = "connections are refused"
    FULL = "connections are neither accepted nor refused"
    DEAF = "connections stand, but nobody takes them"
    SLOW = "connections are taken after a while"


@frozen(kw_only=True)
class Kind:
    """Hold one way to be hostile.

    ``on_accept`` comes before anything is read, ``on_request`` once a request is. With
    ``shakes_hands`` False the server speaks no TLS where it should. ``warm_up`` says
    that an honest answer on the same connection comes first. ``ends`` is False when
    only the client's deadline ends it.
    """

    name: str
    fate: Fate
    tls_fate: Fate | None = None
    on_accept: Deed | None = None
    on_request: Deed = field(factory=deeds.answer)
    door: Door = Door.OPEN
    certificate: Certificate = Certificate.GOOD
    shakes_hands: bool = True
    tls_only: bool = False
    warm_up: bool = False
    ends: bool = True
    but: Mapping[str, Fate] = field(factory=dict)

    def fate_of(self, operation: str, *, tls: bool) -> Fate:
        """Return what a request of that operation must come to."""
        fate = self.fate if self.tls_fate is None or not tls else self.tls_fate
        return self.but.get(operation, fate)


def _doors() -> list[Kind]:
    return [
        Kind(name="refused", fate=Fate.NOT_SENT, door=Door.SHUT),
        Kind(name="backlog full", fate=Fate.NOT_SENT, door=Door.FULL, ends=False),
        Kind(
            name="never accepted",
            fate=Fate.LOST,
            tls_fate=Fate.NOT_SENT,
            door=Door.DEAF,
            ends=False,
        ),
        Kind(name="slow accept", fate=Fate.ANSWERED, door=Door.SLOW),
    ]


def _before_reading() -> list[Kind]:
    acts: Mapping[str, Deed] = {
        "reset before reading": deeds.reset,
        "closed before reading": deeds.close,
        "half closed before reading": deeds.half_close,
    }
    return [Kind(name=n, fate=Fate.LOST, on_accept=act) for n, act in acts.items()]


def _handshakes() -> list[Kind]:
    acts: Mapping[str, Deed] = {
        "reset in the handshake": deeds.reset,
        "closed in the handshake": deeds.close,
        "garbage in the handshake": deeds.say(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        "silence in the handshake": deeds.hang,
    }
    return [
        Kind(
            name=name,
            fate=Fate.NOT_SENT,
            on_accept=act,
            shakes_hands=False,
            tls_only=True,
            ends=act is not deeds.hang,
        )
        for name, act in acts.items()
    ]


def _certificates() -> list[Kind]:
    return [
        Kind(
            name=f"certificate {certificate.value}",
            fate=Fate.NOT_SENT,
            certificate=certificate,
            tls_only=True,
        )
        for certificate in Certificate
        if certificate is not Certificate.GOOD
    ]


def _without_an_answer() -> list[Kind]:
    ending: Mapping[str, Deed] = {
        "reset after reading": deeds.reset,
        "closed after reading": deeds.close,
        "half closed after reading": deeds.half_close,
        "status line of garbage": deeds.say(b"\x00\xff OK 200 \xfe\r\n\r\n"),
        "status line that echoes the URL": deeds.answer(status=b"xxx {target}"),
        "header that echoes the URL": deeds.answer(headers=[b"no header {target}"]),
        "101 that nobody asked for": deeds.answer(status=b"101 Switching Protocols"),
        "cut Content-Length": deeds.framed(deeds.cut_length),
        "two Content-Lengths": deeds.framed(deeds.two_lengths),
        "negative Content-Length": deeds.framed(deeds.negative_length),
        "cut chunk": deeds.framed(deeds.cut_chunk),
        "size of a chunk that is no number": deeds.framed(deeds.bad_chunk),
        "a million headers": deeds.many_headers,
        "header of 1 GiB": deeds.long_header,
    }
    endless: Mapping[str, Deed] = {
        "silence": deeds.hang,
        "another protocol": deeds.say(b"SSH-2.0-OpenSSH_9.6\r\n"),
        "header drip": deeds.header_drip,
        "body drip": deeds.body_drip,
        "hundreds of 100 Continue": deeds.many_hundreds,
    }
    return [
        *(Kind(name=n, fate=Fate.LOST, on_request=act) for n, act in ending.items()),
        *(
            Kind(name=n, fate=Fate.LOST, on_request=act, ends=False)
            for n, act in endless.items()
        ),
    ]


def _unusual() -> list[Kind]:
    """Return what is allowed, however odd, and must be understood."""
    acts: Mapping[str, Deed] = {
        "honest": deeds.answer(),
        "late": deeds.answer_late,
        "no length, closed at the end": deeds.framed(deeds.until_closed),
        "HTTP/1.0": deeds.framed(deeds.as_http_1_0),
        "chunked": deeds.framed(deeds.chunked),
        "a few of 100 Continue": deeds.framed(deeds.after_hundreds),
        "no content type": deeds.answer(headers=()),
        "wrong content type": deeds.answer(headers=[b"Content-Type: image/png"]),
        "JSON called HTML": deeds.answer(headers=HTML),
        "identity announced": deeds.answer(headers=[b"Content-Encoding: identity"]),
        "unknown keys": deeds.answer(bodies.with_more(b'"more": [1, {"a": null}]')),
    }
    return [Kind(name=n, fate=Fate.ANSWERED, on_request=act) for n, act in acts.items()]


def _documents() -> list[Kind]:
    spoilt: Mapping[str, bodies.Spoil] = {
        "UTF-16": bodies.in_utf_16,
        "BOM": bodies.with_bom,
        "cp1251": bodies.in_cp1251,
        "duplicate keys": bodies.duplicate_keys,
        "NaN": bodies.with_more(b'"more": NaN'),
        "Infinity": bodies.with_more(b'"more": -Infinity'),
        "25 levels": bodies.nested(25),
        "25,000 levels": bodies.nested(25_000),
        "JSON without its end": bodies.cut_inside,
        "no document": lambda _: b"",
        "null": lambda _: b"null",
        "list": lambda document: b"[" + bodies.plain(document) + b"]",
        "unannounced gzip": bodies.gzipped,
        "unannounced bomb": bodies.bomb,
        "zeros": lambda _: bytes(60_000),
    }
    return [
        *(
            Kind(name=name, fate=Fate.BROKEN, on_request=deeds.answer(spoil))
            for name, spoil in spoilt.items()
        ),
        # Of these two some answers hold nothing that changes.
        Kind(
            name="digits as numbers",
            fate=Fate.BROKEN,
            on_request=deeds.answer(bodies.digits_as_numbers),
            but=_answered("voicemail", "checkCode", "incoming/verify", "status"),
        ),
        Kind(
            name="booleans as text",
            fate=Fate.BROKEN,
            on_request=deeds.answer(bodies.booleans_as_text),
            but=_answered(*CALLPASS),
        ),
    ]


def _answered(*operations: str) -> Mapping[str, Fate]:
    return dict.fromkeys(operations, Fate.ANSWERED)


def _wrappings() -> list[Kind]:
    gzip, age = b"Content-Encoding: gzip", b"Age: 0"
    acts: Mapping[str, Deed] = {
        "announced gzip": deeds.answer(bodies.gzipped, headers=[_JSON, gzip]),
        "announced bomb": deeds.answer(bodies.bomb, headers=[_JSON, gzip]),
        "gzip called HTML": deeds.answer(bodies.gzipped, headers=[*HTML, gzip]),
        "UTF-16 called HTML": deeds.answer(bodies.in_utf_16, headers=HTML),
        "gzip that is none": deeds.answer(headers=[_JSON, gzip]),
        "from a cache": deeds.answer(headers=[_JSON, age]),
        "body of 1 GiB": deeds.huge_body,
        "endless chunks": deeds.endless_chunks,
        "204 without content": deeds.answer(status=b"204 No Content"),
    }
    return [
        *(Kind(name=n, fate=Fate.BROKEN, on_request=act) for n, act in acts.items()),
        Kind(
            name="500 with a success",
            fate=Fate.FAILED,
            on_request=deeds.answer(status=b"500 Oops"),
        ),
    ]


def _redirects() -> list[Kind]:
    location = b"Location: /elsewhere{target}"
    return [
        Kind(
            name=f"redirect {code}",
            fate=Fate.BROKEN,
            on_request=deeds.answer(
                status=b"%d Elsewhere" % code, headers=[_JSON, location]
            ),
        )
        for code in (300, 301, 302, 303, 304, 305, 307, 308)
    ]


def _pages() -> list[Kind]:
    at_callpass = dict.fromkeys(CALLPASS, Fate.UNAUTHORISED)
    waits = {**at_callpass, "check": Fate.PENDING}
    pages: Mapping[str, tuple[Fate, Mapping[str, Fate]]] = {
        "200 OK": (Fate.BROKEN, at_callpass),
        "401 Unauthorized": (Fate.UNAUTHORISED, {}),
        "403 Forbidden": (Fate.UNAUTHORISED, {}),
        "404 Not Found": (Fate.BROKEN, waits),
        "500 Internal Server Error": (Fate.FAILED, {}),
        "502 Bad Gateway": (Fate.FAILED, {}),
    }
    return [
        Kind(
            name=f"page {title}",
            fate=fate,
            on_request=deeds.answer(
                bodies.page(title), status=title.encode(), headers=HTML
            ),
            but=but,
        )
        for title, (fate, but) in pages.items()
    ]


def _second_requests() -> list[Kind]:
    return [
        Kind(
            name="closed between two requests",
            fate=Fate.ANSWERED,
            on_request=deeds.answer_and_close,
            warm_up=True,
        ),
        Kind(
            name="reset between two requests",
            fate=Fate.ANSWERED,
            on_request=deeds.answer_and_reset,
            warm_up=True,
        ),
    ]


_MAKERS: tuple[Callable[[], list[Kind]], ...] = (
    _doors,
    _before_reading,
    _handshakes,
    _certificates,
    _without_an_answer,
    _unusual,
    _documents,
    _wrappings,
    _redirects,
    _pages,
    _second_requests,
)

EVERY_KIND = tuple(kind for make in _MAKERS for kind in make())
"""All of them, as they are listed here."""
KINDS: Mapping[str, Kind] = {
    re.sub(r"[^\w.,/-]+", "-", kind.name): kind for kind in EVERY_KIND
}
"""All of them, by names that the id of a test may have."""
