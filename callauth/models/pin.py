"""Pin: the digits a person must type."""

from __future__ import annotations

import hmac
import re
from typing import NoReturn

from ..errors import ConfigurationError, TestModeRefused
from .spelling import without_separators

SHORTEST_PIN, LONGEST_PIN = 4, 7
_DIGITS = re.compile(rf"[0-9]{{{SHORTEST_PIN},{LONGEST_PIN}}}")
_FULL_NUMBER = re.compile(r"\+?[0-9]{10,15}")


class Pin:
    """Hold the 4 to 7 digits to be typed: always text, leading zeros kept.

    ``repr`` and ``str`` show the length only. A pin of a test call
    (``verifies=False``) cannot be matched.

    >>> Pin("0777")
    Pin(4 digits)
    >>> Pin("2214610").matches("8 (495) 221-46-10")
    True

    Raises ConfigurationError when the text is not 4 to 7 ASCII digits.
    """

    __slots__ = ("_digits", "_verifies")

    def __init__(self, digits: str, *, verifies: bool = True) -> None:
        if not isinstance(digits, str) or not _DIGITS.fullmatch(digits):
            # A traceback that shows local variables must not show the digits, nor
            # stumble over an object without them.
            del digits, self
            raise ConfigurationError("expected a pin of 4 to 7 digits 0-9, as text")
        self._digits = digits
        self._verifies = verifies

    def matches(self, typed: str) -> bool:
        """Say whether the person typed this pin, in constant time.

        Spaces, dashes, dots and brackets are ignored. A whole phone number pasted from
        the call log matches when it ends with the pin.

        Raises TestModeRefused for the pin of a test call, ConfigurationError when what
        was typed is not text.
        """
        if not self._verifies:
            raise TestModeRefused("nerotech", "voicemail", None, "TEST_CALL")
        if not isinstance(typed, str):
            del typed
            raise ConfigurationError("expected the typed digits as text")
        digits = typed_digits(typed, len(self._digits))
        return digits.isascii() and hmac.compare_digest(self._digits, digits)

    @property
    def verifies(self) -> bool:
        """Whether it can verify anybody; the pin of a test call cannot."""
        return self._verifies

    def reveal(self) -> str:
        """Return the digits themselves."""
        return self._digits

    def __len__(self) -> int:
        return len(self._digits)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pin):
            return NotImplemented
        same = hmac.compare_digest(self._digits, other._digits)
        return same and self._verifies == other._verifies

    def __hash__(self) -> int:
        return hash(self._digits)

    def __repr__(self) -> str:
        return f"Pin({len(self._digits)} digits)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Pin is not pickled or copied")


def typed_digits(typed: str, length: int) -> str:
    """Return what a person typed, without separators.

    A whole phone number, as pasted from the call log, is cut to its last digits.
    """
    digits = without_separators(typed)
    return digits[-length:] if _FULL_NUMBER.fullmatch(digits) else digits
