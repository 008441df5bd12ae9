from __future__ import annotations

import json
from typing import Any

import pytest

from callauth.errors import (
    AnswerLost,
    AuthenticationFailed,
    InsufficientFunds,
    NumberRejected,
    ProtocolError,
    ProviderError,
    RateLimited,
)
from callauth.models.cause import HangupCause
from callauth.models.pin import Pin
from callauth.protocol.callpass import StartReply, StatusReply
from tests.support.answers import NO_TEXTS, Said, answer, reading
from tests.support.canaries import Canaries
from tests.support.operations import CALL_ID, operations

_BROKEN = Said(ProtocolError)
_LOST = Said(AnswerLost)
_ADVICE = "check the token and the IP allow-list"


def _start(canaries: Canaries, content: object, **more: Any) -> object:  # noqa: ANN401 - passed on
    document = {"status": "success", "data": content}
    return reading(operations(canaries)["start v3.0"], answer(document, **more))


def _status(canaries: Canaries, document: object, **more: Any) -> object:  # noqa: ANN401 - passed on
    return reading(operations(canaries)["status v3.0"], answer(document, **more))


def _placed(digits: str) -> StartReply:
    return StartReply(call_id="a-1", pin=Pin(digits), cause=None)


@pytest.mark.parametrize(
    ("codes", "digits"),
    [
        ({"pin": "0446"}, "0446"),
        ({"pin": "04465"}, "04465"),
        ({"pin": "2214610"}, "2214610"),
        ({"phone": "4610"}, "4610"),
        ({"phone": "2214610"}, "2214610"),
        ({"pin": None, "phone": "4610"}, "4610"),
        ({"pin": "4610", "phone": None}, "4610"),
        ({"pin": "4610", "phone": "4610"}, "4610"),
    ],
)
def test_the_code_is_the_pin_or_else_the_phone(
    codes: dict[str, object], digits: str, canaries: Canaries
) -> None:
    """Its length is what was received; nothing is padded."""
    assert _start(canaries, {"callid": "a-1", **codes}) == _placed(digits)


@pytest.mark.parametrize(
    "codes",
    [
        {},
        {"pin": None},
        {"pin": ""},
        {"pin": "446"},
        {"pin": "044655"},
        {"pin": "22146100"},
        {"pin": "04 46"},
        {"pin": "０４４６"},
        {"pin": 446},
        {"pin": 4610},
        {"pin": True},
        {"phone": 2214610},
        {"phone": "72214610"},
        {"phone": "+2214610"},
        {"pin": "4610", "phone": "2214610"},
        {"pin": "0446", "phone": "0447"},
        {"pin": "0446", "phone": 446},
        {"pin": ["0446"]},
    ],
)
def test_another_code_is_unknown_not_mended(
    codes: dict[str, object], canaries: Canaries
) -> None:
    """The phone rings with a number that we do not know."""
    assert _start(canaries, {"callid": "a-1", **codes}) == _BROKEN


@pytest.mark.parametrize(
    "call_id", ["", " ", "a b", "a\n", "ключ", "x" * 65, 17, None, True, ["a"]]
)
def test_a_call_without_a_call_id_was_not_placed(
    call_id: object, canaries: Canaries
) -> None:
    """Success needs all of its parts."""
    assert _start(canaries, {"callid": call_id, "pin": "0446"}) == _BROKEN
    assert _start(canaries, {"pin": "0446"}) == _BROKEN


@pytest.mark.parametrize("result", ["null", None, "success", ""])
def test_a_result_that_is_not_known_is_pending(
    result: object, canaries: Canaries
) -> None:
    """The document prints null as text."""
    content = {"callid": "a-1", "pin": "0446", "result": result}
    status = {"status": "success", "data": {"callid": CALL_ID, "result": result}}

    assert _start(canaries, content) == _placed("0446")
    assert _status(canaries, status) == StatusReply(cause=None)


@pytest.mark.parametrize(
    "result",
    ["NO_ANSWER", "USER_BUSY", "NORMAL_CLEARING", "CALL_REJECTED", "brand new"],
)
def test_a_result_is_a_cause_and_no_failure(result: str, canaries: Canaries) -> None:
    """A busy phone has shown the number all the same."""
    content = {"callid": "a-1", "pin": "0446", "result": result}
    status = {"status": "success", "data": {"callid": CALL_ID, "result": result}}
    cause = HangupCause(result)

    placed = StartReply(call_id="a-1", pin=Pin("0446"), cause=cause)
    assert _start(canaries, content) == placed
    assert _status(canaries, status) == StatusReply(cause=cause)


