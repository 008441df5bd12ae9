"""Waiters: tells those who wait for an outcome, whichever process brought it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import suppress

from ..client.tasks import Tasks
from ..errors import (
    AttemptNotFound,
    CallAuthError,
    ConfigurationError,
    StoreError,
)
from ..models.attempt import AttemptId
from ..models.outcome import Outcome
from ..transport.clock import within
from ..transport.port import Clock, Timer
from .casebook import Casebook, read
from .store import Store
from .stored import StoredAttempt

# How late the outcome of another process may be noticed.
_EVERY_SECONDS = 0.25
# Until then whoever looks after the attempt, or adopts it, has ended it.
_AFTER_THE_END_SECONDS = 30.0


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
        self._is_closed = False

    async def wait(self, attempt_id: AttemptId) -> Outcome:
        """Return the outcome as soon as there is one."""
        while True:
            # Whatever is not heard of, such as a purge, is found when it is read again.
            self._tasks.require_open()
            outcome = await self._wait(attempt_id)
            if outcome is not None:
                return outcome

    def tell(self, stored: StoredAttempt) -> None:
        """Hand the outcome to those who wait for it."""
        for future in self._futures.get(stored.id, ()):
            if not future.done():
                future.set_result(stored.outcome)

    def close(self) -> None:
        """Let nobody wait any longer."""
        self._is_closed = True
        for attempt_id in self._futures:
            refusal = "expected an open Verifier until the wait ends"
            self._refuse(attempt_id, ConfigurationError(refusal))
        if self._timer is not None:
            self._timer.cancel()

    async def _wait(self, attempt_id: AttemptId) -> Outcome | None:
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._futures[attempt_id].add(future)
        try:
            if self._position is None:
                position = (await self._store.changes(-1)).position
                # The earlier one is kept: between the two something may have ended.
                if self._position is None:
                    self._position = position
            # Read only now: what ends from here on is seen as a change.
            stored = await self._casebook.get(attempt_id)
            if stored.state.is_final:
                return stored.outcome
            self._set_timer()
            left = max(0.0, self._casebook.due(stored) - self._clock.monotonic())
            with suppress(TimeoutError):
                return await within(self._clock, left + _AFTER_THE_END_SECONDS, future)
            return None
        finally:
            self._forget(attempt_id, future)

    def _refuse(self, attempt_id: AttemptId, error: CallAuthError) -> None:
        for future in self._futures.get(attempt_id, ()):
            if not future.done():
                future.set_exception(error)

    def _forget(self, attempt_id: AttemptId, future: asyncio.Future[Outcome]) -> None:
        futures = self._futures[attempt_id]
        futures.discard(future)
        # It may have been refused before anybody awaited it.
        if future.done() and not future.cancelled():
            future.exception()
        if not futures:
            del self._futures[attempt_id]

    def _set_timer(self) -> None:
        if self._timer is None and not self._is_closed:
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
            for attempt_id in map(AttemptId, changes.attempt_ids):
                if attempt_id in self._futures:
                    await self._look_at(attempt_id)
            self._position = changes.position
        except StoreError:
            # It may be back in a moment, and is asked from the same position then.
            pass
        finally:
            self._set_timer()

    async def _look_at(self, attempt_id: AttemptId) -> None:
        record = await self._store.get(attempt_id)
        if record is None:
            gone = AttemptNotFound("expected an attempt until its end, it was purged")
            self._refuse(attempt_id, gone)
            return
        try:
            stored = read(record)
        except StoreError as error:
            # Of a later release, it may be: only those who wait for it hear of it.
            self._refuse(attempt_id, error.bare())
            return
        if stored.state.is_final:
            self.tell(stored)
