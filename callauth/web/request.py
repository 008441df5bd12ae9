"""WebRequest: what a web framework knows of a request, whichever framework it is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterable, Iterable, Iterator, Mapping
from typing import Self, cast

from attrs import field, frozen

from .problems import Refused

LONGEST_BODY = 4096


@frozen(kw_only=True)
class WebRequest:
    """Hold one request; the names of its headers are in lower case.

    ``peer`` is the address at the other end of the connection. ``repr`` shows neither
    headers nor query, since they hold what proves who asks.
    """

    headers: Mapping[str, str] = field(repr=False)
    query: Mapping[str, str] = field(factory=dict, repr=False)
    peer: str | None = None
    chunks: AsyncIterable[bytes] = field(repr=False)
    breaks: tuple[type[Exception], ...] = field(default=(OSError,), repr=False)

    @classmethod
    def of(
        cls,
        headers: Iterable[tuple[str, str]],
        *,
        query: Mapping[str, str],
        peer: str | None,
        chunks: AsyncIterable[bytes],
        breaks: type[Exception] = OSError,
    ) -> Self:
        """Return the request; a header that comes more than once is one list.

        ``breaks`` is what ``chunks`` raise, besides OSError, for a body that cannot be
        read to its end.
        """
        joined: dict[str, str] = {}
        for name, value in headers:
            key = name.lower()
            between = "; " if key == "cookie" else ", "
            joined[key] = f"{joined[key]}{between}{value}" if key in joined else value
        return cls(
            headers=joined,
            query=query,
            peer=peer,
            chunks=chunks,
            breaks=(OSError, breaks),
        )

    def cookies(self, name: str) -> Iterator[str]:
        """Give every value of the cookie: other hosts may have planted some."""
        for pair in self.headers.get("cookie", "").split(";"):
            # Not every blank that Python knows: before "__Host-" it makes a name that
            # browsers let other hosts plant.
            key, _, value = pair.strip(" \t").partition("=")
            if key == name:
                yield value

    async def fields(self, *, needed: str = "", optional: str = "") -> dict[str, str]:
        """Return the fields of the JSON body, all of them text; null is left out.

        Both arguments are names between blanks. Without needed ones the body may be
        empty.

        Raises Refused.
        """
        body = await self._body()
        media_type = self.headers.get("content-type", "").partition(";")[0]
        may_be_left_out = not needed and not body
        is_left_out = may_be_left_out and not media_type
        if not is_left_out and media_type.strip().lower() != "application/json":
            raise Refused("not-json")
        words = {} if may_be_left_out else _object(body)
        return _checked(words, set(needed.split()), set(optional.split()))

    def seconds(self, name: str, *, most: int) -> int:
        """Return whole seconds of the query, 0 when it has none; raises Refused."""
        text = self.query.get(name, "0")
        is_short = text.isascii() and text.isdigit() and len(text) <= len(str(most))
        if not is_short or int(text) > most:
            raise Refused("invalid-request", f"expected {name} from 0 to {most}")
        return int(text)

    async def _body(self) -> bytes:
        body = b""
        try:
            async for chunk in self.chunks:
                body += chunk
                if len(body) > LONGEST_BODY:
                    raise Refused("too-large")
        except self.breaks:
            raise Refused("not-an-object") from None
        return body


def _object(body: bytes) -> Mapping[str, object]:
    try:
        words = json.loads(body, object_pairs_hook=_once_each)
    # Too deep for the parser is no better than broken.
    except (ValueError, RecursionError):
        words = None
    if not isinstance(words, dict):
        raise Refused("not-an-object")
    return cast("Mapping[str, object]", words)


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    words = dict(pairs)
    if len(words) != len(pairs):
        raise ValueError
    return words


def _checked(
    words: Mapping[str, object], needed: set[str], optional: set[str]
) -> dict[str, str]:
    given = {name: value for name, value in words.items() if value is not None}
    # Named are ours only: theirs could be anything, and as long.
    if not words.keys() <= needed | optional:
        allowed = ", ".join(sorted(needed | optional)) or "none"
        raise Refused("invalid-request", f"expected no fields but: {allowed}")
    for name in sorted(needed - given.keys()):
        raise Refused("invalid-request", f"expected the field {name}")
    for name in sorted(given):
        if not isinstance(given[name], str):
            raise Refused("invalid-request", f"expected {name} as text")
    return cast("dict[str, str]", given)
