from __future__ import annotations

import pprint
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from callauth.errors import ConfigurationError
from callauth.models.challenge import Challenge, DialInChallenge, PinChallenge
from callauth.models.instructions import Instructions, Language, spaced
from callauth.models.lease import NumberLease
from callauth.models.method import Method
from callauth.models.phone import PhoneNumber
from tests.support.canaries import Canaries
from tests.support.refusals import refused

_NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_EXPIRES_AT = _NOW + timedelta(seconds=120)
_FLASH_CALL = PinChallenge(Method.FLASH_CALL, 7, _EXPIRES_AT)
_VOICE_OTP = PinChallenge(Method.VOICE_OTP, 4, _EXPIRES_AT)
_LANGUAGES: tuple[Language, ...] = ("ru", "en")
_TEXTS: list[tuple[Method, Language, str, str | None]] = [
    (
        Method.FLASH_CALL,
        "ru",
        (
            "Сейчас вам позвонят. Отвечать не нужно: введите последние 7 цифр номера, "
            "с которого звонят."
        ),
        "Звонок может прерваться почти сразу: номер останется в истории звонков.",
    ),
    (
        Method.FLASH_CALL,
        "en",
        (
            "We are calling you. Do not answer: type the last 7 digits of the number "
            "that calls."
        ),
        "The call may end almost at once: the number stays in your call log.",
    ),
    (
        Method.VOICE_OTP,
        "ru",
        "Сейчас вам позвонит робот. Ответьте и введите 4 цифры, которые он продиктует.",
        None,
    ),
    (
        Method.VOICE_OTP,
        "en",
        "We are calling you. Answer the call and type the 4 digits that a robot says.",
        None,
    ),
    (
        Method.REVERSE_CALL,
        "ru",
        "Позвоните на +7 964 411-57-86 с номера, который подтверждаете.",
        (
            "Если вы услышите, что номер недоступен, или связь сразу прервётся, звонок "
            "всё равно будет засчитан."
        ),
    ),
    (
        Method.REVERSE_CALL,
        "en",
        "Call +7 964 411-57-86 from the phone you are verifying.",
        (
            "You may hear that the number is unavailable, or the call ends at once: it "
            "counts all the same."
        ),
    ),
]


def _dial_in(number: str = "+79644115786") -> DialInChallenge:
    lease = NumberLease.from_sent_at(
        number=PhoneNumber(number),
        user=Canaries().phone(),
        lease_id=122760,
        sent_at=_NOW,
    )
    return DialInChallenge(lease)


def _challenge(method: Method) -> Challenge:
    challenges = (_FLASH_CALL, _VOICE_OTP, _dial_in())
    return next(each for each in challenges if each.method is method)


@pytest.mark.parametrize(("method", "language", "text", "caveat"), _TEXTS)
def test_a_person_is_told_what_to_do(
    method: Method, language: Language, text: str, caveat: str | None
) -> None:
    """The words are the product: a change of them should be meant."""
    told = _challenge(method).instructions(language, now=_NOW)

    assert (told.language, told.text, told.caveat) == (language, text, caveat)
    assert str(told) == (f"{text} {caveat}" if caveat else text)


@pytest.mark.parametrize(
    ("method", "language", "text"),
    [
        (Method.FLASH_CALL, "ru", "Время вышло. Запросите новый звонок."),
        (Method.VOICE_OTP, "ru", "Время вышло. Запросите новый звонок."),
        (Method.REVERSE_CALL, "ru", "Время вышло. Запросите новый номер для звонка."),
        (Method.FLASH_CALL, "en", "The time is over. Ask for a new call."),
        (Method.VOICE_OTP, "en", "The time is over. Ask for a new call."),
        (Method.REVERSE_CALL, "en", "The time is over. Ask for a new number to call."),
    ],
)
def test_a_person_is_told_that_the_time_is_over(
    method: Method, language: Language, text: str
) -> None:
    """A late call helps nobody: the number may be leased to somebody else by then."""
    told = _challenge(method).instructions(language, now=_EXPIRES_AT)

    assert (str(told), told.seconds_left) == (text, 0)
    assert (told.number, told.tel_uri, told.caveat) == (None, None, None)


@pytest.mark.parametrize("language", _LANGUAGES)
@pytest.mark.parametrize("challenge", [_FLASH_CALL, _VOICE_OTP])
def test_a_person_who_types_is_given_no_number(
    challenge: PinChallenge, language: Language
) -> None:
    """A page chooses by it between an input and a link."""
    told = challenge.instructions(language, now=_NOW)

    assert told.digits == challenge.digits
    assert (told.number, told.tel_uri) == (None, None)


@pytest.mark.parametrize("language", _LANGUAGES)
def test_a_person_who_dials_is_given_the_number_and_its_link(
    language: Language,
) -> None:
    """Whoever reads on a phone taps, whoever reads on a desktop dials."""
    told = _dial_in().instructions(language, now=_NOW)

    assert told.digits is None
    assert (told.number, told.tel_uri) == ("+7 964 411-57-86", "tel:+79644115786")


@pytest.mark.parametrize("language", _LANGUAGES)
@pytest.mark.parametrize("method", Method)
def test_a_text_is_one_or_two_sentences(method: Method, language: Language) -> None:
    """Nobody reads more while the phone rings."""
    told = _challenge(method).instructions(language, now=_NOW)

    assert re.fullmatch(r"[^.{}]+\.( [^.{}]+\.)?", told.text)
    assert len(told.text) < 120


