"""The providers' own words, as they go to logs."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callauth.protocol.codec import printable
from tests.support.canaries import Canaries


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("", ""),
        ("destination not allowed", "destination not allowed"),
        ("HTTP 404, try 1 of 10", "HTTP 404, try 1 of 10"),
        ("code 0777 is wrong", "code ••• is wrong"),
        ("id 122760", "id •••"),
        ("call +79991234567 failed", "call ••• failed"),
        ("8 (999) 123-45-67 failed", "••• failed"),
        ("8.999.123.45.67", "•••"),
        ("+7‑999‑123‑45‑67", "•••"),
        ("+7–999–123–45–67", "•••"),
        ("7/999/123/45/67", "•••"),
        ("7999\u200b1234567", "•••"),
        ("phone=79991234567&id=1", "phone=•••&id=1"),
        ("Баланс: 12 рублей", "Баланс: 12 рублей"),
        ("key N73JXNJvWRWyYeGTL2WF8V2SGX9Airn3!", "key •••!"),
        ("no key 1234567890123abcdefabcdefabcdef0", "no key •••"),
        ("a" * 19, "a" * 19),
        ("a" * 20, "•••"),
    ],
)
def test_digits_and_long_words_are_hidden(words: str, shown: str) -> None:
    """A provider may repeat the number, the pin or the key."""
    assert printable(words) == shown


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("a\nb\tc", "a?b?c"),
        ("\x1b[31mred", "?[31mred"),
        ("a\u202eb\u200bc", "a?b?c"),
        ("a\ud800", "a?"),
        ("ё\u0301 №", "ё\u0301 №"),
    ],
)
def test_what_cannot_be_printed_is_replaced(words: str, shown: str) -> None:
    """A log is read in terminals, which obey what they read."""
    assert printable(words) == shown


def test_it_is_cut_after_the_hiding() -> None:
    """A number that is cut in two is a shorter number, not a hidden one."""
    words = "x " * 98 + "+79991234567 and so on"

    assert printable(words) == "x " * 98 + "••• "


def test_no_spelling_of_a_number_is_shown(canaries: Canaries) -> None:
    """Whatever way the provider writes it."""
    for _ in range(100):
        phone = canaries.phone()
        for spelled in (phone.e164, phone.msisdn, phone.national, phone.msisdn[1:]):
            canaries.scan(printable(f"no {spelled} here"))
        canaries.scan(printable(f"no {canaries.text_phone()} here"))


@given(st.text() | st.text("0123456789 -+().ab", max_size=300))
def test_any_words_become_a_short_line(words: str) -> None:
    """It comes from the network."""
    shown = printable(words)

    assert len(shown) <= 200
    assert shown.isprintable()


@given(st.text("0123456789 ().-a|", max_size=60))
def test_no_four_digits_in_a_row_are_shown(words: str) -> None:
    """Neither with up to three separators between them."""
    assert not re.search(r"[0-9](?:[ ().|-]{0,3}[0-9]){3}", printable(words))
