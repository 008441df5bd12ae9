from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from callauth.errors import ConfigurationError
from callauth.models.secret import Secret
from tests.support.canaries import Canaries
from tests.support.refusals import refused


@pytest.mark.parametrize(
    "show", [str, repr, "{}".format, "%s".__mod__, "%r".__mod__, ascii]
)
def test_a_secret_is_not_shown(
    show: Callable[[object], str], canaries: Canaries
) -> None:
    """Logging any object must be safe."""
    secret = canaries.secret()

    canaries.scan(show(secret))
    canaries.scan(show([secret, {"key": secret}]))
    assert repr(secret) == "Secret(•••)"


@pytest.mark.parametrize("leave", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_secret_does_not_leave_the_process(
    leave: Callable[[object], object], canaries: Canaries
) -> None:
    """A pickled secret lies in a queue or a file in clear."""
    with refused(TypeError, match="not pickled or copied"):
        leave(canaries.secret())


def test_a_secret_has_no_dictionary(canaries: Canaries) -> None:
    """Error trackers send vars() of what they find."""
    assert not hasattr(canaries.secret(), "__dict__")


def test_a_width_cannot_be_given(canaries: Canaries) -> None:
    """A padded secret in a table is a shown one."""
    with refused(TypeError):
        f"{canaries.secret():>40}"


def test_a_secret_gives_its_text_only_when_asked() -> None:
    """The name of the method makes every use easy to find."""
    assert Secret("N73JXNJv").reveal() == "N73JXNJv"


@pytest.mark.parametrize(
    ("value", "reason"),
    [("", "a blank"), (" \n", "a blank"), (None, "no text"), (7, "no text")],
)
def test_a_blank_secret_is_refused(value: str, reason: str) -> None:
    """A variable that was never set must not become a key."""
    with refused(ConfigurationError, match=f"expected a secret text, got {reason}"):
        Secret(value)


def test_bytes_that_are_refused_are_in_no_local(canaries: Canaries) -> None:
    """A key read from a file in binary mode is a key."""
    value: Any = canaries.secret().reveal().encode()

    with refused(ConfigurationError, match="no text"):
        Secret(value)
    with refused(ConfigurationError, match="no text"):
        Secret.of(value)


def test_a_text_and_a_secret_are_both_welcome() -> None:
    """Callers that hold a Secret keep it, the others need no import."""
    secret = Secret("key")

    assert Secret.of(secret) is secret
    assert Secret.of("key") == secret


def test_secrets_are_equal_by_their_text() -> None:
    """Settings are compared, and a secret is no text."""
    assert Secret("ключ") == Secret("ключ")
    assert Secret("key") != Secret("key ")
    assert Secret("key") != "key"
    assert len({Secret("key"), Secret("key"), Secret("other")}) == 2


def test_a_secret_that_is_not_unicode_is_compared_without_an_error() -> None:
    """Python reads odd bytes of the environment as lone surrogates."""
    assert Secret("key\udcff") == Secret("key\udcff")
    assert Secret("key\udcff") != Secret("key")
