from __future__ import annotations

from typing import Any

import pytest

from callauth.errors import (
    AnswerLost,
    AuthenticationFailed,
    ProtocolError,
    ProviderError,
    RateLimited,
)
from callauth.models.phone import PhoneNumber
from callauth.protocol.telefonip import CheckReply, LeaseReply
from tests.support.answers import NO_TEXTS, Said, answer, reading, sample
from tests.support.canaries import Canaries
from tests.support.operations import LEASE_ID, operations

_BROKEN = Said(ProtocolError)
_PHONE = "79644115786"
_LEASES = ["get", "post", "post form"]


def _lease(
    canaries: Canaries, phone: object = _PHONE, lease_id: object = 1, **more: object
) -> object:
    content = {"auth_phone": phone, "id": lease_id, **more}
    document = {"success": True, "error": "", "data": content}
    return reading(operations(canaries)["get"], answer(document))


def _check(canaries: Canaries, document: object, status: int = 200) -> object:
    return reading(operations(canaries)["check"], answer(document, status=status))


def _called(phone: object, lease_id: object = LEASE_ID, **more: object) -> object:
    content = {"phone": phone, "id": lease_id, **more}
    return {"success": True, "error": "", "data": content}


def test_only_number_and_id_of_a_lease_are_used(canaries: Canaries) -> None:
    """The document's link dials another number, its picture has another id."""
    said = reading(operations(canaries)["get"], sample("telefonip/lease_repaired"))

    assert said == LeaseReply(number=PhoneNumber("+79644115786"), lease_id=122760)


@pytest.mark.parametrize("extra", [None, 5, "<script>", ["x"], {"a": 1}])
def test_link_and_picture_may_be_anything(extra: object, canaries: Canaries) -> None:
    """What is never used is never read."""
    said = _lease(canaries, url_link=extra, url_image=extra)

    assert said == LeaseReply(number=PhoneNumber("+79644115786"), lease_id=1)


@pytest.mark.parametrize(
    ("lease_id", "kept"),
    [(122760, 122760), ("122760", 122760), ("000123", 123), (0, 0), ("0", 0)],
)
def test_an_id_is_a_whole_number(
    lease_id: object, kept: int, canaries: Canaries
) -> None:
    """Text of digits is taken as well."""
    said = _lease(canaries, lease_id=lease_id)

    assert said == LeaseReply(number=PhoneNumber("+79644115786"), lease_id=kept)


@pytest.mark.parametrize(
    "lease_id",
    [
        -1,
        1.0,
        True,
        False,
        None,
        "",
        " 1",
        "1x",
        "１",
        "122760/../../x",
        "9" * 19,
        10**18,
        [1],
        {},
    ],
)
def test_another_id_never_enters_a_path(lease_id: object, canaries: Canaries) -> None:
    """It was seen to climb to another endpoint."""
    assert _lease(canaries, lease_id=lease_id) == _BROKEN


@pytest.mark.parametrize("phone", ["79644115786", "89644115786"])
def test_a_leased_number_begins_with_7_or_8(phone: str, canaries: Canaries) -> None:
    """The document prints both for the same number."""
    said = _lease(canaries, phone=phone)

    assert said == LeaseReply(number=PhoneNumber("+79644115786"), lease_id=1)


@pytest.mark.parametrize(
    "phone",
    [
        79644115786,
        None,
        "",
        "9644115786",
        "+79644115786",
        "442079460018",
        "84951234567",
        "88001234567",
        "796441157860",
        "8 964 411 57 86",
        "7964411578６",
        "tel:79644115786",
        ["79644115786"],
    ],
)
def test_another_leased_number_is_not_believed(
    phone: object, canaries: Canaries
) -> None:
    """The user is asked to dial it."""
    assert _lease(canaries, phone=phone) == _BROKEN


