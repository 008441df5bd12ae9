from __future__ import annotations

from typing import Any, Literal

import pytest

from callauth.sandbox import (
    AllowList,
    Answer,
    BeforeEnd,
    Charge,
    Sandbox,
    Shape,
    Subscriber,
)
from callauth.transport.clock import ManualClock

from .wire import FORM, PHONE, Wire, callpass, request, start, status

NOT_ALLOWED = {
    "status": "success",
    "data": {"message": "destination not allowed", "result": "error"},
}
CANNOT_FIND = {
    "status": "success",
    "data": {"message": "can't find callid", "result": "error"},
}


def invalid(name: str) -> dict[str, str]:
    return {"status": "error", "message": f"{name} is not valid"}


@pytest.mark.parametrize(
    ("version", "waits", "name", "digits"),
    [
        ("v1.0", None, "pin", 4),
        ("v2.0", "0", "pin", 4),
        ("v2.0", "1", "phone", 4),
        ("v3.0", "0", "phone", 7),
        ("v3.0", "1", "phone", 7),
    ],
)
async def test_the_code_ends_the_number_that_the_phone_shows(
    wire: Wire,
    sandbox: Sandbox,
    version: str,
    waits: str | None,
    name: str,
    digits: int,
) -> None:
    """Its name and its length depend on the version."""
    answer = await wire.start(version, **({} if waits is None else {"async": waits}))
    code = answer["data"][name]
    (caller,) = sandbox.network.seen(PHONE)
    assert len(code) == digits
    assert caller.e164.endswith(code)
    assert sandbox.network.typed(PHONE) == code
    assert len(sandbox.ledger.entries(Charge)) == 1


@pytest.mark.parametrize("digits", [4, 5])
async def test_a_pin_has_4_or_5_digits(
    wire: Wire, sandbox: Sandbox, digits: Literal[4, 5]
) -> None:
    """The document says 5 and shows 4; a leading zero stays."""
    sandbox.callpass.pin_digits = digits
    sandbox.callpass.next_codes.append("2200446")
    answer = await wire.start("v1.0")
    assert answer["data"]["pin"] == "2200446"[-digits:]


@pytest.mark.parametrize(
    ("person", "result", "seconds"),
    [
        (Subscriber(answers_after_seconds=4), "NORMAL_CLEARING", 4),
        (Subscriber(answers_after_seconds=40), "NO_ANSWER", 30),
        (Subscriber(answers=Answer.NO_ANSWER), "NO_ANSWER", 30),
        (Subscriber(answers=Answer.BUSY), "USER_BUSY", 1),
        (Subscriber(answers=Answer.UNREACHABLE), "DESTINATION_OUT_OF_ORDER", 1.5),
        (Subscriber(answers=Answer.SWITCHED_OFF), "SUBSCRIBER_ABSENT", 1.5),
    ],
)
async def test_a_synchronous_start_answers_when_the_call_is_over(
    wire: Wire,
    sandbox: Sandbox,
    clock: ManualClock,
    person: Subscriber,
    result: str,
    seconds: float,
) -> None:
    """It takes as long as the phone rings, and tells how the call ended."""
    sandbox.network.default = person
    answer = await wire.start("v1.0")
    assert answer["data"]["result"] == result
    assert clock.monotonic() == seconds


@pytest.mark.parametrize(
    ("before_end", "pending"),
    [
        (BeforeEnd.TEXT_NULL, {"result": "null"}),
        (BeforeEnd.JSON_NULL, {"result": None}),
        (BeforeEnd.MISSING, {}),
    ],
)
async def test_the_result_is_pending_until_the_call_is_over(
    wire: Wire,
    sandbox: Sandbox,
    clock: ManualClock,
    before_end: BeforeEnd,
    pending: dict[str, Any],
) -> None:
    """Three spellings of the same: nothing is known yet."""
    sandbox.callpass.before_end = before_end
    started = (await wire.start())["data"]
    callid = started.pop("callid")
    assert started == {"phone": started["phone"]} | pending
    assert (await wire.status(callid))["data"] == {"callid": callid} | pending
    await clock.advance(3)
    ended = {"callid": callid, "result": "NORMAL_CLEARING"}
    assert await wire.status(callid, "v2.0") == {"status": "success", "data": ended}


