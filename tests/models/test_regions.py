from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callauth.errors import ConfigurationError, InvalidPhoneNumber
from callauth.models.phone import PhoneNumber
from tests.support.refusals import caught, refused

_NUMBERS = [
    ("030 123456", "DE", "+4930123456"),
    ("(202) 456-1111", "US", "+12024561111"),
    ("+44 20 7946 0018", "DE", "+442079460018"),
    ("8 029 123-45-67", "BY", "+375291234567"),
    ("+7 999 123-45-67", "DE", "+79991234567"),
]
_REFUSALS = [
    ("123", "DE", "in use in DE"),
    ("030 123456 ext. 7", "DE", "in use in DE"),
    ("hello", "DE", "got other text"),
    ("", "DE", "got other text"),
    ("０３０ 123456", "DE", "ASCII"),
    ("+683 4002", "NU", "8 to 15 digits"),
]


@pytest.mark.parametrize(("typed", "region", "e164"), _NUMBERS)
def test_a_number_of_another_region_is_read(typed: str, region: str, e164: str) -> None:
    """Visitors from elsewhere type as they are used to."""
    assert PhoneNumber.parse(typed, region=region) == PhoneNumber(e164)


@pytest.mark.parametrize(("typed", "region", "reason"), _REFUSALS)
def test_no_number_of_another_region_is_refused(
    typed: str, region: str, reason: str
) -> None:
    """The reason says what was expected, never what was typed."""
    with refused(InvalidPhoneNumber, match=reason):
        PhoneNumber.parse(typed, region=region)


@pytest.mark.parametrize("region", ["XX", "", "de", "ru", "RUS", "+7"])
def test_an_unknown_region_is_a_mistake_of_the_program(region: str) -> None:
    """A misspelt region must not be taken for a bad number."""
    with refused(ConfigurationError, match="a region of two letters"):
        PhoneNumber.parse("030 123456", region=region)


def test_other_regions_need_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who did not install it is told its name."""
    monkeypatch.setitem(sys.modules, "phonenumbers", None)

    with refused(ConfigurationError, match=r"callauth\[phonenumbers\]"):
        PhoneNumber.parse("030 123456", region="DE")


@given(
    st.text(alphabet=st.characters())
    | st.text(alphabet="+0123456789 -()/extEXT;=.*#p", max_size=30),
    st.sampled_from(["DE", "US", "BY", "NU", "BR"]),
)
def test_no_text_raises_anything_else(text: str, region: str) -> None:
    """The library behind it was written for phone books, not for attackers."""
    said = caught(lambda: PhoneNumber.parse(text, region=region), InvalidPhoneNumber)

    assert isinstance(said, PhoneNumber | InvalidPhoneNumber)