@pytest.mark.parametrize("name", _LEASES)
@pytest.mark.parametrize(
    "document",
    [
        {},
        {"success": True},
        {"success": True, "error": "", "data": []},
        {"success": True, "error": "", "data": None},
        {"success": True, "error": "", "data": {}},
        {"success": True, "error": "", "data": {"id": 1}},
        {"success": True, "error": "", "data": {"auth_phone": _PHONE}},
        {"success": True, "error": "x", "data": {"auth_phone": _PHONE, "id": 1}},
        {"success": True, "error": 0, "data": {"auth_phone": _PHONE, "id": 1}},
        {"success": "true", "error": "", "data": {"auth_phone": _PHONE, "id": 1}},
        {"success": 1, "error": "", "data": {"auth_phone": _PHONE, "id": 1}},
        {"success": None, "error": "", "data": {"auth_phone": _PHONE, "id": 1}},
        {"error": "", "data": {"auth_phone": _PHONE, "id": 1}},
    ],
)
def test_another_lease_is_not_believed(
    name: str, document: object, canaries: Canaries
) -> None:
    """Half an answer leases nothing."""
    assert reading(operations(canaries)[name], answer(document)) == _BROKEN


@pytest.mark.parametrize("error", ["", None])
def test_the_error_of_a_success_may_be_empty(error: object, canaries: Canaries) -> None:
    """The document prints an empty text."""
    content = {"auth_phone": _PHONE, "id": 1}
    said = reading(
        operations(canaries)["get"],
        answer({"success": True, "error": error, "data": content}),
    )

    assert isinstance(said, LeaseReply)


@pytest.mark.parametrize("status", [200, 400, 404, 422])
@pytest.mark.parametrize("name", _LEASES)
def test_a_refused_lease_keeps_the_words_of_the_provider(
    name: str, status: int, canaries: Canaries
) -> None:
    """They are for logs: cut, and without control characters."""
    words = "phone is wrong\n\x1b[31m" + "x " * 300
    document = {"success": False, "error": words, "data": {}}

    said = reading(operations(canaries)[name], answer(document, status=status))

    text = "phone is wrong??[31m" + "x " * 90
    assert said == Said(ProviderError, None, "REFUSED", text)


def test_the_words_of_a_refusal_repeat_neither_number_nor_token(
    canaries: Canaries,
) -> None:
    """A provider may quote what it was asked."""
    phone, token = canaries.text_phone(), canaries.plant("N73JXNJvWRWyYeGTL2WF8V2SGX")
    document = {"success": False, "error": f"{phone}: no lease for /{token}/"}

    said = reading(operations(canaries)["get"], answer(document))

    words = "•••: no lease for /•••/"
    assert said == Said(ProviderError, None, "REFUSED", words)


@pytest.mark.parametrize(
    "document",
    [
        {"success": False},
        {"success": False, "error": None},
        {"success": False, "error": ""},
    ],
)
def test_a_refusal_may_be_without_words(document: object, canaries: Canaries) -> None:
    """No is no."""
    said = reading(operations(canaries)["get"], answer(document))

    assert said == Said(ProviderError, None, "REFUSED")


@pytest.mark.parametrize("status", [200, 400, 404])
@pytest.mark.parametrize("name", _LEASES)
@pytest.mark.parametrize("words", NO_TEXTS)
def test_a_refusal_whose_error_is_no_text_is_not_believed(
    words: object, name: str, status: int, canaries: Canaries
) -> None:
    """A number where text is documented: who knows what is meant by the rest."""
    document = {"success": False, "error": words}

    said = reading(operations(canaries)[name], answer(document, status=status))

    assert said == _BROKEN


@pytest.mark.parametrize("words", NO_TEXTS)
def test_before_the_call_a_no_needs_no_words(words: object, canaries: Canaries) -> None:
    """What ``check`` says then is not documented, so every no waits."""
    said = _check(canaries, {"success": False, "error": words})

    assert said is CheckReply.PENDING


@pytest.mark.parametrize(
    ("phone", "caller"),
    [
        ("89243555100", "+79243555100"),
        ("79243555100", "+79243555100"),
        ("74951234567", "+74951234567"),
        ("442079460018", "+442079460018"),
        ("380441234567", "+380441234567"),
        ("84951234567", "+84951234567"),
        ("8613912345678", "+8613912345678"),
        ("85291234567", "+85291234567"),
        ("12025550123", "+12025550123"),
        ("299123456789012", "+299123456789012"),
    ],
)
def test_check_names_who_called(phone: str, caller: str, canaries: Canaries) -> None:
    """Somebody else's call proves nothing: the caller is compared by the client."""
    assert _check(canaries, _called(phone)) == PhoneNumber(caller)


