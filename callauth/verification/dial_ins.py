"""DialIns: follows the numbers that were leased until somebody dials them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from attrs import define, evolve

from ..client.events import Hooks
from ..client.poller import Done, Later, Poller
from ..errors import (
    CallAuthError,
    NotSent,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    StoreError,
    VerificationError,
)
from ..models.attempt import AttemptId
from ..models.lease import LAST_CHECK_SECONDS, LATE_SECONDS, LEASE_SECONDS, NumberLease
from ..models.phone import PhoneNumber
from ..transport.clock import within
from ..transport.port import Clock
from . import flow
from .casebook import Casebook
from .channels import Channel, LeasesNumber, leases, log_defect
from .events import SuspiciousAttempt, VerificationEvent
from .stored import State, StoredAttempt

# From the sending of the lease to the moment of its last check.
_LAST_CHECK_AT_SECONDS = LEASE_SECONDS + LAST_CHECK_SECONDS


class DialIns:
    """Ask the channels who has called."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        *,
        casebook: Casebook,
        poller: Poller,
        clock: Clock,
        hooks: Hooks[VerificationEvent],
    ) -> None:
        self._channels = channels
        self._casebook = casebook
        self._poller = poller
        self._clock = clock
        self._hooks = hooks

    def follow(self, stored: StoredAttempt, *, is_resumed: bool = False) -> None:
        """Ask until the person has called, or the time is over.

        What another process has begun (``is_resumed``) may have had an answer that was
        lost with that process.
        """
        channel = self._channel(stored)
        if stored.lease is None or channel is None:
            return
        age = self._casebook.moment(stored) - stored.sent_at
        leased_at = self._clock.monotonic() - age.total_seconds()
        watch = DialInWatch(
            attempt_id=stored.id,
            key=stored.key,
            last_check_at=leased_at + _LAST_CHECK_AT_SECONDS,
            is_unsure=is_resumed and channel.tells_once,
        )
        self._poller.follow(self, watch, last_check_at=watch.last_check_at)

    async def look(self, attempt_id: AttemptId) -> None:
        """Ask once, now: something says that the person has called."""
        stored = await self._casebook.get(attempt_id)
        # What is told only once is asked for by the poller, which remembers a loss.
        if stored.state is State.AWAITING_CALL and not self._tells_once(stored):
            await self._caller(stored, LATE_SECONDS)

    async def check(self, watch: DialInWatch, *, is_last: bool) -> Done[None] | Later:
        """Ask for one attempt and write down what is learned."""
        try:
            stored = await self._casebook.get(watch.attempt_id)
        except StoreError:
            # It may be back in a moment; after the last check the agenda goes on.
            return Done(None) if is_last else Later(0.0)
        if stored.state is not State.AWAITING_CALL or stored.key != watch.key:
            return Done(None)
        left = watch.last_check_at + LATE_SECONDS - self._clock.monotonic()
        pause = 0.0
        try:
            if await self._caller(stored, left):
                return Done(None)
        except RateLimited as error:
            pause = Later.after(error).seconds
            watch.is_unheard = True
        except CallAuthError as error:
            watch.learn(error, tells_once=self._tells_once(stored))
        else:
            watch.is_unheard = False
        if not is_last:
            return Later(pause)
        await self.end(watch)
        return Done(None)

    def over(self, watch: DialInWatch) -> None:
        """Leave it to the caretaker, who ends what nobody was asked about."""

    async def end(self, watch: DialInWatch) -> None:
        """Let the time of an attempt be over."""

        def step(stored: StoredAttempt, now: datetime) -> StoredAttempt:
            if stored.state is not State.AWAITING_CALL or stored.key != watch.key:
                return stored
            unsure = watch.is_unsure or watch.is_unheard
            return flow.time_over(evolve(stored, is_unsure=unsure), now)

        await self._casebook.change(watch.attempt_id, step)

    async def _caller(self, stored: StoredAttempt, seconds: float) -> bool:
        channel = self._channel(stored)
        if stored.lease is None or channel is None:
            return False
        caller = await self._ask(channel, stored.lease, seconds)
        if caller is None:
            return False
        await self._casebook.change(stored.id, partial(_called, stored.key, caller))
        if caller != stored.phone:
            clause = "another phone called the leased number"
            self._hooks.emit(
                SuspiciousAttempt(
                    attempt_id=stored.id, phone=stored.phone, clause=clause
                )
            )
        return True

    async def _ask(
        self, channel: LeasesNumber, lease: NumberLease, seconds: float
    ) -> PhoneNumber | None:
        try:
            work = channel.check(lease)
            caller = await within(self._clock, max(0.0, seconds), work)
            if isinstance(caller, PhoneNumber | None):
                return caller
            log_defect(channel, "expected a PhoneNumber or None of check")
        except CallAuthError:
            raise
        # Of a channel that is not ours, or too late.
        except (Exception, asyncio.CancelledError) as error:
            # Something of the channel's own was cancelled, or we are.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            if not isinstance(error, TimeoutError):
                log_defect(channel, error)
        raise ProviderUnavailable(channel.name, "check", None, "NO_ANSWER")

    def _channel(self, stored: StoredAttempt) -> LeasesNumber | None:
        """Return its channel, None when this process has none of that name."""
        channel = self._channels.get(stored.channel)
        return channel if channel is not None and leases(channel) else None

    def _tells_once(self, stored: StoredAttempt) -> bool:
        channel = self._channel(stored)
        return channel is not None and channel.tells_once


@define(eq=False)
class DialInWatch:
    """Hold what the checks of one attempt have shown so far.

    ``is_unsure`` says that an answer was lost that could have been the success,
    ``is_unheard`` that the latest question had no answer.
    """

    attempt_id: AttemptId
    key: str
    last_check_at: float
    is_unsure: bool = False
    is_unheard: bool = False

    def learn(self, error: CallAuthError, *, tells_once: bool) -> None:
        """Note that a question had no answer."""
        self.is_unheard = True
        is_refusal = isinstance(error, ProviderError | VerificationError)
        was_heard = is_refusal and not isinstance(error, ProviderUnavailable)
        if tells_once and not was_heard and not isinstance(error, NotSent):
            self.is_unsure = True


def _called(
    key: str, caller: PhoneNumber, stored: StoredAttempt, now: datetime
) -> StoredAttempt:
    # Another challenge, or an outcome already: this call changes nothing.
    if stored.state is not State.AWAITING_CALL or stored.key != key:
        return stored
    return flow.called(stored, caller, now)
