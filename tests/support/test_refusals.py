from __future__ import annotations

import re
from pathlib import Path

import pytest

from callauth.errors import CallAuthError, ConfigurationError
from tests.support.refusals import caught, refused

_TESTS = Path(__file__).parents[1]
_UNSCANNED = re.compile(r"pytest\.(raises|warns)\(|\brecwarn\b")
# This file says the words, refusals.py wraps them. The sandbox is a provider's side:
# what its tests catch was never given a canary.
_EXEMPT = (
    _TESTS / "support" / "refusals.py",
    _TESTS / "support" / "test_refusals.py",
    _TESTS / "sandbox",
)


def test_no_test_catches_an_exception_that_is_not_scanned() -> None:
    """An exception that the scan does not see may leak unseen."""
    files = [
        path
        for path in _TESTS.rglob("*.py")
        if not any(path.is_relative_to(exempt) for exempt in _EXEMPT)
    ]

    found = [path.name for path in files if _UNSCANNED.search(path.read_text())]

    assert found == []


def test_a_subclass_is_not_what_was_expected() -> None:
    """A test that takes any error of the tree does not say which one it means."""
    with (
        refused(AssertionError, match="ConfigurationError"),
        refused(CallAuthError),
    ):
        raise ConfigurationError("x")


def test_a_missing_exception_is_noticed() -> None:
    """A refusal that does not come is a failure of the test."""
    with (
        pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"),
        refused(CallAuthError),
    ):
        pass


def test_the_error_is_there_once_the_block_has_ended() -> None:
    """A test compares the fields of what was raised."""
    error = CallAuthError("x")

    with refused(CallAuthError, match="^x$") as refusal:
        raise error

    assert refusal.error is error


def test_caught_returns_the_result_or_the_expected_error() -> None:
    """A property says that nothing else is ever raised."""

    def fail() -> None:
        raise ConfigurationError("x")

    assert caught(lambda: 1, CallAuthError) == 1
    assert isinstance(caught(fail, CallAuthError), ConfigurationError)
