"""Starts: begins an attempt, and begins it again with the next channel."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import TypeVar

from ..client.events import Hooks
from ..errors import RingLocked
from ..models.attempt import AttemptId
from ..models.key import IdempotencyKey
from ..models.method import Method
from ..models.phone import PhoneNumber
from ..transport.port import Clock
from . import flow
from .caretaker import Caretaker
from .casebook import Casebook
from .channels import method_of
from .events import AttemptStarted, SuspiciousAttempt, VerificationEvent
from .limits import Limits
from .placing import Placing, granted
from .reserving import Reserved
from .stored import State, StoredAttempt

W = TypeVar("W", StoredAttempt, StoredAttempt | None)


class Starts:
    """Take what a start needs, write it down, and let the channels be asked."""

    def __init__(
        self,
        *,
        casebook: Casebook,
        caretaker: Caretaker,
        placing: Placing,
        limits: Limits,
        clock: Clock,
        hooks: Hooks[VerificationEvent],
    ) -> None:
        self._casebook = casebook
        self._caretaker = caretaker
        self._placing = placing
        self._limits = limits
        self._clock = clock
        self._hooks = hooks

    async def start(
        self,
        phone: PhoneNumber,
        purpose: str,
        route: Sequence[str],
        client_ip: str | None,
    ) -> StoredAttempt:
        """Return a new attempt, with its challenge or as unknown."""
        await self._caretaker.take()
        now = self._clock.now()
        key = IdempotencyKey.new().text
        position = self._placing.first_ready(route)
        fresh = StoredAttempt(
            id=AttemptId(secrets.token_urlsafe(16)),
            phone=phone,
            purpose=purpose,
            state=State.STARTING,
            route=tuple(route),
            position=position,
            method=self._placing.method(route[position]),
            key=key,
            started_at=now,
            sent_at=now,
            lives_seconds=flow.STARTING_SECONDS,
        )
        reserved = await self._reserve_first(fresh)
        insert = partial(self._casebook.insert, granted(fresh, reserved))
        stored = await self._counted(phone, client_ip, reserved, insert)
        self._caretaker.look_after(stored)
        self._tell_started(stored)
        self._placing.tell_skipped(stored)
        return await self._placing.place(stored, reserved)

    async def next_channel(
        self, attempt_id: AttemptId, client_ip: str | None
    ) -> StoredAttempt:
        """Return the attempt with the challenge of another channel."""
        await self._caretaker.take()
        written = None
        while written is None:
            stored = await self._casebook.get(attempt_id)
            key = IdempotencyKey.new().text
            asked = flow.next_asked(stored, key, self._casebook.moment(stored))
            position, reserved = await self._placing.reserve_next(stored, key)
            method = method_of(reserved.channel)
            asked = flow.asked(asked, position, method, key, self._clock.now())
            replace = partial(self._casebook.replace, stored, granted(asked, reserved))
            written = await self._counted(stored.phone, client_ip, reserved, replace)
        self._placing.tell_given_up(stored)
        self._placing.tell_skipped(written, stored.position + 1)
        return await self._placing.place(written, reserved)

    async def _reserve_first(self, fresh: StoredAttempt) -> Reserved:
        try:
            return await self._placing.reserve(fresh.channel, fresh, fresh.key)
        except RingLocked:
            if fresh.method is Method.REVERSE_CALL:
                clause = "a second reverse call while one is live"
                self._hooks.emit(
                    SuspiciousAttempt(attempt_id=None, phone=fresh.phone, clause=clause)
                )
            raise

    async def _counted(
        self,
        phone: PhoneNumber,
        client_ip: str | None,
        reserved: Reserved,
        write: Callable[[], Awaitable[W]],
    ) -> W:
        """Count a start and write it down, or undo all that was counted and locked."""
        async with AsyncExitStack() as undo:
            undo.push_async_callback(self._placing.release, reserved)
            started = await self._limits.start(phone, client_ip, self._clock.now())
            undo.push_async_callback(self._limits.give_back, started)
            # The store may have been slow: who seems dead loses what it takes.
            await self._caretaker.take()
            written = await write()
            if written is not None:
                undo.pop_all()
        return written

    def _tell_started(self, stored: StoredAttempt) -> None:
        self._hooks.emit(
            AttemptStarted(
                attempt_id=stored.id,
                phone=stored.phone,
                purpose=stored.purpose,
                channel=stored.channel,
            )
        )
