from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from callauth.errors import CallAuthError, ProtocolError
from callauth.models.secret import Secret
from callauth.protocol.message import (
    COMMON_HEADERS,
    Operation,
    Replay,
    Request,
    Response,
)
from tests.support.canaries import Canaries
from tests.support.operations import operations
from tests.support.refusals import caught, refused


def _request(canaries: Canaries, body: Secret | None = None) -> Request:
    return Request(
        provider="provider",
        operation="operation",
        method="POST",
        template="https://host/{token}",
        url=Secret(f"https://host/{canaries.secret().reveal()}"),
        headers={"Accept": "*/*", "Authorization": canaries.secret()},
        body=body,
    )


def test_a_request_is_safe_to_log(canaries: Canaries) -> None:
    """A transport logs what it sends."""
    request = _request(canaries, body=canaries.secret())

    canaries.scan(f"{request} {request!r}")


def test_the_headers_are_revealed_only_when_asked() -> None:
    """One of them is the token."""
    request = Request(
        provider="p",
        operation="o",
        method="GET",
        template="t",
        url=Secret("u"),
        headers={"Accept": "*/*", "Authorization": Secret("Bearer x")},
    )

    assert request.reveal_headers() == [
        ("Accept", "*/*"),
        ("Authorization", "Bearer x"),
    ]
    assert request.reveal_body() == b""


def test_a_request_has_a_connection_of_its_own_unless_it_says_otherwise(
    canaries: Canaries,
) -> None:
    """The cautious way is the one that nobody has to think of."""
    assert _request(canaries).own_connection is True


def test_the_common_headers_cannot_be_changed() -> None:
    """One application's header must not travel with another's request."""
    before = dict(COMMON_HEADERS)
    headers: Any = COMMON_HEADERS

    with refused(TypeError):
        headers["Cache-Control"] = "max-age=60"

    assert dict(COMMON_HEADERS) == before


def test_a_body_goes_out_as_utf_8(canaries: Canaries) -> None:
    """The providers ask for it."""
    assert _request(canaries, body=Secret("ё")).reveal_body() == b"\xd1\x91"


def test_an_answer_is_safe_to_log(canaries: Canaries) -> None:
    """Its body holds the pin, and a header may hold anything."""
    response = Response(
        status=200,
        headers={"set-cookie": canaries.secret().reveal()},
        body=canaries.secret().reveal().encode(),
    )

    canaries.scan(f"{response} {response!r}")
    assert repr(response) == "Response(status=200, body=<32 bytes>)"


def test_the_headers_of_an_answer_become_lower_case() -> None:
    """A transport of somebody else may hand them over as they came."""
    response = Response(status=200, headers={"Content-Encoding": "gzip", "AGE": "1"})

    assert response.headers == {"content-encoding": "gzip", "age": "1"}


def test_an_operation_knows_its_name(canaries: Canaries) -> None:
    """Events and errors name what was asked of whom."""
    verify = operations(canaries)["incoming/verify"]

    assert (verify.provider, verify.name) == ("nerotech", "incoming/verify")


def _refuse(response: Response) -> None:
    raise ProtocolError("provider", "operation", "x") from KeyError(response.body)


def test_an_error_of_reading_holds_no_frame_that_has_seen_the_body(
    canaries: Canaries,
) -> None:
    """A traceback with locals would show the pin in it."""
    operation = Operation(
        request=_request(canaries), replay=Replay.SAFE, reader=_refuse
    )
    response = Response(status=200, body=canaries.secret().reveal().encode())

    with refused(ProtocolError, match="^provider operation: x$") as refusal:
        operation.read(response)

    assert refusal.error.__cause__ is None
    assert refusal.error.__context__ is None


def test_every_operation_is_safe_to_log(canaries: Canaries) -> None:
    """An operation holds everything: key, number, pin and webhook."""
    for operation in operations(canaries).values():
        canaries.scan(f"{operation} {operation!r}")


def test_a_template_holds_no_secret_and_no_number(canaries: Canaries) -> None:
    """Templates are the names of spans, and are stored with them."""
    for operation in operations(canaries).values():
        canaries.scan(operation.request.template)
        assert operation.request.template.startswith("https://")


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"{}", b"<html>", b'"x"'])
@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 429, 500])
def test_no_error_of_any_operation_has_a_cause(
    body: bytes, status: int, canaries: Canaries
) -> None:
    """A cause would bring its frames along."""
    response = Response(status=status, body=body)

    for operation in operations(canaries).values():
        said = caught(partial(operation.read, response), CallAuthError)
        if isinstance(said, CallAuthError):
            assert (said.__cause__, said.__context__) == (None, None)
