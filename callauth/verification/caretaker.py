"""Caretaker: sees to it that every live attempt comes to its end.

It follows leased numbers, ends what nobody finishes in time, tells those who wait, and
takes over what another process has left.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from attrs import evolve

from ..client.events import Hooks
from ..client.poller import Poller
from ..client.tasks import Tasks
from ..errors import AttemptNotFound, StoreError
from ..models.attempt import AttemptId
from ..models.hint import WebhookHint
from ..models.outcome import Outcome
from ..protocol.schedule import PollSchedule
from ..transport.port import Clock
from . import flow
from .agenda import Agenda
from .casebook import Casebook
from .channels import Channel
from .dial_ins import DialIns
from .events import VerificationEvent
from .hints import Hints
from .store import Store
from .stored import State, StoredAttempt
from .waiters import Waiters
from .workers import Workers

# The poller ends a reverse call; this is for one that it has lost.
_AFTER_THE_POLLER_SECONDS = 1.0
_AGAIN_SECONDS = 1.0


class Caretaker:
    """Look after the live attempts of one Verifier."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        *,
        worker: str,
        store: Store,
        casebook: Casebook,
        tasks: Tasks,
        poll: PollSchedule,
        clock: Clock,
        hooks: Hooks[VerificationEvent],
    ) -> None:
        self._casebook = casebook
        self._tasks = tasks
        self._clock = clock
        self._poller = Poller(clock, poll, tasks)
        self._dial_ins = DialIns(
            channels,
            casebook=casebook,
            poller=self._poller,
            clock=clock,
            hooks=hooks,
        )
        self._hints = Hints(store, dial_ins=self._dial_ins, clock=clock)
        self._waiters = Waiters(store, casebook=casebook, tasks=tasks, clock=clock)
        self._agenda = Agenda(clock, tasks=tasks, look=self._end)
        self._workers = Workers(
            worker,
            store=store,
            casebook=casebook,
            tasks=tasks,
            clock=clock,
            is_busy=lambda: len(self._agenda) > 0,
            resume=self._resume,
        )
        self._is_closed = False
        casebook.on_change(self.look_after)

    async def open(self) -> None:
        """Take over what dead processes have left."""
        await self._workers.open()

    def close(self) -> None:
        """End the waits and look after nothing any more."""
        self._is_closed = True
        self._waiters.close()
        self._poller.close()
        self._agenda.close()
        self._workers.close()

    async def leave(self) -> None:
        """Leave the attempts to other processes, at once."""
        await self._workers.aclose()

    async def take(self) -> None:
        """Say that this process is alive, before it takes an attempt."""
        await self._workers.take()

    async def wait(self, attempt_id: AttemptId) -> Outcome:
        """Return the outcome as soon as there is one."""
        # Whoever looks after it may leave it while we wait.
        self._workers.watch()
        return await self._waiters.wait(attempt_id)

    async def receive(self, hint: WebhookHint) -> None:
        """Let a webhook make us ask the provider."""
        await self._hints.receive(hint)

    def look_after(self, stored: StoredAttempt) -> None:
        """See to it that the attempt, as it stands now, comes to its end."""
        self._look_after(stored, is_resumed=False)

    def _resume(self, stored: StoredAttempt) -> None:
        if stored.state is State.STARTING:
            # Whoever was asking a channel is dead.
            self._tasks.start(partial(self._end, stored.id, is_over=True))
        else:
            self._look_after(stored, is_resumed=True)

    def _look_after(self, stored: StoredAttempt, *, is_resumed: bool) -> None:
        if stored.state.is_final:
            self._agenda.drop(stored.id)
            self._waiters.tell(stored)
            return
        if self._is_closed:
            # Stored, and so for others to find.
            return
        if stored.state is State.AWAITING_CALL:
            self._dial_ins.follow(stored, is_resumed=is_resumed)
        self._agenda.put(self._due(stored), stored.id)
        self._workers.keep()

    async def _end(self, attempt_id: AttemptId, *, is_over: bool = False) -> None:
        try:
            stored = await self._casebook.change(
                attempt_id, partial(_time_over, is_over=is_over)
            )
        except AttemptNotFound:
            return
        except StoreError:
            self._put_again(attempt_id)
            return
        except BaseException:
            # A defect, and told as one; the others that are due go on all the same.
            self._put_again(attempt_id)
            raise
        if not stored.state.is_final:
            # Another challenge by now, or a wall clock that was set back a little.
            self._put_again(attempt_id, self._due(stored))

    def _put_again(self, attempt_id: AttemptId, due: float = 0.0) -> None:
        if not self._is_closed:
            again = self._clock.monotonic() + _AGAIN_SECONDS
            self._agenda.put(max(again, due), attempt_id)
            self._workers.keep()

    def _due(self, stored: StoredAttempt) -> float:
        due = self._casebook.due(stored)
        if stored.state is State.AWAITING_CALL:
            due += _AFTER_THE_POLLER_SECONDS
        return due


def _time_over(stored: StoredAttempt, now: datetime, *, is_over: bool) -> StoredAttempt:
    if stored.state.is_final or not (is_over or flow.is_over(stored, now)):
        return stored
    # Nobody knows what a poller that is gone would have heard.
    is_unsure = stored.state is State.AWAITING_CALL
    return flow.time_over(evolve(stored, is_unsure=is_unsure), now)