@pytest.mark.parametrize(
    "result", ["ОТВЕТ", "A" * 65, "NO\nANSWER", "code 2214610 to 79991234567"]
)
def test_an_odd_name_of_the_end_does_not_void_the_code(
    result: str, canaries: Canaries
) -> None:
    """The phone rang; what cannot be logged is left out."""
    content = {"callid": "a-1", "pin": "0446", "result": result}
    status = {"status": "success", "data": {"callid": CALL_ID, "result": result}}

    placed = StartReply(call_id="a-1", pin=Pin("0446"), cause=None)
    assert _start(canaries, content) == placed
    assert _status(canaries, status) == StatusReply(cause=None)


@pytest.mark.parametrize("result", [1, True, [], {}])
def test_another_result_is_not_believed(result: object, canaries: Canaries) -> None:
    """It would go to logs and metrics."""
    content = {"callid": "a-1", "pin": "0446", "result": result}
    status = {"status": "success", "data": {"callid": CALL_ID, "result": result}}

    assert _start(canaries, content) == _BROKEN
    assert _status(canaries, status) == _BROKEN


_REFUSALS: list[tuple[dict[str, object], Said]] = [
    (
        {
            "status": "success",
            "data": {"message": "destination not allowed", "result": "error"},
        },
        Said(
            NumberRejected, None, "DESTINATION_NOT_ALLOWED", "destination not allowed"
        ),
    ),
    (
        {"status": "success", "message": "balance is lower than limit for that call"},
        Said(
            InsufficientFunds,
            None,
            "LOW_BALANCE",
            "balance is lower than limit for that call",
        ),
    ),
    (
        {"status": "success", "message": "something new", "data": None},
        Said(ProviderError, None, "REFUSED", "something new"),
    ),
    (
        {"status": "error", "message": "no such\tmethod"},
        Said(ProviderError, None, "REFUSED", "no such?method"),
    ),
    ({"status": "error"}, Said(ProviderError, None, "REFUSED")),
    ({"status": "error", "message": None}, Said(ProviderError, None, "REFUSED")),
    ({"status": "success", "message": None}, Said(ProviderError, None, "REFUSED")),
    (
        {"status": "success", "data": {"result": "error"}},
        Said(ProviderError, None, "REFUSED"),
    ),
    (
        {"status": "success", "data": {"result": "error", "message": None}},
        Said(ProviderError, None, "REFUSED"),
    ),
]


@pytest.mark.parametrize("status", [200, 400, 404, 422])
@pytest.mark.parametrize("name", ["start v1.0", "start v2.0", "start v3.0"])
@pytest.mark.parametrize(("document", "said"), _REFUSALS)
def test_a_refusal_has_four_forms(
    name: str, document: object, said: Said, status: int, canaries: Canaries
) -> None:
    """Most of them arrive under the word success."""
    refusal = answer(document, status=status)

    assert reading(operations(canaries)[name], refusal) == said


@pytest.mark.parametrize(("document", "said"), _REFUSALS)
def test_a_status_can_be_refused_as_well(
    document: object, said: Said, canaries: Canaries
) -> None:
    """An empty account answers no questions."""
    assert _status(canaries, document) == said


@pytest.mark.parametrize("status", [200, 400, 404, 422])
@pytest.mark.parametrize("name", ["start v1.0", "start v3.0", "status v3.0"])
@pytest.mark.parametrize("message", NO_TEXTS)
def test_a_refusal_whose_message_is_no_text_is_not_believed(
    message: object, name: str, status: int, canaries: Canaries
) -> None:
    """A number where text is documented: who knows what is meant by the rest."""
    forms: list[dict[str, object]] = [
        {"status": "error", "message": message},
        {"status": "success", "message": message},
        {"status": "success", "data": {"result": "error", "message": message}},
    ]

    for document in forms:
        refusal = answer(document, status=status)
        assert reading(operations(canaries)[name], refusal) == _BROKEN


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"status": "success"},
        {"status": "success", "data": []},
        {"status": "success", "data": "x"},
        {"status": "success", "data": {}},
        {"status": "success", "data": {"callid": "a-1"}},
        {"status": "success", "data": {"result": "success"}},
        {"status": "Success", "data": {"callid": "a-1", "pin": "0446"}},
        {"status": True, "data": {"callid": "a-1", "pin": "0446"}},
        {"status": ["success"], "data": {"callid": "a-1", "pin": "0446"}},
        {"data": {"callid": "a-1", "pin": "0446"}},
        {"callid": "a-1", "pin": "0446"},
        {"status": "success", "message": "x", "data": []},
    ],
)
def test_the_word_success_alone_means_nothing(
    document: object, canaries: Canaries
) -> None:
    """A call was placed only when a call id and a code say so."""
    assert reading(operations(canaries)["start v3.0"], answer(document)) == _BROKEN


