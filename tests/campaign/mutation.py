"""Mutation: valid answers with something wrong, into every reader.

A reader may say "called", "right" or "this number" only when the second opinion backs
it with the same bytes. What it does not back is a false verification.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence

from callauth.errors import AnswerLost, ProtocolError, ProviderError
from callauth.protocol.message import Response

from .subjects import CALL_ID, Subject, subjects

REFUSALS = (AnswerLost, ProtocolError, ProviderError)
_VALUES: tuple[object, ...] = (
    *(None, True, False, 0, 1, 5, 6, 13, -1, 0.5, 122760, 10**30, "", "0", "true"),
    *("null", "0777", "٠٧٧٧", "2214610", "success", "error", "NO_ANSWER", "USER_BUSY"),
    *("79243555100", "89243555100", "+79243555100", "79991112233", CALL_ID, "expired"),
    *(79243555100, 777, 2214610, "122760", "True", "can't find callid"),
    *({}, [], ["true"], {"status": True}, {"phone": "89243555100", "id": 122760}),
)
_KEYS = ("status", "success", "data", "code", "phone", "error", "pin", "id", "result")
_HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"content-type": "text/html"},
    {"content-encoding": "gzip"},
    {"age": "1"},
    {"retry-after": "7"},
)
_STATUSES = (200, 200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 429, 500, 503)


def broken(
    count: int, seed: int, *, choices: Sequence[Subject] | None = None
) -> Iterator[str]:
    """Read that many mutated answers; name each that broke a promise."""
    dice = random.Random(seed)
    choices = choices or subjects()
    for number in range(count):
        subject = dice.choice(choices)
        response = Response(
            status=dice.choice(_STATUSES),
            headers=dice.choice(_HEADERS) if dice.random() < 0.2 else {},
            body=mutate(dice.choice(subject.samples), dice),
        )
        try:
            reply = subject.read(response)
        except REFUSALS:
            continue
        if not subject.is_backed(reply, response):
            yield f"number {number}: {subject.name}"


def mutate(text: str, dice: random.Random) -> bytes:
    """Return the answer with up to three things wrong with it."""
    body = text.encode()
    # Without any, the headers and the status have their turn.
    for _ in range(dice.randint(0, 3)):
        body = dice.choice(_MUTATIONS)(body, dice)
    return body


def _flip(body: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(body) or 1)
    return body[:at] + bytes([dice.randrange(256)]) + body[at + 1 :]


def _other_digit(body: bytes, dice: random.Random) -> bytes:
    places = [at for at, byte in enumerate(body) if byte in b"0123456789"]
    if not places:
        return body
    at = dice.choice(places)
    return body[:at] + b"%d" % dice.randrange(10) + body[at + 1 :]


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
        return _swap_word(body, dice)
    places = [document, *(v for v in _values(document) if isinstance(v, dict))]
    place = dice.choice([p for p in places if isinstance(p, dict)] or [{}])
    if place:
        place[dice.choice(list(place))] = dice.choice(_VALUES)
    return json.dumps(document).encode()


def _swap_word(body: bytes, dice: random.Random) -> bytes:
    """Give a key of a query another value."""
    pairs = body.split(b"&")
    at = dice.randrange(len(pairs))
    pairs[at] = pairs[at].split(b"=")[0] + b"=" + str(dice.choice(_VALUES)).encode()
    return b"&".join(pairs)


def _double_key(body: bytes, dice: random.Random) -> bytes:
    key, value = dice.choice(_KEYS), dice.choice(_VALUES)
    start = body.find(b"{", dice.randrange(len(body) or 1))
    if start < 0:
        return body + f"&{key}={value}".encode()
    doubled = f'"{key}": {json.dumps(value)}, '.encode()
    return body[: start + 1] + doubled + body[start + 1 :]


def _values(document: object) -> list[object]:
    return list(document.values()) if isinstance(document, dict) else []


_MUTATIONS = (_flip, _other_digit, _cut, _repeat, _swap_value, _double_key)
