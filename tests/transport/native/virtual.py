"""Virtual: a loop without a network, whose time passes when nothing else happens."""

from __future__ import annotations

import asyncio
import selectors


class Stuck(Exception):
    """Somebody waits for what will never happen."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Run callbacks in their order, and skip the time between them.

    Raises Stuck where another loop would wait for ever.
    """

    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        """Return the virtual seconds since the beginning."""
        return self._skipping.now


class _Skipping(selectors.SelectSelector):
    now = 0.0

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Stuck
        self.now += timeout
        return []
