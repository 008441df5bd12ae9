"""Waits: every wait of a browser, each with a deadline, all of them ended at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import anyio

from ..models.attempt import AttemptId
from ..verification.verifier import Verifier


class Waits:
    """Wait for outcomes until a deadline, or until the server stops."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._scopes: set[anyio.CancelScope] = set()
        self.is_closed = False

    async def outcome(self, attempt_id: AttemptId, seconds: float) -> None:
        """Return when there is an outcome, or when the time is over.

        Raises what ``Verifier.wait`` raises.
        """
        if self.is_closed:
            return
        with self.at_most(seconds):
            await self._verifier.wait(attempt_id)

    @contextmanager
    def at_most(self, seconds: float) -> Iterator[None]:
        """Leave what stands in it when the time is over, or when the server stops."""
        with anyio.CancelScope() as scope:
            self._scopes.add(scope)
            alarm = self._verifier.clock.call_later(seconds, scope.cancel)
            try:
                yield
            finally:
                alarm.cancel()
                self._scopes.discard(scope)

    def __len__(self) -> int:
        return len(self._scopes)

    def close(self) -> None:
        """End all of them, and let no other begin."""
        self.is_closed = True
        for scope in tuple(self._scopes):
            scope.cancel()
