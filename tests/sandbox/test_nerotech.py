from __future__ import annotations

import json

import pytest

from callauth.models.phone import PhoneNumber
from callauth.sandbox import (
    Answer,
    Charge,
    Guess,
    Sandbox,
    Subscriber,
    Verification,
)
from callauth.transport.clock import ManualClock

from .wire import NEROTECH, OTHER, PHONE, Wire, nerotech, refused, request, voicemail

DAY = 24 * 3600


async def test_voicemail_rings_once_and_tells_the_code_that_is_spoken(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """The application compares with the code that the robot dictates."""
    answer = await wire.voicemail()
    await clock.advance(3)
    assert answer == {"status": True, "id": 103001, "code": answer["code"]}
    assert sandbox.network.heard(PHONE) == [answer["code"]]
    assert [charge.kopecks for charge in sandbox.ledger.entries(Charge)] == [100]


async def test_a_code_keeps_its_leading_zeros(wire: Wire, sandbox: Sandbox) -> None:
    """A code is text; as a number it would lose what the robot spoke."""
    sandbox.nerotech.next_codes.append("0007")
    assert (await wire.voicemail())["code"] == "0007"


async def test_a_code_can_lose_its_zeros_and_an_id_can_be_text(
    wire: Wire, sandbox: Sandbox
) -> None:
    """Clients must cope with both spellings of both fields."""
    sandbox.nerotech.next_codes.append("0007")
    sandbox.nerotech.code_as_number = True
    sandbox.nerotech.id_as_text = True
    answer = await wire.voicemail()
    assert answer == {"status": True, "id": "103001", "code": 7}


@pytest.mark.parametrize("operation", ["voicemail", "checkCode", "incoming/init"])
async def test_a_missing_parameter_is_error_1(wire: Wire, operation: str) -> None:
    """What is not asked properly must not ring anybody."""
    assert await wire.nerotech(operation, service_id="1") == refused(1)


@pytest.mark.parametrize(
    "query",
    [
        "service_id=1&secret_key=k&phone=79991234567&test=2",
        "service_id=x&secret_key=k&phone=79991234567",
        "service_id=1&secret_key=k&phone=79991234567&color=red",
        "service_id=1&secret_key=k&phone=79991234567&phone=79991234567",
        "service_id=1&secret_key=k&phone=79991234567&idempotency_key=",
        "service_id=1&secret_key=k&phone=79991234567&idempotency_key=" + 101 * "k",
        "service_id=1&secret_key=%ff&phone=79991234567",
    ],
)
async def test_a_wrong_parameter_is_error_1(
    wire: Wire, sandbox: Sandbox, query: str
) -> None:
    """The document says what each parameter may be; nothing else is let through."""
    _, answer = await wire.send(request("GET", f"/api/v1/voicemail?{query}"))
    assert answer == refused(1)
    assert sandbox.ledger.rings(PHONE) == []


@pytest.mark.parametrize("phone", ["+79991234567", "89991234567", "7999", "phone", ""])
async def test_a_number_in_another_spelling_is_error_2(wire: Wire, phone: str) -> None:
    """The document asks for the international spelling without a plus."""
    assert await wire.nerotech("voicemail", **NEROTECH, phone=phone) == refused(2)


async def test_a_service_number_in_another_spelling_is_error_2(wire: Wire) -> None:
    """Both numbers of verify have to be spelled the same way."""
    answer = await wire.nerotech(
        "incoming/verify", **NEROTECH, service_phone="x", user_phone=PHONE.msisdn
    )
    assert answer == refused(2)


@pytest.mark.parametrize("pair", [("1234", "other"), ("1", "key"), ("1234", " ")])
async def test_wrong_credentials_are_error_3(
    wire: Wire, sandbox: Sandbox, pair: tuple[str, str]
) -> None:
    """Only the pair of both lets anybody in."""
    sandbox.nerotech.credentials = (1234, "key")
    fields = {"service_id": pair[0], "secret_key": pair[1], "phone": PHONE.msisdn}
    assert await wire.nerotech("voicemail", **fields) == refused(3)
    assert (await wire.voicemail())["status"] is True


async def test_credentials_can_be_taken_back(wire: Wire, sandbox: Sandbox) -> None:
    """Then any are accepted again."""
    sandbox.nerotech.credentials = (1, "other")
    assert await wire.voicemail() == refused(3)
    sandbox.nerotech.credentials = None
    assert (await wire.voicemail())["status"] is True


async def test_any_credentials_but_a_blank_key_are_taken_by_default(
    wire: Wire,
) -> None:
    """A demonstration needs no account."""
    fields = {"service_id": "9", "secret_key": " ", "phone": PHONE.msisdn}
    assert await wire.nerotech("voicemail", **fields) == refused(3)


async def test_check_code_needs_the_key_alone(wire: Wire, sandbox: Sandbox) -> None:
    """It is the one operation without a service id."""
    sandbox.nerotech.credentials = (1234, "key")
    call = await wire.voicemail()
    assert await wire.check_code(call["id"], call["code"]) == {"status": True}
    assert await wire.nerotech(
        "checkCode", call_id="1", secret_key="other", code="0000"
    ) == refused(3)


async def test_a_disabled_project_is_error_0_of_incoming_calls(
    wire: Wire, sandbox: Sandbox
) -> None:
    """0 is an error as well; the list of voicemail does not have it."""
    sandbox.nerotech.disabled = True
    assert await wire.init() == refused(0)
    assert await wire.voicemail() == refused(3)


async def test_an_empty_balance_is_error_7(wire: Wire, sandbox: Sandbox) -> None:
    """The last call that can be paid is placed, the next is not."""
    sandbox.nerotech.account.balance_kopecks = 100
    assert (await wire.voicemail())["status"] is True
    assert await wire.voicemail(OTHER) == refused(7)
    assert await wire.init(OTHER) == refused(7)


async def test_a_used_up_package_is_error_8(wire: Wire, sandbox: Sandbox) -> None:
    """A package counts calls, whatever they cost."""
    sandbox.nerotech.account.calls_left = 1
    assert (await wire.init())["status"] is True
    assert await wire.voicemail(OTHER) == refused(8)


async def test_a_call_in_progress_is_error_9(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """A phone rings once at a time; after the call it may ring again."""
    await wire.voicemail()
    assert await wire.voicemail() == refused(9)
    await clock.advance(13)
    assert (await wire.voicemail())["status"] is True
    assert sandbox.ledger.rings_twice() == [PHONE]


async def test_the_limit_for_one_number_is_error_11_for_a_day(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """The limit belongs to the number, and a day later it is over."""
    sandbox.nerotech.calls_per_day = 1
    await wire.init()
    assert await wire.voicemail() == refused(11)
    assert (await wire.init(OTHER))["status"] is True
    await clock.advance(DAY)
    assert (await wire.init())["status"] is True


async def test_a_blocked_number_is_error_12(wire: Wire, sandbox: Sandbox) -> None:
    """Nothing rings and nothing is charged for it."""
    sandbox.nerotech.blocked.add(PHONE)
    assert await wire.voicemail() == refused(12)
    assert await wire.init() == refused(12)
    assert sandbox.ledger.entries(Charge) == []


async def test_no_number_to_lease_is_error_4(wire: Wire, sandbox: Sandbox) -> None:
    """Calls that are dictated need no service number."""
    sandbox.nerotech.numbers.clear()
    assert await wire.init() == refused(4)
    assert (await wire.voicemail())["status"] is True


@pytest.mark.parametrize("code", [*range(1, 13), 99])
async def test_every_error_can_be_scripted(
    wire: Wire, sandbox: Sandbox, code: int
) -> None:
    """A client must know all codes, and survive one that nobody has seen."""
    sandbox.nerotech.refuse_next(code, operation="voicemail")
    assert (await wire.init())["status"] is True
    assert await wire.voicemail() == refused(code)
    assert (await wire.voicemail())["status"] is True


async def test_a_scripted_error_may_ring_all_the_same(
    wire: Wire, sandbox: Sandbox
) -> None:
    """The document does not say whether a failed call rang."""
    sandbox.nerotech.refuse_next(4, rings=True)
    assert await wire.voicemail() == refused(4)
    assert len(sandbox.ledger.rings(PHONE)) == 1


async def test_a_refusal_may_have_another_http_status(
    wire: Wire, sandbox: Sandbox
) -> None:
    """The statuses of errors are not documented."""
    sandbox.nerotech.error_status = 400
    status, answer = await wire.send(nerotech("voicemail"))
    assert (status, answer) == (400, refused(1))


async def test_the_same_key_and_phone_ring_once_for_a_day(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """A lost answer is asked for again without ringing again, but not for ever."""
    first = await wire.voicemail(idempotency_key="k")
    await clock.advance(DAY - 1)
    assert await wire.voicemail(idempotency_key="k") == first
    assert len(sandbox.ledger.rings(PHONE)) == 1
    await clock.advance(1)
    assert await wire.voicemail(idempotency_key="k") != first
    assert len(sandbox.ledger.rings(PHONE)) == 2


async def test_a_key_counts_together_with_its_phone(
    wire: Wire, sandbox: Sandbox
) -> None:
    """The same key for another phone is another call."""
    await wire.voicemail(PHONE, idempotency_key="k")
    await wire.voicemail(OTHER, idempotency_key="k")
    assert [len(sandbox.ledger.rings(each)) for each in (PHONE, OTHER)] == [1, 1]


async def test_a_key_may_be_busy_while_its_own_call_rings(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """Then 9 answers the client's own retry, and the result comes later."""
    sandbox.nerotech.busy_while_ringing = True
    first = await wire.voicemail(idempotency_key="k")
    assert await wire.voicemail(idempotency_key="k") == refused(9)
    await clock.advance(13)
    assert await wire.voicemail(idempotency_key="k") == first


async def test_an_error_is_forgotten_by_its_key(wire: Wire, sandbox: Sandbox) -> None:
    """By default a key keeps calls only."""
    sandbox.nerotech.blocked.add(PHONE)
    assert await wire.voicemail(idempotency_key="k") == refused(12)
    sandbox.nerotech.blocked.clear()
    assert (await wire.voicemail(idempotency_key="k"))["status"] is True


async def test_an_error_may_be_replayed_for_its_key(
    wire: Wire, sandbox: Sandbox
) -> None:
    """Whether errors are replayed is not documented, so both must be tried."""
    sandbox.nerotech.replays_errors = True
    sandbox.nerotech.refuse_next(4)
    assert await wire.voicemail(idempotency_key="k") == refused(4)
    assert await wire.voicemail(idempotency_key="k") == refused(4)
    sandbox.nerotech.blocked.add(OTHER)
    assert await wire.voicemail(OTHER, idempotency_key="k") == refused(12)
    sandbox.nerotech.blocked.clear()
    assert await wire.voicemail(OTHER, idempotency_key="k") == refused(12)
    assert (await wire.voicemail(OTHER, idempotency_key="new"))["status"] is True


async def test_a_test_call_always_succeeds_and_does_nothing(
    wire: Wire, sandbox: Sandbox
) -> None:
    """It must never be proof of anything."""
    sandbox.nerotech.blocked.add(PHONE)
    sandbox.nerotech.account.balance_kopecks = 0
    answer = await wire.voicemail(test="1")
    assert answer["status"] is True
    assert sandbox.ledger.rings(PHONE) == []
    assert sandbox.ledger.entries(Charge) == []
    assert sandbox.network.typed(PHONE) is None


async def test_a_test_call_is_replayed_to_a_live_one_with_its_key(
    wire: Wire, sandbox: Sandbox
) -> None:
    """The document's rule has no exception, so sharing a key is a trap."""
    tried = await wire.voicemail(test="1", idempotency_key="k")
    assert await wire.voicemail(idempotency_key="k") == tried
    assert sandbox.ledger.rings(PHONE) == []


async def test_check_code_says_yes_to_the_spoken_code_only(
    wire: Wire, sandbox: Sandbox
) -> None:
    """Every guess is on record, and so is the yes."""
    sandbox.nerotech.next_codes.append("1234")
    call = await wire.voicemail()
    assert await wire.check_code(call["id"], "4321") == refused(5)
    assert await wire.check_code(call["id"], "1234") == {"status": True}
    assert [guess.right for guess in sandbox.ledger.entries(Guess)] == [False, True]
    (yes,) = sandbox.ledger.entries(Verification)
    assert (yes.operation, yes.phone) == ("checkCode", PHONE)


@pytest.mark.parametrize(
    ("call_id", "code", "error"), [("1", "1234", 6), ("x", "1234", 1), ("1", "12", 1)]
)
async def test_check_code_of_no_call_is_an_error(
    wire: Wire, call_id: str, code: str, error: int
) -> None:
    """An unknown id is not found, and a malformed question is no question."""
    assert await wire.check_code(call_id, code) == refused(error)


@pytest.mark.parametrize("answers", list(Answer))
async def test_voicemail_answers_the_same_whatever_the_phone_does(
    wire: Wire, sandbox: Sandbox, answers: Answer
) -> None:
    """The answer comes before the phone has rung."""
    sandbox.network.default = Subscriber(answers=answers)
    assert (await wire.voicemail())["status"] is True


async def test_answers_can_be_as_broken_as_printed(
    wire: Wire, sandbox: Sandbox
) -> None:
    """The samples of the document have comments and trailing commas."""
    sandbox.nerotech.as_printed = True
    response = await wire.respond(voicemail())
    assert b'"status": true, //' in response.body
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(response.body)


async def test_a_number_of_another_country_is_called(wire: Wire) -> None:
    """The document asks for any international number."""
    german = PhoneNumber("+4915112345678")
    assert (await wire.voicemail(german))["status"] is True
