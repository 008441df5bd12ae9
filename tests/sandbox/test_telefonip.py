from __future__ import annotations

import json
from typing import Literal
from urllib.parse import urlencode

import pytest

from callauth.models.phone import PhoneNumber
from callauth.sandbox import BeforeCall, Charge, Lease, Sandbox, Verification
from callauth.transport.clock import ManualClock

from .wire import (
    FORM,
    OTHER,
    PHONE,
    WEBHOOK,
    Json,
    Wire,
    request,
    telefonip,
    telefonip_get,
    telefonip_post,
)


def error(text: str) -> dict[str, object]:
    return {"success": False, "error": text, "data": {}}


THIRD = PhoneNumber("+79990000003")
NOT_FOUND = error("id record not found")


def number_of(lease: Json) -> PhoneNumber:
    return PhoneNumber("+" + lease["auth_phone"])


async def test_get_leases_a_number_for_120_seconds(
    wire: Wire, sandbox: Sandbox
) -> None:
    """Number and id are what the client needs; the rest is decoration."""
    lease = await wire.lease()
    assert lease["id"] == 122760
    (kept,) = sandbox.ledger.entries(Lease)
    assert (kept.number, kept.phone) == (number_of(lease), PHONE)
    assert kept.window_seconds == 120
    assert len(sandbox.ledger.entries(Charge)) == 1


@pytest.mark.parametrize("content_type", ["application/json", FORM])
async def test_post_takes_json_and_forms(wire: Wire, content_type: str) -> None:
    """The document does not state the encoding of the body."""
    fields = {"phone": PHONE.national, "webhook": WEBHOOK}
    body = urlencode(fields) if content_type == FORM else json.dumps(fields)
    status, answer = await wire.send(telefonip_post(body, content_type=content_type))
    assert (status, answer["success"]) == (200, True)


@pytest.mark.parametrize(
    "body",
    ["{", "[]", '{"phone": 89991234567}', '{"phone": "89991234567"}', "phone=1"],
)
async def test_a_body_that_cannot_be_read_is_refused(wire: Wire, body: str) -> None:
    """Both parameters have to be there, as texts."""
    status, answer = await wire.send(telefonip_post(body))
    assert (status, answer) == (400, error("parameters are not valid"))


@pytest.mark.parametrize("url", ["", "app.example", "ftp://app.example/", "http://["])
async def test_a_webhook_that_is_no_web_address_is_refused(
    wire: Wire, url: str
) -> None:
    """Nothing could ever be sent there."""
    body = json.dumps({"phone": PHONE.national, "webhook": url})
    status, answer = await wire.send(telefonip_post(body))
    assert (status, answer) == (400, error("webhook is not valid"))


@pytest.mark.parametrize(
    "phone", ["79991234567", "%2B79991234567", "8999", "84951234567"]
)
async def test_a_phone_in_another_spelling_is_refused(wire: Wire, phone: str) -> None:
    """The document asks for 89 and nine digits."""
    status, answer = await wire.send(telefonip_get(phone))
    assert (status, answer) == (400, error("phone is not valid"))


@pytest.mark.parametrize(
    "rest", ["reverse_auth_phone_get", "reverse_auth_phone_get?a=1"]
)
async def test_a_get_without_a_phone_is_refused(wire: Wire, rest: str) -> None:
    """There is nobody to lease a number to."""
    status, answer = await wire.send(telefonip(rest))
    assert (status, answer) == (400, error("parameters are not valid"))


@pytest.mark.parametrize("token_status", [401, 403])
async def test_another_token_is_refused(
    wire: Wire, sandbox: Sandbox, token_status: Literal[401, 403]
) -> None:
    """The token stands in the path, percent-encoded or not."""
    sandbox.telefonip.token = "to ken"
    sandbox.telefonip.token_status = token_status
    status, answer = await wire.send(telefonip_get(PHONE.national))
    assert (status, answer) == (token_status, error("token is not valid"))
    status, _ = await wire.send(telefonip_get(PHONE.national, token="to%20ken"))
    assert status == 200


