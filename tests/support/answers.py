"""Answers of providers: from the files of ``samples``, and made for one test."""

from __future__ import annotations

import json
from pathlib import Path

from attrs import frozen

from callauth.errors import ProtocolError, ProviderError, RateLimited, TransportError
from callauth.protocol.message import Operation, Response

from .canaries import current

SAMPLES = Path(__file__).parents[1] / "samples"
# Where a provider documents text; null and a missing key are no text either, but empty.
NO_TEXTS: tuple[object, ...] = (5, 0, 1.5, True, False, [], ["x"], {}, {"text": "x"})


@frozen
class Said:
    """Hold what is to be known about an exception: its exact class and its fields."""

    error: type[Exception]
    code: int | None = None
    meaning: str = ""
    text: str = ""
    retry_after: float | None = None

    @classmethod
    def of(cls, error: Exception) -> Said:
        """Return what an exception says."""
        if isinstance(error, ProviderError):
            after = error.retry_after if isinstance(error, RateLimited) else None
            return cls(type(error), error.code, error.meaning, error.text, after)
        after = error.retry_after if isinstance(error, TransportError) else None
        return cls(type(error), retry_after=after)


def answer(
    document: object = None,
    *,
    body: bytes | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    """Return an answer with that JSON document, or with those bytes."""
    if body is None:
        body = json.dumps(document).encode()
    return Response(status=status, headers=headers or {}, body=body)


def sample(name: str, *, status: int = 200) -> Response:
    """Return the answer in that file, such as ``nerotech/verify_repaired``."""
    return answer(body=(SAMPLES / f"{name}.json").read_bytes(), status=status)


def reading(operation: Operation[object], response: Response) -> object:
    """Return the typed reply, or what the exception said."""
    try:
        return operation.read(response)
    except (ProtocolError, ProviderError, TransportError) as error:
        current().watch(error)
        return Said.of(error)
