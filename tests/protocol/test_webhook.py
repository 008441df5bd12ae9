from __future__ import annotations

from urllib.parse import urlencode

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from callauth.errors import ProtocolError
from callauth.models.hint import WebhookHint
from callauth.models.phone import PhoneNumber
from callauth.protocol.telefonip import parse_webhook
from tests.support.canaries import Canaries
from tests.support.refusals import caught, refused

_PHONE = PhoneNumber("+79000000000")
_HINT = WebhookHint(lease_id=123, phone=_PHONE, success=True)


@pytest.mark.parametrize(
    "query",
    [
        "success=True&phone=89000000000&id=123",
        "success=True&phone=79000000000&id=000123",
        "id=123&success=True&phone=89000000000",
        "?success=True&phone=89000000000&id=123",
        "success=True&phone=8%39000000000&id=123",
        "success=True&phone=89000000000&id=123&new=%D1%91&x=",
    ],
)
def test_a_webhook_is_read(query: str) -> None:
    """The format is documented in one line, its id with leading zeros."""
    assert parse_webhook(query) == _HINT


@pytest.mark.parametrize(
    ("digits", "caller"),
    [("84951234567", "+84951234567"), ("442079460018", "+442079460018")],
)
def test_a_webhook_may_name_a_foreign_caller(digits: str, caller: str) -> None:
    """Vietnam's +84 9… must not pass for Moscow's 8 49…."""
    hint = parse_webhook(f"success=True&phone={digits}&id=123")

    assert hint == evolve(_HINT, phone=PhoneNumber(caller))


def test_a_webhook_may_say_no() -> None:
    """It is a hint all the same: look now."""
    hint = parse_webhook("success=False&phone=89000000000&id=0")

    assert hint == WebhookHint(lease_id=0, phone=_PHONE, success=False)


_REFUSALS = {
    "": "the keys success, phone and id",
    "?": "the keys success, phone and id",
    "success=True": "the keys success, phone and id",
    "success=True&phone=89000000000": "the keys success, phone and id",
    "success=True&phone=89000000000&ID=1": "the keys success, phone and id",
    "success": "names and values",
    "&&": "names and values",
    "success=True&phone=89000000000&id=1&": "names and values",
    "success=True;phone=89000000000;id=1": "the keys success, phone and id",
    "success=True&success=False&phone=89000000000&id=1": "each key once",
    "success=True&phone=89000000000&id=1&id=1": "each key once",
    "success=True&phone=89000000000&id=1&x=1&x=2": "each key once",
    "success=True&phone=89000000000&id=1&%69d=2": "each key once",
    "success=true&phone=89000000000&id=1": "True or False",
    "success=1&phone=89000000000&id=1": "True or False",
    "success=&phone=89000000000&id=1": "True or False",
    "success=True&phone=89000000000&id=": "an id of digits",
    "success=True&phone=89000000000&id=-1": "an id of digits",
    "success=True&phone=89000000000&id=1/../2": "an id of digits",
    "success=True&phone=89000000000&id=%D9%A1": "an id of digits",
    "success=True&phone=89000000000&id=" + "9" * 19: "an id of digits",
    "success=True&phone=&id=1": "a phone number",
    "success=True&phone=+79000000000&id=1": "a phone number",
    "success=True&phone=9000000000&id=1": "a phone number",
    "success=True&phone=8900000000%EF%BC%90&id=1": "a phone number",
    "success=True&phone=%FF&id=1": "names and values",
    "success=True&phone=89000000000&id=1&" + "&".join(f"k{n}=1" for n in range(14)): (
        "names and values"
    ),
    "success=True&phone=89000000000&id=1&x=" + "x" * 2048: "at most 2048 characters",
}


@pytest.mark.parametrize(("query", "reason"), _REFUSALS.items())
def test_another_webhook_is_refused(query: str, reason: str) -> None:
    """Anybody can send one."""
    with refused(ProtocolError, match=f"telefonip webhook: expected .*{reason}"):
        parse_webhook(query)


@pytest.mark.parametrize("value", [None, b"success=True", {"success": "True"}])
def test_a_webhook_is_text(value: str) -> None:
    """A framework that hands over something else is told so."""
    with refused(ProtocolError, match="expected a query"):
        parse_webhook(value)


def test_a_refused_webhook_is_in_no_local(canaries: Canaries) -> None:
    """It may hold a real number although it is broken."""
    with refused(ProtocolError):
        parse_webhook(f"success=Yes&phone={canaries.phone().national}&id=1")
    with refused(ProtocolError):
        parse_webhook(f"success=True&phone={canaries.phone().e164}&id=1")


@given(
    st.text(alphabet=st.characters())
    | st.text(alphabet="successTrueFalsphoneid=&%+0189?;", max_size=60)
)
def test_no_text_raises_anything_else(query: str) -> None:
    """It comes from the open internet."""
    said = caught(lambda: parse_webhook(query), ProtocolError)

    assert isinstance(said, WebhookHint | ProtocolError)


_PAIRS = st.dictionaries(
    st.sampled_from(["success", "phone", "id", "x"]),
    st.sampled_from(["True", "False", "89000000000", "79000000000", "12", "012", ""])
    | st.sampled_from(["84951234567", "442079460018"])
    | st.text(max_size=12),
)


@given(_PAIRS)
def test_a_hint_says_what_the_query_said(pairs: dict[str, str]) -> None:
    """Nothing is guessed."""
    said = caught(lambda: parse_webhook(urlencode(pairs)), ProtocolError)

    if isinstance(said, WebhookHint):
        assert str(said.success) == pairs["success"]
        assert said.lease_id == int(pairs["id"])
        assert said.phone == _caller(pairs["phone"])


def _caller(digits: str) -> PhoneNumber:
    is_ours = len(digits) == 11 and digits.startswith(("7", "89"))
    return PhoneNumber("+7" + digits[1:] if is_ours else "+" + digits)