async def test_a_blocked_phone_and_an_empty_account_are_refused(
    wire: Wire, sandbox: Sandbox
) -> None:
    """Neither leases a number."""
    sandbox.telefonip.blocked.add(PHONE)
    assert await wire.send(telefonip_get(PHONE.national)) == (
        400,
        error("phone is blocked"),
    )
    sandbox.telefonip.account.balance_kopecks = 0
    assert await wire.send(telefonip_get(OTHER.national)) == (
        400,
        error("not enough money"),
    )
    assert sandbox.ledger.entries(Lease) == []


async def test_without_numbers_nothing_is_leased(wire: Wire, sandbox: Sandbox) -> None:
    """An empty pool is a refusal, not a failure."""
    sandbox.telefonip.numbers.clear()
    _, answer = await wire.send(telefonip_get(PHONE.national))
    assert answer == error("no number is free")


async def test_a_number_is_leased_twice_only_when_none_is_free(
    wire: Wire, sandbox: Sandbox
) -> None:
    """A number of one's own is what the document promises."""
    del sandbox.telefonip.numbers[3:]
    leases = [await wire.lease(phone) for phone in (PHONE, OTHER, THIRD)]
    assert len({number_of(lease) for lease in leases}) == 3
    assert (await wire.lease())["auth_phone"]


async def test_a_shared_number_gives_a_call_to_the_lease_of_its_caller(
    wire: Wire, sandbox: Sandbox
) -> None:
    """A stranger's call goes to the lease that was made last."""
    del sandbox.telefonip.numbers[1:]
    first, last = await wire.lease(PHONE), await wire.lease(OTHER)
    sandbox.network.dial(PHONE, number_of(first))
    sandbox.network.dial(THIRD, number_of(first))
    for lease, caller in ((first, PHONE), (last, THIRD)):
        _, answer = await wire.check(lease["id"])
        assert answer["data"]["phone"] == caller.national


async def test_a_check_after_the_call_names_the_caller(
    wire: Wire, sandbox: Sandbox
) -> None:
    """It is a plain read: asking again gives the same."""
    lease = await wire.lease()
    sandbox.network.dial(PHONE, number_of(lease))
    told = {
        "success": True,
        "error": "",
        "data": {"phone": "89991234567", "id": 122760},
    }
    assert await wire.check(lease["id"]) == (200, told)
    assert await wire.check(lease["id"]) == (200, told)


@pytest.mark.parametrize(
    ("caller", "prefix", "told"),
    [
        (PHONE, "8", "89991234567"),
        (PHONE, "7", "79991234567"),
        (PhoneNumber("+4915112345678"), "8", "4915112345678"),
    ],
)
async def test_the_caller_is_spelled_as_chosen(
    wire: Wire,
    sandbox: Sandbox,
    caller: PhoneNumber,
    prefix: Literal["8", "7"],
    told: str,
) -> None:
    """Answers come with 7 or with 8, and a stranger may call from anywhere."""
    sandbox.telefonip.caller_prefix = prefix
    lease = await wire.lease()
    sandbox.network.dial(caller, number_of(lease))
    _, answer = await wire.check(lease["id"])
    assert answer["data"]["phone"] == told


async def test_a_check_names_whoever_called(wire: Wire, sandbox: Sandbox) -> None:
    """A stranger's call is told as such: it is the client who must compare."""
    lease = await wire.lease()
    sandbox.network.dial(OTHER, number_of(lease))
    _, answer = await wire.check(lease["id"])
    assert answer["data"]["phone"] == OTHER.national
    assert [yes.phone for yes in sandbox.ledger.entries(Verification)] == [OTHER]


async def test_a_check_can_answer_a_number_that_never_called(
    wire: Wire, sandbox: Sandbox
) -> None:
    """The document's own sample names a different number."""
    sandbox.telefonip.check_answers = OTHER
    lease = await wire.lease()
    sandbox.network.dial(PHONE, number_of(lease))
    _, answer = await wire.check(lease["id"])
    assert answer["data"]["phone"] == OTHER.national


