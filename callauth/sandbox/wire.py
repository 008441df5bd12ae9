"""What stands on the wire: a request as it arrives, and the reply to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeAlias
from urllib.parse import parse_qsl

from attrs import field, frozen

Fields: TypeAlias = Mapping[str, str]
"""The parameters of a request, each there once."""

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
BODY_LIMIT = 64 * 1024
_MOST_FIELDS = 32


@frozen(kw_only=True)
class Arrival:
    """Hold one request as bytes and texts; its ``repr`` shows the method only.

    ``path`` is still percent-encoded, header names are lower case, ``client`` is the
    address it came from.
    """

    method: str
    path: str = field(repr=False)
    query: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    client: str = field(default="127.0.0.1", repr=False)

    @property
    def content_type(self) -> str:
        """The media type of the body in lower case, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def query_fields(self) -> Fields | None:
        """Return the parameters of the URL, None when one is there twice."""
        return _once_each(self.query)

    def form_fields(self) -> Fields | None:
        """Return the parameters of a form, None when it is none or one is twice."""
        text = _text(self.body)
        if self.content_type != FORM or text is None:
            return None
        return _once_each(text)

    def json_fields(self) -> Fields | None:
        """Return the members of a flat JSON object of texts, None for all else."""
        text = _text(self.body)
        if self.content_type != JSON or text is None:
            return None
        value = read_json(text)
        if not isinstance(value, dict):
            return None
        if not all(isinstance(member, str) for member in value.values()):
            return None
        return {name: str(member) for name, member in value.items()}


@frozen(kw_only=True)
class Reply:
    """Hold one reply, and how long after the request it is given."""

    status: int = 200
    content_type: str = JSON
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(factory=dict)
    after_seconds: float = 0.0

    def all_headers(self) -> dict[str, str]:
        """Return the headers as they go over the wire, names in lower case."""
        return {
            "content-type": self.content_type,
            "content-length": str(len(self.body)),
            **self.headers,
        }


def json_reply(
    value: object, *, status: int = 200, after_seconds: float = 0.0
) -> Reply:
    """Return a reply with that value as its JSON body."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Reply(status=status, body=body, after_seconds=after_seconds)


def html_reply(text: str, *, status: int) -> Reply:
    """Return a page such as a web server in front of a provider sends."""
    page = f"<html><body><h1>{text}</h1></body></html>"
    return Reply(status=status, content_type="text/html", body=page.encode())


def read_json(text: str) -> object:
    """Return the JSON value, None when the text is no JSON or nested too deeply."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def _once_each(text: str) -> Fields | None:
    try:
        pairs = parse_qsl(
            text,
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        return None
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else None


def _text(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None