@pytest.mark.parametrize("waits", ["0", "1"])
async def test_a_start_may_say_success_for_its_result(
    wire: Wire, sandbox: Sandbox, waits: str
) -> None:
    """The first sample of the document does, and it is no hang-up cause."""
    sandbox.callpass.says_success = True
    answer = await wire.start("v2.0", **{"async": waits})
    assert answer["data"]["result"] == "success"


async def test_an_unknown_callid_cannot_be_found(wire: Wire) -> None:
    """The refusal says success at its top."""
    assert await wire.status("8f3b2c32") == CANNOT_FIND


async def test_a_callid_can_be_unknown_at_first_and_forgotten_later(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """A status may lag behind the start; an hour later nobody keeps it."""
    sandbox.callpass.known_after_seconds = 2
    callid = (await wire.start())["data"]["callid"]
    assert await wire.status(callid) == CANNOT_FIND
    await clock.advance(2)
    assert (await wire.status(callid))["data"]["result"] == "null"
    await clock.advance(3600)
    assert await wire.status(callid) == CANNOT_FIND


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"timeout": "1"}, "timeout"),
        ({"timeout": "100"}, "timeout"),
        ({"timeout": "ten"}, "timeout"),
        ({"async": "2"}, "async"),
        ({"dn": ""}, "dn"),
        ({"callId": "x"}, "callId"),
    ],
)
async def test_a_wrong_parameter_is_refused(
    wire: Wire, sandbox: Sandbox, fields: dict[str, str], name: str
) -> None:
    """With HTTP 400, and without ringing anybody."""
    assert await wire.send(start("v3.0", **fields)) == (400, invalid(name))
    assert sandbox.ledger.rings(PHONE) == []


async def test_v1_does_not_know_async(wire: Wire) -> None:
    """It came with v2.0; a client that sends it has mixed up the versions."""
    sent = start("v1.0", **{"async": "1"})
    assert await wire.send(sent) == (400, invalid("async"))


async def test_a_status_needs_callid_in_lower_case(wire: Wire) -> None:
    """The prose spells it callId, the example that runs does not."""
    sent = callpass("v3.0", "get-call-password-status", callId="x")
    assert await wire.send(sent) == (400, invalid("callId"))


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", ""])
async def test_a_body_that_is_no_form_is_refused(wire: Wire, content_type: str) -> None:
    """The document names the one content type that is taken."""
    form = {"dn": PHONE.msisdn, "timeout": "5"}
    sent = callpass("v1.0", "start-call-password", content_type=content_type, **form)
    code, answer = await wire.send(sent)
    assert (code, answer["status"]) == (400, "error")


async def test_a_form_that_is_no_text_is_refused(sandbox: Sandbox) -> None:
    """A parameter given twice, or bytes that are not UTF-8, cannot be read."""
    wire = Wire(sandbox)
    headers = {
        "Authorization": "Bearer token",
        "Content-Type": f"{FORM}; charset=utf-8",
    }
    body = f"dn={PHONE.msisdn}&dn=1&timeout=5"
    sent = request("POST", "/api/v1.0/start-call-password/", headers=headers, body=body)
    assert await wire.send(sent) == (400, invalid("dn"))


@pytest.mark.parametrize("dn", ["89991234567", "+79991234567", "4915112345678"])
async def test_a_destination_must_begin_with_7(wire: Wire, dn: str) -> None:
    """At least eleven digits that begin with 7, says the document."""
    assert await wire.send(start(dn=dn)) == (200, NOT_ALLOWED)


