from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callauth.errors import ConfigurationError
from callauth.models.key import SENT_FOR, IdempotencyKey
from tests.support.refusals import caught, refused

_NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_HOURS_23 = 23 * 3600.0


def test_every_new_key_is_another() -> None:
    """A key derived from phone or day would return yesterday's call."""
    keys = {IdempotencyKey.new().text for _ in range(1000)}

    assert len(keys) == 1000
    assert {len(key) for key in keys} == {32}


@pytest.mark.parametrize("text", ["a", "a" * 100, "order-17/2_x", "!~"])
def test_a_key_of_100_printable_characters_is_taken(text: str) -> None:
    """The provider takes at most 100 characters."""
    assert IdempotencyKey(text) == IdempotencyKey(text, first_used_at=None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "printable ASCII"),
        (" ", "printable ASCII"),
        ("a b", "printable ASCII"),
        ("ключ", "printable ASCII"),
        ("a\n", "printable ASCII"),
        ("a" * 101, "at most 100 characters, got 101"),
    ],
)
def test_another_key_is_refused(text: str, reason: str) -> None:
    """A key that is cut or changed on its way is another key, and rings again."""
    with refused(ConfigurationError, match=reason):
        IdempotencyKey(text)


@pytest.mark.parametrize("value", [None, 17, b"key"])
def test_a_key_is_text(value: str) -> None:
    """Type checkers are not everywhere."""
    with refused(ConfigurationError, match="printable ASCII"):
        IdempotencyKey(value)


def test_a_key_is_made_of_whatever_the_caller_has() -> None:
    """A caller may bring a stored key, a text, or nothing."""
    key = IdempotencyKey("mine")

    assert IdempotencyKey.of(key) is key
    assert IdempotencyKey.of("mine") == key
    assert IdempotencyKey.of(None) != IdempotencyKey.of(None)


def test_only_the_first_use_is_noted() -> None:
    """The provider counts its 24 hours from the first use."""
    used = IdempotencyKey("mine").used(_NOW)

    assert used == IdempotencyKey("mine", _NOW)
    assert used.used(_NOW + timedelta(hours=1)) is used


@pytest.mark.parametrize(
    ("age", "seconds"),
    [
        (timedelta(0), 0.0),
        (timedelta(hours=1), 3600.0),
        (timedelta(hours=30), 30 * 3600.0),
        (timedelta(seconds=-5), 0.0),
        (timedelta(seconds=-6), _HOURS_23),
        (timedelta(hours=-24), _HOURS_23),
    ],
)
def test_the_age_of_a_key_counts_from_its_first_use(
    age: timedelta, seconds: float
) -> None:
    """A clock that went backwards must not make a key young again."""
    assert IdempotencyKey("mine", _NOW).age_seconds(_NOW + age) == seconds


def test_a_key_that_was_not_used_has_no_age() -> None:
    """A key may be stored long before its attempt begins."""
    assert IdempotencyKey("mine").age_seconds(_NOW) == 0.0


def test_a_key_is_sent_for_23_hours() -> None:
    """The provider forgets it after 24, and would ring again."""
    assert timedelta(hours=23) == SENT_FOR


def test_naive_instants_are_refused() -> None:
    """The age of a key in local time is off by hours."""
    naive = _NOW.replace(tzinfo=None)

    with refused(ConfigurationError, match="time zone"):
        IdempotencyKey("mine", naive)
    with refused(ConfigurationError, match="time zone"):
        IdempotencyKey("mine").used(naive)
    with refused(ConfigurationError, match="time zone"):
        IdempotencyKey("mine", _NOW).age_seconds(naive)


@given(st.text(alphabet=st.characters()))
def test_no_text_raises_anything_else(text: str) -> None:
    """Keys come from callers, and may hold what their databases hold."""
    said = caught(lambda: IdempotencyKey(text), ConfigurationError)

    assert isinstance(said, ConfigurationError) or said.text == text