_NAMING_A_CALL = [
    (200, {"status": "success", "data": {"callid": "a-1", "result": "error"}}),
    (200, {"status": "error", "callid": "a-1", "message": "x"}),
    (429, {"status": "error", "data": {"callId": "a-1"}}),
    (401, {"callid": "a-1"}),
    (403, {"callid": "a-1"}),
]


@pytest.mark.parametrize(("status", "document"), _NAMING_A_CALL)
def test_a_no_that_names_a_call_may_have_rung(
    status: int, document: object, canaries: Canaries
) -> None:
    """It is neither sent again nor sent to another provider."""
    refusal = answer(document, status=status)

    assert reading(operations(canaries)["start v3.0"], refusal) == _LOST


def test_429_without_a_call_may_be_sent_again(canaries: Canaries) -> None:
    """Nothing was placed."""
    limited = answer({"status": "error"}, status=429, headers={"retry-after": "3"})

    said = reading(operations(canaries)["start v3.0"], limited)

    assert said == Said(RateLimited, None, "HTTP 429", retry_after=3.0)


@pytest.mark.parametrize("name", ["start v3.0", "status v3.0"])
@pytest.mark.parametrize(
    "body", [b"<!DOCTYPE html><html>", b" \r\n<html>denied</html>", b"<"]
)
@pytest.mark.parametrize("kind", ["text/html", "application/json"])
@pytest.mark.parametrize("status", [200, 404])
def test_a_page_instead_of_json_is_about_the_allow_list(
    name: str, body: bytes, kind: str, status: int, canaries: Canaries
) -> None:
    """The document does not say how an address is refused that is not on the list."""
    page = answer(body=body, headers={"content-type": kind}, status=status)

    said = reading(operations(canaries)[name], page)

    assert said == Said(AuthenticationFailed, None, f"an HTML page, {_ADVICE}")


@pytest.mark.parametrize("name", ["start v3.0", "status v3.0"])
@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", {}),
        (b"denied", {}),
        ("{}".encode("utf-16"), {}),
        (b"\x1f\x8b\x08", {"content-encoding": "gzip"}),
        (b"<html>", {"content-encoding": "gzip"}),
    ],
)
def test_what_is_only_called_a_page_is_not_believed(
    name: str, body: bytes, headers: dict[str, str], canaries: Canaries
) -> None:
    """A success that cannot be read may be ringing: it is no refusal."""
    called = answer(body=body, headers={"content-type": "text/html", **headers})

    assert reading(operations(canaries)[name], called) == _BROKEN


def test_json_is_json_whatever_its_content_type(canaries: Canaries) -> None:
    """A wrong header must not lose a call that rings."""
    html = {"content-type": "text/html"}

    said = _start(canaries, {"callid": "a-1", "pin": "0446"}, headers=html)

    assert said == _placed("0446")


@pytest.mark.parametrize("status", [200, 400, 404])
def test_an_unknown_call_is_pending_not_refused(
    status: int, canaries: Canaries
) -> None:
    """Within 5 s of the start the provider may not know it yet."""
    content = {"message": "can't find callid", "result": "error"}

    said = _status(canaries, {"status": "success", "data": content}, status=status)

    assert said == StatusReply(cause=None, found=False)


@pytest.mark.parametrize("call_id", ["", "another", CALL_ID.upper(), None, 17])
def test_the_status_of_another_call_is_not_believed(
    call_id: object, canaries: Canaries
) -> None:
    """The call that was asked about is the one that counts."""
    content = {"callid": call_id, "result": "NO_ANSWER"}

    assert _status(canaries, {"status": "success", "data": content}) == _BROKEN


def test_the_words_of_the_provider_are_cut(canaries: Canaries) -> None:
    """They go to logs."""
    document = {"status": "error", "message": "Ё\u202e" + "x " * 500}

    said: Any = _status(canaries, document)

    assert said.text == "Ё?" + "x " * 99


def test_the_words_of_the_provider_repeat_neither_number_nor_token(
    canaries: Canaries,
) -> None:
    """They go to logs, and a provider may quote what it was asked."""
    phone, token = canaries.phone(), canaries.plant("N73JXNJvWRWyYeGTL2WF8V2SGX9A")
    document = {"status": "error", "message": f"no {phone.e164} for {token}!"}

    said: Any = _status(canaries, document)

    assert said.text == "no ••• for •••!"


def test_a_reply_shows_no_pin(canaries: Canaries) -> None:
    """Logging any object must be safe."""
    pin = canaries.pin(7).reveal()
    body = json.dumps({"status": "success", "data": {"callid": "a-1", "phone": pin}})

    reply = operations(canaries)["start v3.0"].read(answer(body=body.encode()))

    canaries.scan(f"{reply} {reply!r}")
