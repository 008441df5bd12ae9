"""Piece: the part of a promise that one process works on."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from attrs import frozen

from tests.support.tally import Tally


@frozen(kw_only=True)
class Piece:
    """Hold which part of a promise is to be worked on, and the seed of that part."""

    share: float
    seed: int
    number: int
    parts: int

    def of(self, total: int) -> int:
        """Return how many of that total this part does, none when they are few."""
        each, rest = divmod(round(total * self.share), self.parts)
        return each + (self.number < rest)


Work: TypeAlias = Callable[[Piece], Coroutine[Any, Any, Tally]]