async def test_a_blocked_destination_is_not_allowed(
    wire: Wire, sandbox: Sandbox
) -> None:
    """Success at the top, an error below."""
    sandbox.callpass.blocked.add(PHONE)
    assert await wire.start() == NOT_ALLOWED


async def test_an_empty_account_answers_a_message_without_data(
    wire: Wire, sandbox: Sandbox
) -> None:
    """This refusal has its message at the top, beside the word success."""
    sandbox.callpass.account.balance_kopecks = 0
    assert await wire.start() == {
        "status": "success",
        "message": "balance is lower than limit for that call",
    }


@pytest.mark.parametrize("authorization", ["", "Bearer ", "Basic token", "Bearer key"])
async def test_another_token_is_unauthorized(
    wire: Wire, sandbox: Sandbox, authorization: str
) -> None:
    """Only the bearer of the token is served."""
    sandbox.callpass.token = "token"
    headers = {"Authorization": authorization, "Content-Type": FORM}
    path = "/api/v3.0/start-call-password/"
    code, answer = await wire.send(request("POST", path, headers=headers, body="a=b"))
    assert (code, answer["status"]) == (401, "error")
    assert (await wire.start())["status"] == "success"


@pytest.mark.parametrize(
    ("allow_list", "code", "content_type"),
    [
        (AllowList.STATUS_401, 401, "application/json"),
        (AllowList.STATUS_403, 403, "application/json"),
        (AllowList.PAGE, 403, "text/html"),
    ],
)
async def test_an_address_outside_the_allow_list_is_refused(
    wire: Wire,
    sandbox: Sandbox,
    allow_list: AllowList,
    code: int,
    content_type: str,
) -> None:
    """How is not documented, so each way can be chosen."""
    sandbox.callpass.allowed_ips = {"203.0.113.7"}
    sandbox.callpass.allow_list = allow_list
    response = await wire.respond(start())
    assert response.status == code
    assert response.headers["content-type"] == content_type
    sandbox.callpass.allowed_ips.add("127.0.0.1")
    assert (await wire.start())["status"] == "success"


@pytest.mark.parametrize(
    ("shape", "answer"),
    [
        (
            Shape.RESULT,
            {"status": "success", "data": {"message": "no", "result": "error"}},
        ),
        (Shape.MESSAGE, {"status": "success", "message": "no"}),
        (Shape.STATUS, {"status": "error", "message": "no"}),
    ],
)
async def test_a_refusal_can_be_scripted_in_each_shape(
    wire: Wire, sandbox: Sandbox, shape: Shape, answer: object
) -> None:
    """The top-level word alone means nothing."""
    sandbox.callpass.refuse_next("no", shape=shape)
    assert await wire.start() == answer
    assert sandbox.ledger.rings(PHONE) == []


async def test_a_scripted_refusal_may_ring_all_the_same(
    wire: Wire, sandbox: Sandbox
) -> None:
    """A refusal that rang is the worst case of a ring lock."""
    sandbox.callpass.refuse_next("no", status=500, rings=True)
    assert (await wire.send(start()))[0] == 500
    assert len(sandbox.ledger.rings(PHONE)) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/api/v3.0/start-call-password",
        "/api/v1.0/get-call-password-status/",
        "/api/v4.0/start-call-password/",
    ],
)
async def test_an_unknown_path_is_404(wire: Wire, path: str) -> None:
    """Paths end with a slash, and v1.0 has no status."""
    assert (await wire.respond(request("POST", path))).status == 404


async def test_a_status_is_about_the_phone_that_was_called(
    wire: Wire, sandbox: Sandbox
) -> None:
    """So a fault for one phone finds all requests of its call."""
    callid = (await wire.start())["data"]["callid"]
    await wire.send(status(callid))
    (received,) = sandbox.ledger.received("get-call-password-status")
    assert received.phone == PHONE
