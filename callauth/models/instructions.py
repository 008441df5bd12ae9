"""Instructions: what a person is told to do, in words for a page or an app.

The wording promises only what is known: neither that a call to a service number is
free, nor how long a call rings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

from attrs import field, frozen

from ..errors import ConfigurationError
from .method import Method
from .phone import PhoneNumber
from .spelling import without_separators

Language: TypeAlias = Literal["ru", "en"]


def _masked(number: str | None) -> str:
    if number is None:
        return repr(None)
    return repr(f"•••{without_separators(number)[-4:]}")


@frozen(kw_only=True)
class Instructions:
    """Hold what to show to a person now: texts, and digits to type or a number to dial.

    ``str`` gives the text and the caveat, with the service number in full: it is for
    the person alone, while ``repr`` is safe to log. ``digits`` is how many there are to
    type, None when there is a number to dial.

    ``seconds_left`` are whole seconds, rounded down, for a number to dial up to the
    moment when it should no longer be shown. At 0 the text says that the time is over,
    and there is neither a number nor a caveat.
    """

    language: Language
    # It holds the service number, as tel_uri does.
    text: str = field(repr=False)
    digits: int | None = None
    seconds_left: int
    tel_uri: str | None = field(default=None, repr=False)
    number: str | None = field(default=None, repr=_masked)
    caveat: str | None = None

    @classmethod
    def to_type(
        cls, method: Method, *, digits: int, seconds_left: float, language: Language
    ) -> Instructions:
        """Return how to come by the digits that a call of the method brings.

        Raises ConfigurationError for another language than ru and en.
        """
        wording, left = _wording(language), int(seconds_left)
        texts = wording.texts[method]
        task = texts.task.format(digits=wording.counted(wording.digits, digits))
        return cls(
            language=language,
            text=task if left else texts.too_late,
            digits=digits,
            seconds_left=left,
            caveat=texts.caveat if left else None,
        )

    @classmethod
    def to_dial(
        cls,
        number: PhoneNumber,
        *,
        tel_uri: str,
        seconds_left: float,
        language: Language,
    ) -> Instructions:
        """Return how to dial the service number.

        Raises ConfigurationError for another language than ru and en.
        """
        texts, left = _wording(language).texts[Method.REVERSE_CALL], int(seconds_left)
        if not left:
            return cls(language=language, text=texts.too_late, seconds_left=0)
        return cls(
            language=language,
            text=texts.task.format(number=spaced(number)),
            seconds_left=left,
            tel_uri=tel_uri,
            number=spaced(number),
            caveat=texts.caveat,
        )

    @property
    def time_left(self) -> str:
        """The seconds left in words: ``95 seconds left``."""
        wording = _wording(self.language)
        return wording.counted(wording.time_left, self.seconds_left)

    def __str__(self) -> str:
        return f"{self.text} {self.caveat}" if self.caveat else self.text


def spaced(number: PhoneNumber) -> str:
    """Return a number in full, as it is written in Russia, for whoever must dial it.

    >>> spaced(PhoneNumber("+79644115786"))
    '+7 964 411-57-86'
    """
    if not number.is_plus_7:
        return number.e164
    ten = number.e164[2:]
    return f"+7 {ten[:3]} {ten[3:6]}-{ten[6:8]}-{ten[8:]}"


@frozen
class _Texts:
    """Hold what is told about a method: in time, too late, and what may surprise."""

    task: str
    too_late: str
    caveat: str | None = None


@frozen(kw_only=True)
class _Wording:
    """Hold the texts of one language, and how it counts.

    ``form`` says which form of a counted noun goes with a number.
    """

    form: Callable[[int], int]
    digits: tuple[str, ...]
    time_left: tuple[str, ...]
    texts: Mapping[Method, _Texts]

    def counted(self, forms: tuple[str, ...], count: int) -> str:
        return forms[self.form(count)].format(count)


def _russian_form(count: int) -> int:
    if 11 <= count % 100 <= 14:
        return 2
    return {1: 0, 2: 1, 3: 1, 4: 1}.get(count % 10, 2)


def _english_form(count: int) -> int:
    return 0 if count == 1 else 1


_RUSSIAN = _Wording(
    form=_russian_form,
    digits=("{} цифру", "{} цифры", "{} цифр"),
    time_left=("Осталась {} секунда", "Осталось {} секунды", "Осталось {} секунд"),
    texts={
        Method.FLASH_CALL: _Texts(
            "Сейчас вам позвонят. Отвечать не нужно: введите последние {digits} "
            "номера, с которого звонят.",
            "Время вышло. Запросите новый звонок.",
            "Звонок может прерваться почти сразу: номер останется в истории звонков.",
        ),
        Method.VOICE_OTP: _Texts(
            "Сейчас вам позвонит робот. Ответьте и введите {digits}, которые он "
            "продиктует.",
            "Время вышло. Запросите новый звонок.",
        ),
        Method.REVERSE_CALL: _Texts(
            "Позвоните на {number} с номера, который подтверждаете.",
            "Время вышло. Запросите новый номер для звонка.",
            "Если вы услышите, что номер недоступен, или связь сразу прервётся, звонок "
            "всё равно будет засчитан.",
        ),
    },
)
_ENGLISH = _Wording(
    form=_english_form,
    digits=("{} digit", "{} digits"),
    time_left=("{} second left", "{} seconds left"),
    texts={
        Method.FLASH_CALL: _Texts(
            "We are calling you. Do not answer: type the last {digits} of the number "
            "that calls.",
            "The time is over. Ask for a new call.",
            "The call may end almost at once: the number stays in your call log.",
        ),
        Method.VOICE_OTP: _Texts(
            "We are calling you. Answer the call and type the {digits} that a robot "
            "says.",
            "The time is over. Ask for a new call.",
        ),
        Method.REVERSE_CALL: _Texts(
            "Call {number} from the phone you are verifying.",
            "The time is over. Ask for a new number to call.",
            "You may hear that the number is unavailable, or the call ends at once: it "
            "counts all the same.",
        ),
    },
)
_WORDINGS: Mapping[Language, _Wording] = MappingProxyType(
    {"ru": _RUSSIAN, "en": _ENGLISH}
)


def _wording(language: Language) -> _Wording:
    if language not in tuple(_WORDINGS):
        raise ConfigurationError("expected the language ru or en")
    return _WORDINGS[language]
