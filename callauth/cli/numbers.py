"""Numbers: a list of phone numbers as people wrote them, one a line."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from attrs import field, frozen

from ..errors import ConfigurationError, InvalidPhoneNumber
from ..models.phone import PhoneNumber

_SHOWN_FIRST, _SHOWN_LAST = 4, 2
_LONGEST = 26
_HIDDEN = "•"


@frozen(kw_only=True)
class RefusedLine:
    """Hold a line that is no number to be called; ``text`` is masked."""

    number: int
    text: str
    reason: str


@frozen
class NumberList:
    """Hold the numbers of a list, each once, and the lines that were refused."""

    phones: tuple[PhoneNumber, ...] = field(repr=False)
    refused: tuple[RefusedLine, ...]

    @classmethod
    def read(cls, lines: Iterable[str]) -> NumberList:
        """Return what the lines hold, without blank ones and comments (``#``).

        A number that stood there before, in whatever spelling, is refused.
        """
        first: dict[PhoneNumber, int] = {}
        refused = []
        for number, line in enumerate(lines, start=1):
            if not line.strip() or line.startswith("#"):
                continue
            reason = _place(line, number, first)
            if reason is not None:
                text = masked(line)
                refused.append(RefusedLine(number=number, text=text, reason=reason))
        return cls(tuple(first), tuple(refused))


def shipped_lines() -> list[str]:
    """Return the lines of the list that is shipped with callauth."""
    text = (files(__package__) / "numbers.txt").read_text(encoding="utf-8")
    return text.splitlines()


def lines_of(path: Path) -> list[str]:
    """Return the lines of a file.

    Raises ConfigurationError when it cannot be read or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        kind = type(error).__name__
        raise ConfigurationError(
            f"expected a readable file in UTF-8, got {kind}"
        ) from None


def masked(line: str) -> str:
    """Return a line safe to show: the middle of its letters and digits is hidden.

    >>> masked("8 (916) 123-45-6")
    '8 (916) •••-•5-6'
    """
    text = "".join(each if each.isprintable() else " " for each in line).strip()
    places = [place for place, each in enumerate(text) if each.isalnum()]
    hidden = set(places[_SHOWN_FIRST:-_SHOWN_LAST])
    shown = "".join(_HIDDEN if at in hidden else each for at, each in enumerate(text))
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def _place(line: str, number: int, first: dict[PhoneNumber, int]) -> str | None:
    """Note the number of a line; return why not if it is refused."""
    try:
        phone = PhoneNumber.parse(line)
    except InvalidPhoneNumber as error:
        # The second half of the clause is advice for programmers.
        return str(error).partition("; ")[0]
    if phone in first:
        return f"the same number as line {first[phone]}, in another spelling"
    first[phone] = number
    return None
