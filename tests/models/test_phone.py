from __future__ import annotations

import copy
from collections.abc import Callable
from traceback import TracebackException
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callauth.errors import ConfigurationError, InvalidPhoneNumber
from callauth.models.phone import PhoneNumber
from tests.support.canaries import Canaries
from tests.support.refusals import caught, refused

_MOBILE = "+79991234567"
_NBSP, _THIN, _FIGURE, _NARROW = "\u00a0", "\u2009", "\u2007", "\u202f"
_SPELLINGS = {
    "+79991234567": _MOBILE,
    "79991234567": _MOBILE,
    "89991234567": _MOBILE,
    "9991234567": _MOBILE,
    "8 (999) 123-45-67": _MOBILE,
    "+7 (999) 123 45 67": _MOBILE,
    "+7-999-123-45-67": _MOBILE,
    "8.999.123.45.67": _MOBILE,
    " \t+7 999 123-45-67\n": _MOBILE,
    f"8{_NBSP}999{_THIN}123{_FIGURE}45{_NARROW}67": _MOBILE,
    "8–999—123−45‑67": _MOBILE,
    "8‐999‒123-45-67": _MOBILE,
    "\u202a+7 999 123-45-67\u202c": _MOBILE,
    "\u2068\u200e89991234567\u200f\u2069": _MOBILE,
    "(999) 123-45-67": _MOBILE,
    "+7(999)1234567": _MOBILE,
    "4952214610": "+74952214610",
    "3432214610": "+73432214610",
    "8 800 100-20-30": "+78001002030",
    "+7 843 221 46 10": "+78432214610",
    "78002000600": "+78002000600",
    "+" + "7" + "9" * 10: "+79999999999",
}
_PREFIX = "expected 11 digits that begin with"
_REFUSALS = {
    "": "a blank",
    "   ": "a blank",
    "-": "a blank",
    "()": "a blank",
    "+": "expected digits",
    "call me": "expected digits",
    "8 999 123-45-67 доб. 12": "expected digits",
    "8999123456O": "expected digits",
    "7+9991234567": "expected digits",
    "++79991234567": "expected digits",
    "89991234567,89991234568": "expected digits",
    "8/999/1234567": "expected digits",
    "\u200b89991234567": "expected digits",
    "８９９９１２３４５６７": "expected digits",
    "٨٩٩٩١٢٣٤٥٦٧": "expected digits",
    "8999123456²": "expected digits",
    "999123456": f"{_PREFIX} .* got 9 digits",
    "899912345": f"{_PREFIX} .* got 9 digits",
    "899912345678": f"{_PREFIX} .* got 12 digits",
    "+7999123456": "10 that begin with 7",
    "+799912345678": f"{_PREFIX} .* got 12 digits",
    "99991234567": f"{_PREFIX} .* got 11 digits",
    "8999123456": "got 10 that begin with 8",
    "7999123456": "got 10 that begin with 7",
    "1234567890": "got 10 that begin with 1",
    "+89991234567": "another country's prefix",
    "+380441234567": "another country's prefix",
    "+12025550123": "another country's prefix",
    "810 7 999 1234567": f"{_PREFIX} .* got 14 digits",
    "8 000 123 45 67": "got 0",
    "8 112 123 45 67": "got 1",
    "+7 299 123 45 67": "got 2",
    "+7 599 123 45 67": "got 5",
    "+7 701 123 45 67": 'region="KZ"',
    "8 699 123 45 67": 'region="KZ"',
    "8" * 65: "at most 64 characters, got 65",
}


@pytest.mark.parametrize(("typed", "e164"), _SPELLINGS.items())
def test_a_number_is_read_in_every_spelling(typed: str, e164: str) -> None:
    """People type numbers in many ways, and mean the same phone."""
    assert PhoneNumber.parse(typed) == PhoneNumber(e164)


@pytest.mark.parametrize(("typed", "reason"), _REFUSALS.items())
def test_what_is_no_number_is_refused_with_its_reason(typed: str, reason: str) -> None:
    """A guess would ring a stranger; the reason helps the person to mend it."""
    with refused(InvalidPhoneNumber, match=reason):
        PhoneNumber.parse(typed)


@pytest.mark.parametrize("value", [None, 89991234567, b"89991234567", ["8"]])
def test_a_number_that_is_no_text_is_refused(value: str) -> None:
    """An integer lost its plus, and bytes have no digits yet."""
    with refused(InvalidPhoneNumber, match="as text"):
        PhoneNumber.parse(value)


@pytest.mark.parametrize(
    ("typed", "e164"),
    [
        ("8 701 123 45 67", "+77011234567"),
        ("+7 699 123-45-67", "+76991234567"),
        ("77011234567", "+77011234567"),
    ],
)
def test_kazakhstan_is_read_where_it_is_meant(typed: str, e164: str) -> None:
    """Kazakhstan shares +7, and a call there is a call abroad."""
    assert PhoneNumber.parse(typed, region="KZ") == PhoneNumber(e164)


def test_a_russian_number_is_refused_where_kazakhstan_is_meant() -> None:
    """The same rule the other way round."""
    with refused(InvalidPhoneNumber, match="number of Kazakhstan"):
        PhoneNumber.parse("+7 999 123-45-67", region="KZ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "79991234567",
        "+0991234567",
        "+7999123",
        "+7999123456789012",
        "+7999１234567",
        "+7 9991234567",
        "+79991234567\n",
    ],
)
def test_only_e164_makes_a_number(text: str) -> None:
    """Only the parser knows spellings; the value itself knows one form."""
    with refused(InvalidPhoneNumber, match=r"expected \+ and 8 to 15 digits"):
        PhoneNumber(text)


