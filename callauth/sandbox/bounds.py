"""Bounds: what a setting may be, checked when it is given."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isfinite
from typing import Any, TypeAlias

from attrs import Attribute

from ..errors import ConfigurationError

# attrs hands over the unfinished instance and the attribute; their types do not matter.
Validator: TypeAlias = Callable[[Any, "Attribute[Any]", Any], None]


def seconds(_: object, attribute: Attribute[float], value: object) -> None:
    """Refuse everything but a finite number from 0 on."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not isfinite(value) or value < 0:  # type: ignore[arg-type, operator]
        raise ConfigurationError(f"expected {attribute.name} as a number from 0 on")


def truth(_: object, attribute: Attribute[bool], value: object) -> None:
    """Refuse everything but True and False."""
    if not isinstance(value, bool):
        raise ConfigurationError(f"expected {attribute.name} to be true or false")


def whole(least: int, most: float = inf) -> Validator:
    """Return a check that refuses everything but a whole number in these bounds."""

    def check(_: object, attribute: Attribute[int], value: object) -> None:
        if type(value) is not int or not least <= value <= most:
            raise ConfigurationError(
                f"expected {attribute.name} as a whole number from {least} on"
                + ("" if most == inf else f" to {most:g}")
            )

    return check
