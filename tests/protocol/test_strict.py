"""Answers are believed only when every reader in the world would read them alike."""

from __future__ import annotations

import json

import pytest

from callauth.errors import (
    AnswerLost,
    AuthenticationFailed,
    ProtocolError,
    RateLimited,
)
from callauth.protocol.message import BODY_LIMIT
from tests.support.answers import Said, answer, reading
from tests.support.canaries import Canaries
from tests.support.operations import operations
from tests.support.refusals import refused

_GOOD: dict[str, dict[str, object]] = {
    "voicemail": {"status": True, "id": 103000, "code": "0777"},
    "checkCode": {"status": True},
    "incoming/init": {"status": True, "service_phone": "79123456789"},
    "incoming/verify": {"status": True},
    "get": {
        "success": True,
        "error": "",
        "data": {"auth_phone": "79644115786", "id": 1},
    },
    "check": {
        "success": True,
        "error": "",
        "data": {"phone": "89243555100", "id": 122760},
    },
    "start v3.0": {
        "status": "success",
        "data": {"callid": "a-1", "phone": "2214610", "result": "null"},
    },
    "status v3.0": {
        "status": "success",
        "data": {
            "callid": "4f2ea8a1-75e8-4fdd-8e6b-b92e804b1a1d",
            "result": "USER_BUSY",
        },
    },
}
_NAMES = list(_GOOD)
_BROKEN = Said(ProtocolError)


def _nested(levels: int) -> object:
    document: object = 1
    for _ in range(levels):
        document = [document]
    return document


