"""The edge: what was passed in stays out of the errors that go out.

Callers hand over keys, codes and numbers as plain text. Some tools print the local
variables of every frame of a traceback, so a refusal leaves through here: without our
frames, which hold those texts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from ..errors import CallAuthError, ConfigurationError

P = ParamSpec("P")
T = TypeVar("T")


def sealed(function: Callable[P, T]) -> Callable[P, T]:
    """Raise the function's refusals without the frames below."""

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except CallAuthError as error:
            refusal = error.bare()
        finally:
            del args, kwargs
        raise refusal

    return wrapper


def sealed_async(
    function: Callable[P, Awaitable[T]],
) -> Callable[P, Coroutine[Any, Any, T]]:
    """Raise the coroutine's refusals without the frames below."""

    @wraps(function)
    async def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await function(*args, **kwargs)
        except CallAuthError as error:
            refusal = error.bare()
        finally:
            del args, kwargs
        raise refusal

    return wrapper


def require(value: T, cls: type[T]) -> T:
    """Return the value unchanged.

    Raises ConfigurationError unless it is of that class.
    """
    if not isinstance(value, cls):
        raise ConfigurationError(f"expected a {cls.__name__}")
    return value
