from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from traceback import TracebackException
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callauth.errors import ConfigurationError, TestModeRefused
from callauth.models.pin import Pin
from tests.support.canaries import Canaries
from tests.support.refusals import caught, refused

_RIGHT = [
    ("0446", "0446"),
    ("0446", " 0446\n"),
    ("0446", "04-46"),
    ("0446", "0 4 4 6"),
    ("0446", "04\u00a046"),
    ("0446", "(0446)"),
    ("04465", "04.465"),
    ("2214610", "221-46-10"),
    ("2214610", "221–46‑10"),
    ("2214610", "+7 (495) 221-46-10"),
    ("2214610", "8 495 221 46 10"),
    ("2214610", "4952214610"),
    ("4610", "+7 495 221-46-10"),
    ("14610", "74952214610"),
    ("4610", "+375 29 221 46 10"),
]
_WRONG = [
    ("0446", ""),
    ("0446", "446"),
    ("0446", "00446"),
    ("0446", "0447"),
    ("0446", "04460"),
    ("0446", "6440"),
    ("0446", "０４４６"),
    ("0446", "٠٤٤٦"),
    ("0446", "044６"),
    ("0446", "0446a"),
    ("0446", "0,446"),
    ("0446", "+0446"),
    ("0446", "04\u200b46"),
    ("0446", "04\ud80046"),
    ("4610", "2214610"),
    ("2214610", "4610"),
    ("2214610", "14610"),
    ("4610", "952214610"),
    ("4610", "+7 495 221-46-11"),
    ("4610", "4610 495 221 0000"),
    ("4610", "1" * 12 + "4610"),
    ("4610", "++74952214610"),
]


@pytest.mark.parametrize(("digits", "typed"), _RIGHT)
def test_the_pin_is_recognised_as_people_type_it(digits: str, typed: str) -> None:
    """Phones and call logs put blanks, dashes and whole numbers into the field."""
    assert Pin(digits).matches(typed) is True


@pytest.mark.parametrize(("digits", "typed"), _WRONG)
def test_other_digits_are_not_the_pin(digits: str, typed: str) -> None:
    """Exactly the digits received are asked for: a shorter tail is a guess."""
    assert Pin(digits).matches(typed) is False


def test_a_number_pasted_with_marks_of_direction_matches() -> None:
    """Telephones wrap a number that is copied from the call log in such marks."""
    assert Pin("2214610").matches("\u202a+7 495 221-46-10\u202c")


@pytest.mark.parametrize("sign", " \u00a0\u2007\u2009\u202f-‐‑‒–—−.")
def test_a_number_is_pasted_with_the_signs_that_a_number_may_have(sign: str) -> None:
    """What is read as a phone number must be read as a pasted one."""
    assert Pin("2214610").matches(sign.join(["+7", "495", "221", "46", "10"]))


@pytest.mark.parametrize(
    "digits",
    [
        "",
        "446",
        "12345678",
        "04 46",
        "044a",
        "０４４６",
        "٠٤٤٦",
        "0446\n",
        "+446",
        "-446",
    ],
)
def test_a_pin_is_4_to_7_ascii_digits(digits: str) -> None:
    """A code of another form is not what the phone was told."""
    with refused(ConfigurationError, match="4 to 7 digits 0-9, as text"):
        Pin(digits)


@pytest.mark.parametrize("value", [446, None, b"0446", ["0", "4", "4", "6"]])
def test_a_pin_is_text(value: str) -> None:
    """An integer has lost its leading zeros."""
    with refused(ConfigurationError, match="as text"):
        Pin(value)


@pytest.mark.parametrize("value", [446, None, b"0446", 0])
def test_what_was_typed_must_be_text(value: str, canaries: Canaries) -> None:
    """A form that sends numbers would refuse right pins that begin with 0."""
    with refused(ConfigurationError, match="typed digits as text"):
        canaries.pin(4).matches(value)


@pytest.mark.parametrize("typed", ["0446", "1111", ""])
def test_the_pin_of_a_test_call_is_never_matched(typed: str) -> None:
    """It rang nobody, so it proves nothing, right or wrong."""
    with refused(TestModeRefused, match="nerotech voicemail: refused: TEST_CALL"):
        Pin("0446", verifies=False).matches(typed)


def test_a_pin_gives_its_digits_only_when_asked(canaries: Canaries) -> None:
    """Its length is no secret: the person is told how many digits to type."""
    pin = Pin("00446")

    assert (pin.reveal(), len(pin), repr(pin)) == ("00446", 5, "Pin(5 digits)")


@pytest.mark.parametrize("show", [str, repr, "{}".format, "%s".__mod__])
def test_a_pin_is_not_shown(show: Callable[[object], str], canaries: Canaries) -> None:
    """Logging any object must be safe."""
    pin = canaries.pin(4)

    canaries.scan(show(pin))
    canaries.scan(show([pin, {"pin": pin}]))
    assert not hasattr(pin, "__dict__")


@pytest.mark.parametrize("leave", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_pin_does_not_leave_the_process(
    leave: Callable[[object], object], canaries: Canaries
) -> None:
    """A pickled pin lies in a queue or a file in clear."""
    with refused(TypeError, match="not pickled or copied"):
        leave(canaries.pin(7))


def test_a_refused_pin_is_in_no_message_and_no_local(canaries: Canaries) -> None:
    """A pin with a blank in it is still the pin."""
    with refused(ConfigurationError):
        Pin(canaries.pin(7).reveal() + "\n")


def test_a_refused_pin_can_be_printed_with_locals(canaries: Canaries) -> None:
    """An error tracker must not fail on a value that is half made."""
    with refused(ConfigurationError) as refusal:
        Pin("12345678")

    TracebackException.from_exception(refusal.error, capture_locals=True)


def test_typed_bytes_are_in_no_local(canaries: Canaries) -> None:
    """What was typed is as secret as the pin when it is right."""
    typed: Any = canaries.pin(7).reveal().encode()

    with refused(ConfigurationError):
        Pin("2214610").matches(typed)


def test_pins_are_equal_by_their_digits() -> None:
    """A repeated answer holds the same pin; a pin is no text."""
    assert Pin("0446") == Pin("0446")
    assert Pin("0446") != Pin("04460")
    assert Pin("0446") != "0446"
    assert len({Pin("0446"), Pin("0446"), Pin("0447")}) == 2


def test_the_pin_of_a_test_call_is_another_pin() -> None:
    """It verifies nobody, so it must not pass for one that does."""
    live, test = Pin("0446"), Pin("0446", verifies=False)

    assert live != test
    assert test == Pin("0446", verifies=False)
    assert (live.verifies, test.verifies) == (True, False)


@given(st.from_regex(r"[0-9]{4,7}", fullmatch=True), st.text(alphabet=st.characters()))
def test_no_text_makes_matching_raise(digits: str, text: str) -> None:
    """The person's typing goes straight in."""
    assert caught(lambda: Pin(digits).matches(text)) in (True, False)


@given(
    st.from_regex(r"[0-9]{4,7}", fullmatch=True),
    st.text(alphabet="0123456789 -+().x０", max_size=18),
)
def test_whatever_matches_ends_with_the_pin(digits: str, typed: str) -> None:
    """A match of anything else verifies the wrong person."""
    kept = "".join(c for c in typed if c in "0123456789")

    if Pin(digits).matches(typed):
        assert kept.endswith(digits)
        assert len(kept) == len(digits) or 10 <= len(kept) <= 15