@pytest.mark.parametrize(
    "phone",
    [
        89243555100,
        True,
        "x",
        "+79243555100",
        "9243555100",
        "09243555100",
        "792435551000",
        "8924355510０",
        ["8"],
        {},
        0,
        False,
        " ",
    ],
)
def test_another_caller_is_not_believed(phone: object, canaries: Canaries) -> None:
    """It would be compared with the number that was asked about."""
    assert _check(canaries, _called(phone)) == _BROKEN


@pytest.mark.parametrize("lease_id", [LEASE_ID + 1, str(LEASE_ID + 1), None, "x", 1.5])
def test_the_id_must_be_the_one_that_was_asked_about(
    lease_id: object, canaries: Canaries
) -> None:
    """Another lease's caller verifies somebody else."""
    assert _check(canaries, _called("89243555100", lease_id)) == _BROKEN


def test_the_id_may_have_leading_zeros(canaries: Canaries) -> None:
    """The webhook prints it so."""
    said = _check(canaries, _called("89243555100", f"000{LEASE_ID}"))

    assert said == PhoneNumber("+79243555100")


_PENDING = [
    ({"success": False, "error": "id record not found", "data": {}}, 400),
    ({"success": False, "error": "id record not found", "data": {}}, 404),
    ({"success": False, "error": "id record not found", "data": {}}, 200),
    ({"success": False}, 200),
    ({"success": False, "data": {"phone": "89243555100", "id": LEASE_ID}}, 200),
    ({"success": True, "error": "", "data": {}}, 200),
    ({"success": True, "error": "x", "data": {}}, 200),
    ({"success": True, "error": 5, "data": {}}, 200),
    ({"success": True, "data": {}}, 200),
    ({"success": True, "error": "", "data": {"id": LEASE_ID}}, 200),
    ({"success": True, "error": "", "data": {"phone": "", "id": LEASE_ID}}, 200),
    ({"success": True, "error": "", "data": {"phone": None, "id": LEASE_ID}}, 200),
    ({"success": True, "error": "", "data": {"status": "waiting"}}, 200),
    (_called("89243555100"), 400),
    (_called("89243555100"), 404),
    ({}, 404),
    ([], 400),
    ("not found", 404),
]


@pytest.mark.parametrize(("document", "status"), _PENDING)
def test_before_the_call_every_no_means_wait(
    document: object, status: int, canaries: Canaries
) -> None:
    """The document does not say what is answered then."""
    assert _check(canaries, document, status) is CheckReply.PENDING


@pytest.mark.parametrize("status", [400, 404])
def test_a_page_that_says_not_found_means_wait(status: int, canaries: Canaries) -> None:
    """Web servers have their own words for 404."""
    page = answer(body=b"<html>Not Found</html>", status=status)

    assert reading(operations(canaries)["check"], page) is CheckReply.PENDING


@pytest.mark.parametrize("status", [200, 400, 404])
@pytest.mark.parametrize("success", [True, False])
def test_expiry_is_said_by_the_provider_where_it_is(
    status: int,
    success: bool,  # noqa: FBT001 - a case
    canaries: Canaries,
) -> None:
    """Even beside a number: a late call verifies nobody."""
    content = {"status": "expired", "phone": "89243555100", "id": LEASE_ID}
    document = {"success": success, "error": "", "data": content}

    assert _check(canaries, document, status) is CheckReply.EXPIRED


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"success": "false"},
        {"success": 0, "data": {}},
        {"success": None, "data": {}},
        {"success": True, "error": ""},
        {"success": True, "error": "", "data": []},
        {"success": True, "error": 5, "data": {"phone": "89243555100", "id": LEASE_ID}},
        {"success": True, "error": "x", "data": {"id": LEASE_ID}},
    ],
)
def test_another_answer_is_not_believed(document: object, canaries: Canaries) -> None:
    """Neither a yes nor a no: it is asked again."""
    assert _check(canaries, document) == _BROKEN


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, AuthenticationFailed),
        (403, AuthenticationFailed),
        (429, RateLimited),
        (500, AnswerLost),
        (503, AnswerLost),
    ],
)
def test_some_statuses_stop_whatever_the_body_says(
    status: int, error: type[Exception], canaries: Canaries
) -> None:
    """A wrong token would otherwise look like a call that never came."""
    for body in ({"success": False}, _called("89243555100")):
        said: Any = _check(canaries, body, status)
        assert said.error is error
