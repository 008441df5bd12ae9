"""Catch what the package raises, and hand it to the canary scan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

import pytest

from .canaries import current

E = TypeVar("E", bound=BaseException)
T = TypeVar("T")


class Refusal(Generic[E]):
    """Hold the exception, once the block has ended."""

    def __init__(self) -> None:
        self._error: E | None = None

    @property
    def error(self) -> E:
        """What was raised."""
        assert self._error is not None, "nothing was raised yet"
        return self._error

    def keep(self, error: E) -> None:
        """Note what was raised."""
        self._error = error


@contextmanager
def refused(expected: type[E], *, match: str | None = None) -> Iterator[Refusal[E]]:
    """Expect exactly that class, with a message that the pattern is found in."""
    refusal: Refusal[E] = Refusal()
    with pytest.raises(expected, match=match) as caught_error:
        yield refusal
    current().watch(caught_error.value)
    assert type(caught_error.value) is expected
    refusal.keep(caught_error.value)


@contextmanager
def warned(expected: type[Warning], *, match: str | None = None) -> Iterator[None]:
    """Expect a warning."""
    with pytest.warns(expected, match=match) as warnings:
        yield
    for warning in warnings:
        current().scan(str(warning.message), "a warning")


def caught(action: Callable[[], T], *expected: type[E]) -> T | E:
    """Return the result, or the exception if it is one of those: for properties."""
    try:
        return action()
    except expected as error:
        current().watch(error)
        return error
