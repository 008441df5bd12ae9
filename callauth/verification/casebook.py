"""Casebook: the attempts in the store, each changed one step at a time.

Whatever happens to an attempt goes through ``change``: read it, let the flow say where
that leads, replace it if nobody changed it meanwhile, or else read it again. The first
one wins and the others find what it has left.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeAlias

from attrs import evolve

from ..client.events import Hooks
from ..client.sent import SentTimes, monotonic_of
from ..errors import AttemptNotFound, StoreError
from ..models.attempt import AttemptId
from ..transport.port import Clock
from .events import AttemptEnded, VerificationEvent
from .limits import Limits
from .pepper import Pepper
from .reserving import reverse_lock
from .store import Record, Store
from .stored import State, StoredAttempt, dumped, loaded

Step: TypeAlias = Callable[[StoredAttempt, datetime], StoredAttempt]


class Casebook:
    """Read and write the attempts of one Verifier."""

    def __init__(
        self,
        store: Store,
        *,
        worker: str,
        clock: Clock,
        pepper: Pepper,
        limits: Limits,
        hooks: Hooks[VerificationEvent],
        keep_seconds: float,
    ) -> None:
        self._store = store
        self._worker = worker
        self._clock = clock
        self._pepper = pepper
        self._limits = limits
        self._hooks = hooks
        self._keep = timedelta(seconds=keep_seconds)
        self._sent = SentTimes(clock)
        self._on_change: list[Callable[[StoredAttempt], None]] = []

    def on_change(self, told: Callable[[StoredAttempt], None]) -> None:
        """Tell of every attempt that this process has changed."""
        self._on_change.append(told)

    async def get(self, attempt_id: AttemptId) -> StoredAttempt:
        """Return the attempt; AttemptNotFound when there is none."""
        record = None
        if isinstance(attempt_id, str):
            record = await self._store.get(attempt_id)
        if record is None:
            raise AttemptNotFound("expected the id of an attempt, got an unknown one")
        return read(record)

    async def insert(self, stored: StoredAttempt) -> StoredAttempt:
        """Keep a new attempt."""
        first = evolve(stored, version=1)
        if not await self._store.insert(self._record(first)):
            raise StoreError("expected an id that is new, got one that is kept already")
        return first

    async def change(self, attempt_id: AttemptId, step: Step) -> StoredAttempt:
        """Let something happen to the attempt; return how it stands afterwards.

        A step that returns the attempt unchanged writes nothing. Raises what the step
        raises, AttemptNotFound, StoreError.
        """
        while True:
            stored = await self.get(attempt_id)
            changed = step(stored, self.moment(stored))
            if changed is stored:
                return stored
            done = await self.replace(stored, changed)
            if done is not None:
                return done

    async def replace(
        self, stored: StoredAttempt, changed: StoredAttempt
    ) -> StoredAttempt | None:
        """Write the changed attempt, None when somebody else has changed it."""
        written = await self._write(changed)
        if written is not None:
            await self._follow_up(stored, written)
        return written

    async def adopt(self, stored: StoredAttempt) -> StoredAttempt | None:
        """Become the one who looks after it, None when somebody else has changed it."""
        return await self._write(stored)

    def note_sent(self, stored: StoredAttempt, *, not_before: float) -> None:
        """Remember when it was sent by the clock that cannot be set.

        The wall clock may have been set meanwhile, but nothing was sent before it was
        asked for.
        """
        sent = monotonic_of(self._clock, stored.sent_at)
        now = self._clock.monotonic()
        self._sent.note(stored.key, min(max(sent, not_before), now))

    def moment(self, stored: StoredAttempt) -> datetime:
        """Return the present moment on the attempt's own time line.

        In the process that placed the call this stands above any step of the wall
        clock; in others the wall clock has to do.
        """
        known = self._sent.find(stored.key)
        if known is None:
            return self._clock.now()
        return stored.sent_at + timedelta(seconds=self._clock.monotonic() - known)

    def due(self, stored: StoredAttempt) -> float:
        """Return when its time is over, on the monotonic clock."""
        now = self.moment(stored)
        # Also when the wall clock went back, so that its end is far away.
        left = (stored.expires_at - now).total_seconds()
        return self._clock.monotonic() + min(left, stored.lives_seconds)

    async def _write(self, stored: StoredAttempt) -> StoredAttempt | None:
        written = evolve(stored, version=stored.version + 1)
        is_written = await self._store.replace(
            self._record(written), expected_version=stored.version
        )
        return written if is_written else None

    async def _follow_up(self, old: StoredAttempt, new: StoredAttempt) -> None:
        # What only this winner may do. A process that dies in between, or a store that
        # fails, leaves counters and locks that are stricter than need be, and end by
        # themselves.
        with suppress(StoreError):
            await self._give_back(old, new)
        if new.state.is_final:
            self._hooks.emit(
                AttemptEnded(
                    attempt_id=new.id,
                    phone=new.phone,
                    purpose=new.purpose,
                    channel=new.channel,
                    outcome=new.outcome,
                )
            )
        for told in self._on_change:
            told(new)

    async def _give_back(self, old: StoredAttempt, new: StoredAttempt) -> None:
        is_granted_on = new.granted_at == old.granted_at and not new.state.is_final
        if old.granted_at is not None and _is_behind(new) and not is_granted_on:
            unused = new.tries_left if new.state.is_final else old.tries_left
            if unused > 0:
                await self._limits.give_back_tries(new.phone, unused, old.granted_at)
        has_id = old.lease is not None and old.lease.lease_id is not None
        # Without an id an old call could still satisfy a new attempt.
        if has_id and _is_behind(new):
            await self._store.unlock(reverse_lock(self._pepper, new.phone), old.key)

    def _record(self, stored: StoredAttempt) -> Record:
        return Record(
            attempt_id=stored.id,
            version=stored.version,
            document=dumped(evolve(stored, version=0)),
            worker=None if stored.state.is_final else self._worker,
            purge_at=stored.sent_at + self._keep,
        )


def read(record: Record) -> StoredAttempt:
    """Return the attempt that is in the record; StoreError when it is none of ours."""
    return evolve(loaded(record.document), version=record.version)


def _is_behind(stored: StoredAttempt) -> bool:
    """Say whether the challenge that it had is over."""
    return stored.state.is_final or stored.state is State.STARTING
