from __future__ import annotations

import inspect
import re

import pytest

from callauth import errors
from callauth.errors import (
    AnswerLost,
    CallAuthError,
    CallInProgress,
    ConfigurationError,
    InvalidPhoneNumber,
    NumberInvalid,
    ProtocolError,
    ProviderError,
    RateLimited,
    TransportError,
)
from tests.support.refusals import refused

_CLASSES = {
    name: each
    for name, each in vars(errors).items()
    if inspect.isclass(each) and issubclass(each, Exception) and name[0] != "_"
}


def test_everything_has_one_root() -> None:
    """One except clause catches all of it."""
    assert [
        name for name, e in _CLASSES.items() if not issubclass(e, CallAuthError)
    ] == []


def test_the_tree_is_drawn_as_it_is() -> None:
    """The drawing is what people read."""
    lines = re.findall(r"^    ([│ ├└─]*)(\w+)", errors.__doc__ or "", re.MULTILINE)
    path: list[str] = []
    for indent, name in lines:
        del path[len(indent) // 3 :]
        if path:
            assert issubclass(_CLASSES[name], _CLASSES[path[-1]]), name
        path.append(name)

    assert {name for _, name in lines} == _CLASSES.keys()


def test_bad_input_is_a_value_error_as_well() -> None:
    """Callers who validate forms catch ValueError already."""
    assert issubclass(ConfigurationError, ValueError)
    assert issubclass(InvalidPhoneNumber, ValueError)


def test_a_message_names_provider_operation_and_reason() -> None:
    """Who was asked for what, and one clause."""
    lost = AnswerLost("nerotech", "voicemail", "HTTP 502", retry_after=3.0)
    broken = ProtocolError("callpass", "start-call-password", "expected x, got y")
    refusal = NumberInvalid("nerotech", "voicemail", 2, "INCORRECT_PHONE")

    assert str(lost) == "nerotech voicemail: HTTP 502"
    assert str(broken) == "callpass start-call-password: expected x, got y"
    assert str(refusal) == "nerotech voicemail: refused: 2 INCORRECT_PHONE"
    assert (lost.provider, lost.operation, lost.clause, lost.retry_after) == (
        "nerotech",
        "voicemail",
        "HTTP 502",
        3.0,
    )


def test_code_0_is_in_the_message() -> None:
    """0 is an error: its presence counts, never its truth."""
    disabled = ProviderError("nerotech", "incoming/init", 0, "SERVICE_DISABLED")

    assert str(disabled) == "nerotech incoming/init: refused: 0 SERVICE_DISABLED"


def test_the_words_of_the_provider_are_a_field_and_no_part_of_the_message() -> None:
    """They are for logs, and messages reach visitors."""
    refusal = RateLimited("p", "o", None, "REFUSED", text="their words", retry_after=5)

    assert (str(refusal), refusal.text) == ("p o: refused: REFUSED", "their words")
    assert (refusal.code, refusal.meaning, refusal.retry_after) == (None, "REFUSED", 5)


def test_what_is_not_stated_is_none() -> None:
    """Neither zero nor empty: unknown."""
    assert TransportError("p", "o", "x").retry_after is None
    assert CallInProgress("p", "o", 9, "ALREADY_CALL").retry_after is None


def _raise_with_cause() -> None:
    try:
        raise KeyError("secret")  # noqa: TRY301 - the cause
    except KeyError as error:
        raise ConfigurationError("x") from error


def test_a_bare_error_has_neither_cause_nor_frames() -> None:
    """Both could hold a secret."""
    with refused(ConfigurationError) as refusal:
        _raise_with_cause()

    bare = refusal.error.bare()

    assert bare is refusal.error
    assert (bare.__cause__, bare.__context__, bare.__traceback__) == (None, None, None)


@pytest.mark.parametrize("name", sorted(_CLASSES))
def test_every_class_says_what_it_means(name: str) -> None:
    """An exception without a word is looked up in the source."""
    assert inspect.cleandoc(_CLASSES[name].__doc__ or "").endswith(".")
