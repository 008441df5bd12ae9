"""PhoneNumber: a number that was checked once, at the edge.

Only +7 is parsed here, in every spelling that people in Russia type. Ten digits
without a prefix are taken only when they begin with 9, 3 or 4: ten digits that begin
with 8 or 7 are more often an eleven-digit number with one digit missing, and a guess
would call a stranger.
"""

from __future__ import annotations

import re
from typing import NoReturn

from attrs import field, frozen

from ..errors import CallAuthError, InvalidPhoneNumber
from . import regions
from .spelling import without_separators

_LONGEST_TEXT = 64
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
_PLUS_7 = re.compile(r"\+7[0-9]{10}")
_SPELLING = re.compile(r"\+?[0-9]+")


@frozen(repr=False, init=False)
class PhoneNumber:
    """Hold one phone number in E.164; ``repr`` and ``str`` show it masked.

    >>> PhoneNumber.parse("8 (999) 123-45-67")
    PhoneNumber(+7999•••4567)
    """

    # Not shown by tools that print the fields of attrs classes themselves, either.
    e164: str = field(repr=False)

    def __init__(self, e164: str) -> None:
        if not isinstance(e164, str) or not _E164.fullmatch(e164):
            # A traceback that shows local variables must not show the number, nor
            # stumble over an object without one.
            del e164, self
            raise InvalidPhoneNumber("expected + and 8 to 15 digits")
        self.__attrs_init__(e164)

    @classmethod
    def parse(cls, text: str, *, region: str = "RU") -> PhoneNumber:
        """Return the number that a person typed.

        ``region`` is the country in which it was typed, in two letters: RU takes
        Russian numbers only, KZ those of Kazakhstan, any other needs the extra
        ``phonenumbers``. Full-width and other non-ASCII digits are refused.

        Raises InvalidPhoneNumber with the reason, ConfigurationError when the region
        is unknown or its extra is not installed.
        """
        try:
            return cls(_read(text, region))
        except CallAuthError as error:
            # The frames below hold the text: leave them and this local behind.
            refusal = error.bare()
            del text
        raise refusal

    @classmethod
    def require(cls, value: PhoneNumber) -> PhoneNumber:
        """Return the number.

        Raises InvalidPhoneNumber for text, which has to be parsed first.
        """
        if not isinstance(value, PhoneNumber):
            del value
            raise InvalidPhoneNumber(
                "expected a PhoneNumber; PhoneNumber.parse makes it"
            )
        # A subclass would not equal the same number.
        return value if type(value) is cls else cls(value.e164)

    @property
    def msisdn(self) -> str:
        """The digits without the plus: ``79991234567``."""
        return self.e164[1:]

    @property
    def national(self) -> str:
        """The number as dialled inside +7: ``89991234567``.

        Raises InvalidPhoneNumber for a number outside +7.
        """
        if not self.is_plus_7:
            raise InvalidPhoneNumber("expected a +7 number, got another country's")
        return "8" + self.e164[2:]

    @property
    def is_plus_7(self) -> bool:
        """Whether the number is in the numbering zone of Russia and Kazakhstan."""
        return _PLUS_7.fullmatch(self.e164) is not None

    @property
    def masked(self) -> str:
        """The number with its middle hidden, safe to log: ``+7999•••4567``."""
        return f"{self.e164[:-7]}•••{self.e164[-4:]}"

    def __repr__(self) -> str:
        return f"PhoneNumber({self.masked})"

    def __str__(self) -> str:
        return self.masked


def _read(text: str, region: str) -> str:
    if not isinstance(text, str):
        _refuse("expected a phone number as text")
    if len(text) > _LONGEST_TEXT:
        _refuse(f"expected at most {_LONGEST_TEXT} characters, got {len(text)}")
    if region not in ("RU", "KZ"):
        return regions.read(text, region)
    return _read_plus_7(text, kazakhstan=region == "KZ")


def _read_plus_7(text: str, *, kazakhstan: bool) -> str:
    spelled = without_separators(text)
    if not spelled:
        _refuse("expected a phone number, got a blank")
    if not _SPELLING.fullmatch(spelled):
        _refuse("expected digits 0-9, spaces, dashes and brackets, with + only first")
    ten = _ten_digits(spelled)
    in_kazakhstan = ten[0] in "67"
    if in_kazakhstan and not kazakhstan:
        _refuse(
            f"expected a Russian number, got +7 {ten[0]}…, which is Kazakhstan: "
            'it is called abroad; pass region="KZ" if that is meant'
        )
    if kazakhstan and not in_kazakhstan:
        _refuse(f"expected a number of Kazakhstan (+7 6… or +7 7…), got +7 {ten[0]}…")
    if ten[0] in "0125":
        _refuse(f"expected +7 followed by 3, 4, 8 or 9, got {ten[0]}")
    return "+7" + ten


def _ten_digits(spelled: str) -> str:
    if spelled.startswith("+"):
        if not spelled.startswith("+7"):
            _refuse("expected a +7 number, got another country's prefix")
        spelled = spelled[1:]
    if len(spelled) == 11 and spelled[0] in "78":
        return spelled[1:]
    if len(spelled) == 10 and spelled[0] in "349":
        return spelled
    if len(spelled) == 10:
        _refuse(
            "expected 11 digits, or 10 that begin with 9, "
            f"got 10 that begin with {spelled[0]}"
        )
    return _refuse(
        f"expected 11 digits that begin with +7, 7 or 8, got {len(spelled)} digits"
    )


def _refuse(reason: str) -> NoReturn:
    raise InvalidPhoneNumber(reason)
