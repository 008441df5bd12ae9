from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest
from attrs import evolve

from callauth.protocol.message import Response

from .acts import public_coroutines
from .mutation import REFUSALS, broken
from .subjects import Subject, subjects

Read: TypeAlias = Callable[[Response], object]

_SUBJECTS = {subject.name: subject for subject in subjects()}
_JSON = [name for name in _SUBJECTS if name != "parse_webhook"]
_MUTATED = 4000


def test_mutated_answers_verify_nobody() -> None:
    """A second opinion on the same bytes backs whatever a reader believes."""
    assert list(broken(200_000, seed=1)) == []


def test_every_answer_has_a_second_opinion() -> None:
    """A new operation cannot be forgotten; a wait reads nothing by itself."""
    asked = {name for name in public_coroutines() if not name.startswith("wait_")}

    assert {name.split()[0] for name in _SUBJECTS} == asked | {"parse_webhook"}


@pytest.mark.parametrize("name", _SUBJECTS)
def test_the_second_opinion_sees_a_reader_that_lies(name: str) -> None:
    """Whatever one answer says, it backs no reply that another one gives."""
    subject = _SUBJECTS[name]
    replies = list(_replies(subject))
    assert len(replies) > 1

    for response, reply in replies:
        for _, other in replies:
            assert subject.is_backed(other, response) is (other == reply)


@pytest.mark.parametrize("name", _JSON)
@pytest.mark.parametrize(
    "lie", ["from a cache", "encoded", "whatever the status", "the last of two keys"]
)
def test_the_second_opinion_sees_a_reader_that_overlooks(lie: str, name: str) -> None:
    """The fields may be right where the answer as a whole is not to be believed."""
    subject = _SUBJECTS[name]
    liar = evolve(subject, read=_LIES[lie](subject.read))

    assert any(broken(_MUTATED, seed=1, choices=[liar]))


@pytest.mark.parametrize(
    "name", ["incoming_init", "reverse_auth_phone_get", "start_call_password v3.0"]
)
def test_the_second_opinion_sees_a_number_where_text_is_documented(name: str) -> None:
    """A code that begins with zeros is another one as a number."""
    subject = _SUBJECTS[name]
    liar = evolve(subject, read=_taking_numbers(subject.read))

    assert any(broken(_MUTATED, seed=1, choices=[liar]))


def _replies(subject: Subject) -> Iterator[tuple[Response, object]]:
    for sample in subject.samples:
        response = Response(status=200, body=sample.encode())
        try:
            yield response, subject.read(response)
        except REFUSALS:
            continue


def _without(header: str) -> Callable[[Read], Read]:
    def lie(read: Read) -> Read:
        return lambda response: read(
            evolve(
                response,
                headers={k: v for k, v in response.headers.items() if k != header},
            )
        )

    return lie


def _with_status_200(read: Read) -> Read:
    return lambda response: read(evolve(response, status=200))


def _last_of_two_keys(read: Read) -> Read:
    def lie(response: Response) -> object:
        try:
            body = json.dumps(json.loads(response.body)).encode()
        except ValueError:
            return read(response)
        return read(evolve(response, body=body))

    return lie


def _taking_numbers(read: Read) -> Read:
    """Read a long number as the text of its digits."""

    def lie(response: Response) -> object:
        try:
            body = json.dumps(json.loads(response.body, parse_int=_as_text)).encode()
        except ValueError:
            return read(response)
        return read(evolve(response, body=body))

    return lie


def _as_text(digits: str) -> object:
    return digits if len(digits) >= 7 else int(digits)


_LIES: dict[str, Callable[[Read], Read]] = {
    "from a cache": _without("age"),
    "encoded": _without("content-encoding"),
    "whatever the status": _with_status_200,
    "the last of two keys": _last_of_two_keys,
}