@pytest.mark.parametrize(
    ("digits", "russian", "english"),
    [
        (4, "последние 4 цифры номера", "the last 4 digits of"),
        (5, "последние 5 цифр номера", "the last 5 digits of"),
        (6, "последние 6 цифр номера", "the last 6 digits of"),
        (7, "последние 7 цифр номера", "the last 7 digits of"),
    ],
)
def test_digits_are_counted_as_people_count(
    digits: int, russian: str, english: str
) -> None:
    """A wrong ending looks like a fraud."""
    challenge = PinChallenge(Method.FLASH_CALL, digits, _EXPIRES_AT)

    assert russian in challenge.instructions("ru", now=_NOW).text
    assert english in challenge.instructions("en", now=_NOW).text


@pytest.mark.parametrize(
    ("seconds", "russian", "english"),
    [
        (0, "Осталось 0 секунд", "0 seconds left"),
        (1, "Осталась 1 секунда", "1 second left"),
        (2, "Осталось 2 секунды", "2 seconds left"),
        (5, "Осталось 5 секунд", "5 seconds left"),
        (11, "Осталось 11 секунд", "11 seconds left"),
        (12, "Осталось 12 секунд", "12 seconds left"),
        (14, "Осталось 14 секунд", "14 seconds left"),
        (21, "Осталась 21 секунда", "21 seconds left"),
        (24, "Осталось 24 секунды", "24 seconds left"),
        (101, "Осталась 101 секунда", "101 seconds left"),
        (111, "Осталось 111 секунд", "111 seconds left"),
        (112, "Осталось 112 секунд", "112 seconds left"),
        (120, "Осталось 120 секунд", "120 seconds left"),
    ],
)
def test_seconds_are_counted_as_people_count(
    seconds: int, russian: str, english: str
) -> None:
    """A wrong ending looks like a fraud."""
    now = _EXPIRES_AT - timedelta(seconds=seconds)

    assert _FLASH_CALL.instructions("ru", now=now).time_left == russian
    assert _FLASH_CALL.instructions("en", now=now).time_left == english


@given(st.integers(0, 10_000))
def test_russian_endings_depend_on_the_last_two_digits(seconds: int) -> None:
    """The rule of the language: 1, then 2 to 4, then the rest, and all teens."""
    now = _EXPIRES_AT - timedelta(seconds=seconds)

    words = _FLASH_CALL.instructions("ru", now=now).time_left

    is_teen = seconds // 10 % 10 == 1
    is_one = not is_teen and seconds % 10 == 1
    is_few = not is_teen and seconds % 10 in (2, 3, 4)
    assert words.startswith("Осталась ") is is_one
    assert words.endswith(" секунда") is is_one
    assert words.endswith(" секунды") is is_few
    assert f" {seconds} " in words


@given(st.timedeltas(timedelta(seconds=-300), timedelta(seconds=300)))
def test_seconds_are_whole_and_never_promise_too_much(passed: timedelta) -> None:
    """Rounded up, the last second would be a lie."""
    now = _NOW + passed
    whole = max(timedelta(), _EXPIRES_AT - now) // timedelta(seconds=1)
    to_dial = max(timedelta(), _EXPIRES_AT - now - timedelta(seconds=5))

    assert _VOICE_OTP.instructions("ru", now=now).seconds_left == whole
    told = _dial_in().instructions("ru", now=now)
    assert told.seconds_left == to_dial // timedelta(seconds=1)
    assert (told.number is None) is (told.seconds_left == 0)


@pytest.mark.parametrize("language", ["de", "RU", "", None, ["ru"]])
def test_another_language_is_refused(language: Any) -> None:  # noqa: ANN401 - of any type
    """A person must not be addressed in a language by chance."""
    for method in Method:
        with refused(ConfigurationError, match="expected the language ru or en"):
            _challenge(method).instructions(language, now=_NOW)


@pytest.mark.parametrize("show", [repr, pprint.pformat, pretty_repr, "{!r}".format])
def test_instructions_can_be_logged(
    show: Callable[[object], str], canaries: Canaries
) -> None:
    """Only the person is meant to see the number in full."""
    told = _dial_in(canaries.phone().e164).instructions("ru", now=_NOW)

    canaries.scan(show(told))
    canaries.scan(show([told]))
    assert not hasattr(told, "__dict__")


def test_the_masked_number_keeps_its_end() -> None:
    """Two leases can be told apart in a log."""
    told = _dial_in().instructions("en", now=_NOW)

    assert repr(told) == (
        "Instructions(language='en', digits=None, seconds_left=115, "
        f"number='•••5786', caveat={told.caveat!r})"
    )


def test_instructions_to_type_are_logged_without_their_text() -> None:
    """A log repeats no sentence; what was asked for can be seen."""
    told = _VOICE_OTP.instructions("en", now=_NOW)

    assert repr(told) == (
        "Instructions(language='en', digits=4, seconds_left=120, number=None, "
        "caveat=None)"
    )


def test_a_foreign_number_is_not_spaced_as_a_russian_one() -> None:
    """Other countries group their digits in other ways."""
    assert spaced(PhoneNumber("+442079460958")) == "+442079460958"


def test_instructions_are_data() -> None:
    """An app may compare them, and make its own for a preview."""
    told = _VOICE_OTP.instructions("en", now=_NOW)

    assert told == Instructions(
        language="en", text=told.text, digits=4, seconds_left=120
    )
