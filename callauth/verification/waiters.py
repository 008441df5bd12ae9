"""Waiters: tells those who wait for an outcome, whichever process brought it."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from ..client.tasks import Tasks
from ..errors import CallAuthError, ConfigurationError
from ..models.attempt import AttemptId
from ..models.outcome import Outcome
from ..transport.port import Clock, Timer
from .casebook import Casebook
from .store import Store
from .stored import StoredAttempt

# How late the outcome of another process may be noticed.
_EVERY_SECONDS = 0.25


class Waiters:
    """Wait for the outcomes of attempts."""

    def __init__(
        self, store: Store, *, casebook: Casebook, tasks: Tasks, clock: Clock
    ) -> None:
        self._store = store
        self._casebook = casebook
        self._tasks = tasks
        self._clock = clock
        self._futures: defaultdict[AttemptId, set[asyncio.Future[Outcome]]]
        self._futures = defaultdict(set)
        self._position: int | None = None
        self._timer: Timer | None = None

    async def wait(self, attempt_id: AttemptId) -> Outcome:
        """Return the outcome as soon as there is one."""
        self._tasks.require_open()
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._futures[attempt_id].add(future)
        try:
            if self._position is None:
                position = (await self._store.changes(-1)).position
                # Of two who ask at once the first counts, who reads before the other.
                if self._position is None:
                    self._position = position
            # Read only now: what ends from here on is seen as a change.
            stored = await self._casebook.get(attempt_id)
            if stored.state.is_final:
                return stored.outcome
            self._set_timer()
            return await future
        finally:
            self._forget(attempt_id, future)

    def tell(self, stored: StoredAttempt) -> None:
        """Hand the outcome to those who wait for it."""
        for future in self._futures.get(stored.id, ()):
            if not future.done():
                future.set_result(stored.outcome)

    def close(self) -> None:
        """Let nobody wait any longer."""
        for futures in self._futures.values():
            for future in futures:
                if not future.done():
                    refusal = "expected an open Verifier until the wait ends"
                    future.set_exception(ConfigurationError(refusal))
        if self._timer is not None:
            self._timer.cancel()

    def _forget(self, attempt_id: AttemptId, future: asyncio.Future[Outcome]) -> None:
        futures = self._futures[attempt_id]
        futures.discard(future)
        if not futures:
            del self._futures[attempt_id]

    def _set_timer(self) -> None:
        if self._timer is None:
            self._timer = self._clock.call_later(_EVERY_SECONDS, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        if self._futures:
            self._tasks.start(self._look)
        else:
            self._position = None

    async def _look(self) -> None:
        try:
            changes = await self._store.changes(self._position or 0)
            for text in changes.attempt_ids:
                attempt_id = AttemptId(text)
                if attempt_id in self._futures:
                    stored = await self._casebook.get(attempt_id)
                    if stored.state.is_final:
                        self.tell(stored)
            self._position = changes.position
        except CallAuthError:
            # The store may be back in a moment; purged attempts have no outcome.
            pass
        finally:
            self._set_timer()