_BODIES = {
    "empty": b"",
    "blank": b" \n",
    "no JSON": b"OK",
    "cut": b'{"status": true',
    "two values": b'{"status": true}{"status": true}',
    "trailing comma": b'{"status": true,}',
    "comment": b'{"status": true} // yes',
    "single quotes": b"{'status': true}",
    "null": b"null",
    "text": b'"success"',
    "list": b'[{"status": true}]',
    "not UTF-8": b'{"status": true, "x": "\xff"}',
    "UTF-16": '{"status": true}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"status": true}',
    "duplicate key": b'{"status": false, "status": true}',
    "duplicate key below": b'{"status": true, "x": {"a": 1, "a": 1}}',
    "escaped duplicate": b'{"status": false, "stat\\u0075s": true}',
    "NaN": b'{"status": true, "x": NaN}',
    "Infinity": b'{"status": true, "x": [-Infinity]}',
    "control character": b'{"status": true, "x": "\n"}',
    "deep": b'{"status": true, "x": ' + b"[" * 100_0 + b"]" * 100_0 + b"}",
    "bottomless": b"[" * 60_000,
    "no-break space": b'\xc2\xa0{"status": true}',
    "form feed": b'{"status": true}\x0c',
    "huge number": b'{"status": true, "x": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("name", _NAMES)
def test_a_good_answer_is_believed(name: str, canaries: Canaries) -> None:
    """The cases below differ from these in one thing each."""
    said = reading(operations(canaries)[name], answer(_GOOD[name]))

    assert not isinstance(said, Said)


@pytest.mark.parametrize("body", _BODIES.values(), ids=_BODIES.keys())
@pytest.mark.parametrize("name", _NAMES)
def test_another_body_is_not_believed(
    name: str, body: bytes, canaries: Canaries
) -> None:
    """Two parsers that read it differently are two answers."""
    assert reading(operations(canaries)[name], answer(body=body)) == _BROKEN


@pytest.mark.parametrize("name", _NAMES)
def test_unknown_keys_are_ignored(name: str, canaries: Canaries) -> None:
    """A provider may add some."""
    operation = operations(canaries)[name]
    richer = {**_GOOD[name], "new": {"a": [1.5, None]}, "Ключ": ""}

    assert operation.read(answer(richer)) == operation.read(answer(_GOOD[name]))


@pytest.mark.parametrize(("more", "believed"), [(0, True), (1, False)])
def test_an_answer_has_at_most_64_kib(
    more: int, believed: int, canaries: Canaries
) -> None:
    """A transport may cut what is longer, so it is never whole."""
    body = b'{"status": true}'
    body += b" " * (BODY_LIMIT - len(body) + more)

    said = reading(operations(canaries)["checkCode"], answer(body=body))

    assert BODY_LIMIT == 65_536
    assert said == (True if believed else _BROKEN)


@pytest.mark.parametrize(("levels", "believed"), [(19, True), (20, False)])
def test_an_answer_has_at_most_20_levels(
    levels: int, believed: int, canaries: Canaries
) -> None:
    """The object itself is the first of them."""
    lists = {"status": True, "x": _nested(levels)}
    objects = json.loads(json.dumps(lists).replace("[", '{"a":').replace("]", "}"))

    for document in (lists, objects):
        said = reading(operations(canaries)["checkCode"], answer(document))
        assert said == (True if believed else _BROKEN)


def test_a_wide_answer_is_not_a_deep_one(canaries: Canaries) -> None:
    """Levels are counted, not brackets."""
    wide = answer({"status": True, "x": [{}, [], "[[{"] * 100})

    assert operations(canaries)["checkCode"].read(wide)


def test_white_space_around_an_answer_is_none_of_it(canaries: Canaries) -> None:
    """Some servers end every answer with a line end."""
    padded = answer(body=b' \t\r\n{"status": true} \t\r\n')

    assert operations(canaries)["checkCode"].read(padded)


@pytest.mark.parametrize(
    "headers",
    [
        {"content-encoding": "gzip"},
        {"content-encoding": "br"},
        {"content-encoding": "identity, gzip"},
        {"age": "0"},
        {"age": "31"},
    ],
)
@pytest.mark.parametrize("name", _NAMES)
def test_an_encoded_or_cached_answer_is_not_believed(
    name: str, headers: dict[str, str], canaries: Canaries
) -> None:
    """An old "true" from a cache would verify somebody."""
    said = reading(operations(canaries)[name], answer(_GOOD[name], headers=headers))

    assert said == _BROKEN


def test_an_answer_may_say_that_it_is_not_encoded(canaries: Canaries) -> None:
    """That is what was asked for."""
    plain = answer({"status": True}, headers={"content-encoding": "identity"})

    assert operations(canaries)["checkCode"].read(plain) is True


@pytest.mark.parametrize("status", [201, 204, 299])
@pytest.mark.parametrize("name", _NAMES)
def test_a_success_needs_2xx(name: str, status: int, canaries: Canaries) -> None:
    """The body is what counts, as long as the status agrees."""
    operation = operations(canaries)[name]

    assert operation.read(answer(_GOOD[name], status=status)) == operation.read(
        answer(_GOOD[name])
    )


@pytest.mark.parametrize("status", [100, 199, 300, 301, 302, 307, 402, 418, 499])
@pytest.mark.parametrize("name", _NAMES)
def test_a_success_with_another_status_is_not_believed(
    name: str, status: int, canaries: Canaries
) -> None:
    """A redirect or an error page that says "true" was not said by the provider."""
    said = reading(operations(canaries)[name], answer(_GOOD[name], status=status))

    assert said == _BROKEN


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
@pytest.mark.parametrize("name", _NAMES)
def test_after_5xx_the_effect_is_unknown(
    name: str, status: int, canaries: Canaries
) -> None:
    """The server failed in the middle: it may have placed the call."""
    operation = operations(canaries)[name]
    html = answer(body=b"<html>bad gateway</html>", status=status)

    assert reading(operation, answer(_GOOD[name], status=status)) == Said(AnswerLost)
    assert reading(operation, html) == Said(AnswerLost)


@pytest.mark.parametrize(
    ("after", "seconds"),
    [
        (None, None),
        ("5", 5.0),
        (" 30 ", 30.0),
        ("0", 0.0),
        ("-5", None),
        ("5.5", None),
        ("٥", None),
        ("1234567", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
@pytest.mark.parametrize("name", _NAMES)
def test_429_says_how_long_to_wait(
    name: str, after: str | None, seconds: float | None, canaries: Canaries
) -> None:
    """A date would need a clock that agrees with theirs."""
    headers = {} if after is None else {"retry-after": after}
    limited = answer(body=b"slow down", status=429, headers=headers)

    said = reading(operations(canaries)[name], limited)

    assert said == Said(RateLimited, None, "HTTP 429", retry_after=seconds)


@pytest.mark.parametrize("name", _NAMES)
def test_503_says_how_long_to_wait(name: str, canaries: Canaries) -> None:
    """Whoever says when to come back is to be believed in that."""
    down = answer(body=b"", status=503, headers={"retry-after": "7"})

    said = reading(operations(canaries)[name], down)

    assert said == Said(AnswerLost, retry_after=7.0)


_ADVICE = {
    "voicemail": "service_id and secret_key",
    "incoming/verify": "service_id and secret_key",
    "get": "the token",
    "check": "the token",
    "start v3.0": "the token and the IP allow-list",
    "status v3.0": "the token and the IP allow-list",
}


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(("name", "advice"), _ADVICE.items())
def test_401_and_403_name_what_to_check(
    name: str, advice: str, status: int, canaries: Canaries
) -> None:
    """The operator of the application must mend it: nothing else helps."""
    denied = answer(body=b"Forbidden", status=status)

    said = reading(operations(canaries)[name], denied)

    assert said == Said(AuthenticationFailed, None, f"HTTP {status}, check {advice}")


def test_a_broken_answer_names_what_was_expected(canaries: Canaries) -> None:
    """The message helps, and holds nothing of the answer."""
    voicemail = operations(canaries)["voicemail"]
    pin = canaries.pin(7).reveal()

    with refused(ProtocolError, match=r"nerotech voicemail: .*\(id, code\)"):
        voicemail.read(answer({"status": True, "code": pin}))
    with refused(ProtocolError, match="nerotech voicemail: .* 4 digits"):
        voicemail.read(answer({"status": True, "id": 1, "code": pin}))
