"""Bodies: valid answers, mutated, into every reader, against a second opinion.

A reader may say "called", "right" or "this number" only when a plain reading of the
same bytes agrees. The second opinion is written apart from the readers and is lenient:
what it does not back is a false verification.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import TypeVar

from attrs import frozen

from callauth.errors import AnswerLost, ProtocolError, ProviderError
from callauth.models.key import IdempotencyKey
from callauth.models.phone import PhoneNumber
from callauth.models.pin import Pin
from callauth.models.secret import Secret
from callauth.protocol import callpass, nerotech, telefonip
from callauth.protocol.message import Operation, Response

T = TypeVar("T")

_USER = PhoneNumber("+79243555100")
_LEASE_ID = 122760
_CALL_ID = "8f3b2c32-ea06-43d2-856f-2ae05d6f86c6"
_CALLED = (
    '{"success": true, "error": "", "data": {"phone": "89243555100", "id": 122760}}'
)
_STARTED = (
    f'{{"status": "success", "data": {{"callid": "{_CALL_ID}", '
    '"phone": "2214610", "result": "null"}}'
)
_ENDED = (
    f'{{"status": "success", "data": {{"callid": "{_CALL_ID}", '
    '"result": "NORMAL_CLEARING"}}'
)
_REFUSALS = (AnswerLost, ProtocolError, ProviderError)
_VALUES: tuple[object, ...] = (
    *(None, True, False, 0, 1, 5, 6, 13, -1, 0.5, 122760, 10**30, "", "0", "true"),
    *("null", "0777", "٠٧٧٧", "2214610", "success", "error", "NO_ANSWER"),
    *("79243555100", "89243555100", "+79243555100", "79991112233", _CALL_ID),
    *({}, [], ["true"], {"status": True}, {"phone": "89243555100", "id": 122760}),
)
_HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"content-type": "text/html"},
    {"content-encoding": "gzip"},
    {"age": "1"},
    {"retry-after": "7"},
)
_STATUSES = (200, 200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 429, 500, 503)


@frozen(kw_only=True)
class Subject:
    """Hold one operation, valid answers to it, and the second opinion on a reply."""

    name: str
    read: Callable[[Response], object]
    samples: tuple[str, ...]
    is_backed: Callable[[object, object], bool]


def subjects() -> list[Subject]:
    """Return every operation that is answered."""
    nero = nerotech.Account(1234, Secret("key"))
    phones = telefonip.Account(Secret("token"))
    flash = callpass.Account(Secret("token"))
    failure = '{"status": false, "error": 6}'
    lease = (
        '{"success": true, "error": "", "data": {"auth_phone": "79644115786", '
        '"id": 122760, "url_image": "https://x", "url_link": "<a>"}}'
    )
    return [
        _subject(
            nerotech.voicemail(nero, _USER, key=IdempotencyKey("k")),
            samples=('{"status": true, "id": 103000, "code": "0777"}', failure),
            is_backed=_has_pin,
        ),
        _subject(
            nerotech.check_code(nero, "103000", Pin("0777")),
            samples=('{"status": true}', '{"status": false, "error": 5}'),
            is_backed=lambda reply, document: reply is False or _is_true(document),
        ),
        _subject(
            nerotech.incoming_init(nero, _USER),
            samples=('{"status": true, "service_phone": "79123456789"}', failure),
            is_backed=lambda reply, document: _is_true(document),
        ),
        _subject(
            nerotech.incoming_verify(nero, number=_USER, user=_USER),
            samples=('{"status": true}', failure, '{"status": false, "error": 13}'),
            is_backed=lambda reply, document: (
                reply is not nerotech.VerifyReply.CALLED or _is_true(document)
            ),
        ),
        _subject(
            telefonip.reverse_auth_phone_get(phones, _USER),
            samples=(lease, '{"success": false, "error": "no", "data": {}}'),
            is_backed=lambda reply, document: _field(document, "success") is True,
        ),
        _subject(
            telefonip.reverse_auth_phone_check(phones, _LEASE_ID),
            samples=(
                _CALLED,
                '{"success": false, "error": "id record not found", "data": {}}',
            ),
            is_backed=lambda reply, document: reply != _USER or _is_user_call(document),
        ),
        _subject(
            callpass.start_call_password(
                flash, _USER, timeout_seconds=30, asynchronous=True
            ),
            samples=(
                _STARTED,
                '{"status": "success", "message": "balance is lower than limit"}',
            ),
            is_backed=_has_pin,
        ),
        _subject(
            callpass.get_call_password_status(flash, _CALL_ID),
            samples=(_ENDED,),
            is_backed=lambda reply, document: True,
        ),
    ]


def _subject(
    operation: Operation[T],
    *,
    samples: tuple[str, ...],
    is_backed: Callable[[object, object], bool],
) -> Subject:
    return Subject(
        name=operation.name,
        read=operation.read,
        samples=samples,
        is_backed=is_backed,
    )


def mutate(text: str, dice: random.Random) -> bytes:
    """Return the answer with one to three things wrong with it."""
    body = text.encode()
    for _ in range(dice.randint(1, 3)):
        body = dice.choice(_MUTATIONS)(body, dice)
    return body


def broken(count: int, seed: int) -> Iterator[str]:
    """Read that many mutated answers; name each that broke a promise."""
    dice = random.Random(seed)
    choices = subjects()
    for number in range(count):
        subject = dice.choice(choices)
        response = Response(
            status=dice.choice(_STATUSES),
            headers=dice.choice(_HEADERS) if dice.random() < 0.2 else {},
            body=mutate(dice.choice(subject.samples), dice),
        )
        try:
            reply = subject.read(response)
        except _REFUSALS:
            continue
        if not subject.is_backed(reply, _plainly(response.body)):
            yield f"seed {seed} number {number}: {subject.name}"


def _plainly(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _is_true(document: object) -> bool:
    return _field(document, "status") is True


def _has_pin(reply: object, document: object) -> bool:
    pin = getattr(reply, "pin").reveal().lstrip("0")  # noqa: B009 - of two classes
    return pin in json.dumps(document)


def _is_user_call(document: object) -> bool:
    content = _field(document, "data")
    same_id = str(_field(content, "id")).lstrip("0") == str(_LEASE_ID)
    return same_id and str(_field(content, "phone"))[1:] == _USER.e164[2:]


def _field(document: object, name: str) -> object:
    return document.get(name) if isinstance(document, dict) else None


def _flip(body: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(body) or 1)
    return body[:at] + bytes([dice.randrange(256)]) + body[at + 1 :]


def _cut(body: bytes, dice: random.Random) -> bytes:
    start, end = sorted((dice.randrange(len(body) + 1), dice.randrange(len(body) + 1)))
    return body[:start] + body[end:]


def _repeat(body: bytes, dice: random.Random) -> bytes:
    start, end = sorted((dice.randrange(len(body) + 1), dice.randrange(len(body) + 1)))
    return body[:end] + body[start:end] + body[end:]


def _swap_value(body: bytes, dice: random.Random) -> bytes:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return body
    places = [document, *(v for v in _values(document) if isinstance(v, dict))]
    place = dice.choice([p for p in places if isinstance(p, dict)] or [{}])
    if place:
        place[dice.choice(list(place))] = dice.choice(_VALUES)
    return json.dumps(document).encode()


def _double_key(body: bytes, dice: random.Random) -> bytes:
    start = body.find(b"{", dice.randrange(len(body) or 1))
    if start < 0:
        return body
    key = dice.choice((b"status", b"success", b"data", b"code", b"phone", b"error"))
    value = json.dumps(dice.choice(_VALUES)).encode()
    return body[: start + 1] + b'"' + key + b'": ' + value + b", " + body[start + 1 :]


def _values(document: object) -> list[object]:
    return list(document.values()) if isinstance(document, dict) else []


_MUTATIONS = (_flip, _cut, _repeat, _swap_value, _swap_value, _double_key)
