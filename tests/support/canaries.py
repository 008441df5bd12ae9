"""Canaries: made-up secrets that must not come up anywhere.

How each kind is recognised:

- A secret is 32 random hex digits. Either half of it is a leak.
- A phone number is found by its ten digits, with or without separators between them,
  and so after +7, 7 or 8.
- A pin is short, and its digits could stand anywhere by chance. So every pin canary
  begins with 0, as no number does that Python prints, and counts only as a word of its
  own: quoted, after ``=``, or between blanks, but not inside a longer number, an
  identifier or a masked phone. A pin at the end of a pasted number is found as a phone
  when that number is planted.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote

from callauth.models.phone import PhoneNumber
from callauth.models.pin import Pin
from callauth.models.secret import Secret

from .exceptions import texts_of
from .records import Records

_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])[\s().+\-‑–]{1,3}(?=[0-9])")
_PIN_AS_A_WORD = re.compile(r"(?<![0-9A-Za-z_.•+\-])0[0-9]{3,6}(?![0-9A-Za-z_])")
# The samples of the documents are printed by tests that hold no canary.
_KNOWN_PINS = ("0000", "0123", "0446", "0777")


class Canaries:
    """Make canaries, and remember where one of them was seen."""

    def __init__(self) -> None:
        self._texts: set[str] = set()
        self._phones: set[str] = set()
        self._pins: set[str] = set()
        self._leaks: dict[str, bool] = {}
        self._records = Records(self.scan, self.watch)

    def secret(self) -> Secret:
        """Return a key or token that nobody has seen before."""
        text = secrets.token_hex(16)
        self._texts |= {text[:16], text[16:]}
        return Secret(text)

    def phone(self) -> PhoneNumber:
        """Return a number of a Russian mobile."""
        ten = f"9{secrets.randbelow(10**9):09}"
        self._phones.add(ten)
        return PhoneNumber("+7" + ten)

    def text_phone(self) -> str:
        """Return a number as a person types it."""
        ten = self.phone().e164[2:]
        return f"8 ({ten[:3]}) {ten[3:6]}-{ten[6:8]}-{ten[8:]}"

    def pin(self, digits: int = 7) -> Pin:
        """Return a pin of that many digits, the first of them 0."""
        text = "0000"
        while text in _KNOWN_PINS:
            text = f"{secrets.randbelow(10 ** (digits - 1)):0{digits}}"
        self._pins.add(text)
        return Pin(text)

    def plant(self, text: str) -> str:
        """Return the text; from here on it is a leak wherever it is seen."""
        self._texts |= {text, quote(text, safe="")}
        return text

    def scan(self, text: str | bytes, where: str = "a text of the test") -> None:
        """Fail the test, when it ends, if a canary is in the text."""
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        for spelling in {text, unquote(text)}:
            for found in self._found_in(spelling):
                self._leaks.setdefault(f"{where}: {found!r}", False)

    def scan_file(self, path: Path) -> None:
        """Fail the test, when it ends, if a canary is in the file."""
        self.scan(path.read_bytes(), f"the file {path.name}")

    def watch(self, error: BaseException) -> None:
        """Fail the test, when it ends, if the exception shows a canary."""
        if self._texts or self._phones or self._pins:
            for where, text in texts_of(error):
                self.scan(text, where)

    def take_leaks(self) -> list[str]:
        """Return the leaks that nobody has taken yet."""
        self._records.hand_over()
        fresh = [leak for leak, taken in self._leaks.items() if not taken]
        self._leaks |= dict.fromkeys(fresh, True)
        return fresh

    def check(self) -> None:
        """Raise AssertionError when a canary was seen that nobody was told of."""
        if leaks := self.take_leaks():
            raise AssertionError(report(leaks))

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Scan every log record that is made meanwhile."""
        with self._records:
            yield

    def _found_in(self, text: str) -> Iterator[str]:
        for planted in self._texts:
            if planted in text:
                yield _around(text, text.index(planted))
        joined = _BETWEEN_DIGITS.sub("", text) if self._phones else ""
        for planted in self._phones:
            if planted in joined:
                yield _around(joined, joined.index(planted))
        for word in _PIN_AS_A_WORD.finditer(text) if self._pins else ():
            if word.group() in self._pins:
                yield _around(text, word.start())


def _around(text: str, place: int) -> str:
    return text[max(0, place - 60) : place + 40]


def report(leaks: list[str]) -> str:
    """Return the leaks as text for the person who must mend them."""
    return "\n".join(["a canary was seen in", *(f"- {leak}" for leak in leaks)])


_CURRENT: list[Canaries] = []


def current() -> Canaries:
    """Return the canaries of the test that is running."""
    return _CURRENT[-1]


@contextmanager
def watched() -> Iterator[Canaries]:
    """Watch every log record, and every exception handed to ``current()``."""
    canaries = Canaries()
    _CURRENT.append(canaries)
    try:
        with canaries.listening():
            yield canaries
    finally:
        _CURRENT.pop()