@pytest.mark.parametrize(
    ("before_call", "status", "answer"),
    [
        (BeforeCall.NOT_FOUND_400, 400, NOT_FOUND),
        (BeforeCall.NOT_FOUND_404, 404, NOT_FOUND),
        (BeforeCall.NOT_FOUND_200, 200, NOT_FOUND),
        (BeforeCall.EMPTY_OBJECT, 200, {"success": True, "error": "", "data": {}}),
        (
            BeforeCall.EMPTY_PHONE,
            200,
            {"success": True, "error": "", "data": {"phone": "", "id": 122760}},
        ),
    ],
)
async def test_what_a_check_says_before_the_call_can_be_chosen(
    wire: Wire, sandbox: Sandbox, before_call: BeforeCall, status: int, answer: object
) -> None:
    """It is not documented, so a client must take all of it for pending."""
    sandbox.telefonip.before_call = before_call
    lease = await wire.lease()
    assert await wire.check(lease["id"]) == (status, answer)


@pytest.mark.parametrize("record_id", ["1", "999999999999999999999", "abc", "1-2"])
async def test_an_unknown_id_is_not_found(wire: Wire, record_id: str) -> None:
    """With HTTP 400, as it has been seen."""
    assert await wire.check(record_id) == (400, NOT_FOUND)


async def test_a_call_at_second_120_counts_and_at_121_it_does_not(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """A number lives for 120 s; its record can be read for longer."""
    first = await wire.lease()
    await clock.advance(1)
    second = await wire.lease(OTHER)
    await clock.advance(120)
    sandbox.network.dial(PHONE, number_of(first))
    sandbox.network.dial(OTHER, number_of(second))
    assert await wire.check(first["id"]) == (400, NOT_FOUND)
    assert (await wire.check(second["id"]))[0] == 200
    await clock.advance(600)
    assert await wire.check(second["id"]) == (400, NOT_FOUND)


async def test_an_expired_lease_may_say_so(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """Some accounts see a status, most see an error."""
    sandbox.telefonip.says_expired = True
    lease = await wire.lease()
    await clock.advance(121)
    status, answer = await wire.check(lease["id"])
    assert (status, answer["data"]["status"]) == (200, "expired")


async def test_links_can_mislead(wire: Wire, sandbox: Sandbox) -> None:
    """The sample's link dials another number, and its picture has another id."""
    sandbox.telefonip.misleading_links = True
    lease = await wire.lease()
    assert number_of(lease).national not in lease["url_link"]
    assert str(lease["id"]) not in lease["url_image"]


async def test_links_are_right_by_default(wire: Wire) -> None:
    """Only then is a misleading one a finding."""
    lease = await wire.lease()
    assert number_of(lease).national in lease["url_link"]
    assert str(lease["id"]) in lease["url_image"]


async def test_answers_can_be_as_broken_as_printed(
    wire: Wire, sandbox: Sandbox
) -> None:
    """The sample has no comma before its link."""
    sandbox.telefonip.as_printed = True
    response = await wire.respond(telefonip_get(PHONE.national))
    with pytest.raises(ValueError, match="delimiter"):
        json.loads(response.body)


async def test_an_error_can_be_scripted(wire: Wire, sandbox: Sandbox) -> None:
    """Texts of errors are not documented."""
    sandbox.telefonip.refuse_next("try later", status=200, phone=PHONE)
    sent = telefonip_get(PHONE.national)
    assert await wire.send(sent) == (200, error("try later"))
    assert sandbox.ledger.entries(Lease) == []


async def test_a_scripted_error_may_lease_all_the_same(
    wire: Wire, sandbox: Sandbox
) -> None:
    """Then a number is live that the client has never seen."""
    sandbox.telefonip.refuse_next("oops", status=500, leases=True)
    await wire.send(telefonip_get(PHONE.national))
    assert len(sandbox.ledger.entries(Lease)) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/authcalls/token/reverse_auth_phone_get/",
        "/api/v1/authcalls/token/reverse_auth_phone_check",
        "/api/v1/authcalls/token/reverse_auth_phone_put",
        "/api/v1/authcalls/token/reverse_auth_phone_check/1/2",
        "/api/v1/authcalls/reverse_auth_phone_get",
    ],
)
async def test_an_unknown_path_is_404(wire: Wire, path: str) -> None:
    """An id that holds a slash must not reach another endpoint."""
    response = await wire.respond(request("GET", path))
    assert response.status == 404