def test_a_number_that_is_no_e164_text_is_refused() -> None:
    """Type checkers are not everywhere."""
    value: Any = 79991234567

    with refused(InvalidPhoneNumber):
        PhoneNumber(value)


def test_a_number_has_the_forms_that_the_providers_want() -> None:
    """One provider wants 7…, another 89…, and logs want neither."""
    phone = PhoneNumber("+79991234567")

    forms = (phone.e164, phone.msisdn, phone.national, phone.masked, phone.is_plus_7)
    assert forms == (
        "+79991234567",
        "79991234567",
        "89991234567",
        "+7999•••4567",
        True,
    )


def test_a_number_abroad_has_no_national_form() -> None:
    """The 8 of the national form means +7 and nothing else."""
    abroad = PhoneNumber("+442079460000")

    assert not abroad.is_plus_7
    with refused(InvalidPhoneNumber, match="another country's"):
        _ = abroad.national


def test_a_longer_number_that_begins_with_7_is_not_in_plus_7() -> None:
    """Twelve digits after +7 cannot be dialled as 8 and ten digits."""
    assert not PhoneNumber("+799912345678").is_plus_7


def test_a_number_is_a_value() -> None:
    """Numbers are keys of limits and locks."""
    phone = PhoneNumber.parse("8 999 123-45-67")

    assert {phone: 1}[PhoneNumber("+79991234567")] == 1
    assert copy.deepcopy(phone) == phone


@pytest.mark.parametrize("show", [str, repr, "{}".format, "%s".__mod__, ascii])
def test_a_number_is_shown_masked(
    show: Callable[[object], str], canaries: Canaries
) -> None:
    """Logging any object must be safe."""
    phone = canaries.phone()

    canaries.scan(show(phone))
    canaries.scan(show([phone, {"user": phone}]))


@pytest.mark.parametrize(
    ("spoil", "region"),
    [
        ("{}x", "RU"),
        ("{}1", "RU"),
        ("+{}", "RU"),
        ("{}", "KZ"),
        ("00 {}", "DE"),
        ("{}", "XX"),
        ("{} доб. 5", "DE"),
        ("{} ext. 5", "DE"),
        ("{}" + " " * 64, "RU"),
    ],
)
def test_a_refused_number_is_in_no_message_and_no_local(
    spoil: str, region: str, canaries: Canaries
) -> None:
    """What could not be parsed may still be somebody's number."""
    typed = spoil.format(canaries.text_phone())

    said = caught(
        lambda: PhoneNumber.parse(typed, region=region),
        InvalidPhoneNumber,
        ConfigurationError,
    )

    assert isinstance(said, Exception)


def test_a_number_is_required_where_text_does_not_do(canaries: Canaries) -> None:
    """Text must have been parsed once, at the edge."""
    phone = canaries.phone()
    text: Any = phone.e164

    assert PhoneNumber.require(phone) is phone
    with refused(InvalidPhoneNumber, match=r"PhoneNumber\.parse makes it"):
        PhoneNumber.require(text)


class _Contact(PhoneNumber):
    """An application's own kind of number."""


def test_a_number_of_a_subclass_becomes_a_plain_one(canaries: Canaries) -> None:
    """It would not equal the same number in an answer, and verify nobody."""
    phone = canaries.phone()

    required = PhoneNumber.require(_Contact(phone.e164))

    assert type(required) is PhoneNumber
    assert required == phone


def test_text_that_is_nearly_e164_is_in_no_local(canaries: Canaries) -> None:
    """The constructor is public as well."""
    with refused(InvalidPhoneNumber):
        PhoneNumber(canaries.phone().national)


def test_a_refused_number_can_be_printed_with_locals() -> None:
    """An error tracker must not fail on a value that is half made."""
    with refused(InvalidPhoneNumber) as refusal:
        PhoneNumber("call me")

    TracebackException.from_exception(refusal.error, capture_locals=True)


@given(st.text(alphabet=st.characters()))
def test_no_text_raises_anything_but_invalid_phone_number(text: str) -> None:
    """Visitors type anything, and the web form must answer all of it."""
    said = caught(lambda: PhoneNumber.parse(text), InvalidPhoneNumber)

    assert isinstance(said, PhoneNumber | InvalidPhoneNumber)


_TYPED = st.text(alphabet="+0123456789 -().\u00a0\u202a", min_size=8, max_size=24)


@given(_TYPED)
def test_a_parsed_number_has_the_digits_that_were_typed(text: str) -> None:
    """A number with other digits is another person's."""
    said = caught(lambda: PhoneNumber.parse(text), InvalidPhoneNumber)

    if isinstance(said, PhoneNumber):
        digits = "".join(c for c in text if c in "0123456789")
        assert digits[-10:] == said.e164[2:]
        assert said.is_plus_7


@given(st.from_regex(r"\+7[3489][0-9]{9}", fullmatch=True))
def test_every_form_of_a_number_is_parsed_back(e164: str) -> None:
    """What one part of the program writes another must be able to read."""
    phone = PhoneNumber(e164)

    for form in (phone.e164, phone.msisdn, phone.national):
        assert PhoneNumber.parse(form) == phone
