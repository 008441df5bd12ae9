"""Placing: gets a challenge for an attempt from the first channel that can give one.

The order is always the same: lock and count, write down what is about to be asked, ask,
write down what came of it. A process that dies on any line leaves an attempt that
others find as unknown, and a phone that nobody rings meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from attrs import evolve

from ..client.events import Hooks
from ..errors import (
    AuthenticationFailed,
    CallAuthError,
    InsufficientFunds,
    NoChannelLeft,
    NotSent,
    ProviderError,
    ProviderUnavailable,
    RingLocked,
    VerificationError,
)
from ..models.key import IdempotencyKey
from ..models.lease import LEASE_SECONDS, NumberLease
from ..models.method import Method
from ..models.phone import PhoneNumber
from ..models.pin import Pin
from ..transport.clock import within
from ..transport.port import Clock
from . import flow
from .casebook import Casebook, Step
from .channels import (
    Channel,
    LeasesNumber,
    RingsPhone,
    leases,
    log_defect,
    method_of,
    rings,
)
from .events import ChallengeIssued, ChannelPassed, VerificationEvent
from .pepper import Pepper
from .reserving import Reserved, Reserving
from .stored import State, StoredAttempt

_LONGEST_LEASE = timedelta(seconds=LEASE_SECONDS)
# Nothing was placed and another channel may be asked.
_PASSED_ON = (NotSent, AuthenticationFailed, InsufficientFunds)


class Placing:
    """Ask channels, one after the other."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        *,
        casebook: Casebook,
        reserving: Reserving,
        pepper: Pepper,
        clock: Clock,
        hooks: Hooks[VerificationEvent],
        pin_seconds: float,
        least_pin_digits: int,
        webhooks: str | None,
    ) -> None:
        self._channels = channels
        self._casebook = casebook
        self._reserving = reserving
        self._pepper = pepper
        self._clock = clock
        self._hooks = hooks
        self._pin_seconds = pin_seconds
        self._least_pin_digits = least_pin_digits
        self._webhooks = webhooks

    def first_ready(self, route: Sequence[str], start: int = 0) -> int:
        """Return the position of the first channel from there on that can be asked.

        Raises NoChannelLeft when there is none.
        """
        for position in range(start, len(route)):
            channel = self._channels.get(route[position])
            if channel is not None and channel.is_ready:
                return position
        raise NoChannelLeft("expected a channel that can be asked, got none")

    def method(self, name: str) -> Method:
        """Return what the channel of that name does."""
        return method_of(self._channels[name])

    async def reserve(self, name: str, stored: StoredAttempt, key: str) -> Reserved:
        """Lock the phone and count, for a request to the channel of that name."""
        return await self._reserving.reserve(self._channels[name], stored, key)

    async def reserve_next(
        self, stored: StoredAttempt, key: str
    ) -> tuple[int, Reserved]:
        """Return the position of the next channel, locked and counted.

        One that leases numbers is passed over while a call of the phone is waited for.

        Raises NoChannelLeft, RingLocked and TooManyAttempts.
        """
        position, refusal = stored.position, None
        while True:
            try:
                position = self.first_ready(stored.route, position + 1)
            except NoChannelLeft:
                raise refusal or NoChannelLeft("expected another channel") from None
            try:
                name = stored.route[position]
                return position, await self.reserve(name, stored, key)
            except RingLocked as error:
                if self.method(name) is not Method.REVERSE_CALL:
                    raise
                refusal = error

    async def next_in(self, stored: StoredAttempt) -> float | None:
        """Return in how many seconds the next channel may be asked, None for never.

        It goes by the same locks as ``reserve_next``, and takes none.
        """
        left: float | None = None
        if stored.state not in (State.AWAITING_PIN, State.AWAITING_CALL):
            return left
        for name in stored.route[stored.position + 1 :]:
            channel = self._channels.get(name)
            if channel is None or not channel.is_ready:
                continue
            seconds = await self._reserving.free_in(channel, stored)
            left = seconds if left is None else min(left, seconds)
            if rings(channel):
                break
        return left

    async def release(self, reserved: Reserved) -> None:
        """Undo a reservation: nothing was asked for."""
        await self._reserving.release(reserved)

    async def place(self, stored: StoredAttempt, reserved: Reserved) -> StoredAttempt:
        """Return the attempt with a challenge, or as unknown.

        Raises the refusal of a provider, NoChannelLeft, RingLocked and TooManyAttempts;
        the attempt is rejected then.
        """
        while True:
            asked_at = self._clock.monotonic()
            try:
                answered = await self._ask(stored, reserved)
            except _PASSED_ON as error:
                await self._reserving.give_back(reserved)
                self._tell_passed(stored, stored.channel, type(error).__name__)
            except ProviderError as error:
                await self._reserving.give_back(reserved)
                await self._reject(stored, error)
                raise
            else:
                if answered is None:
                    return await self._lose(stored, reserved)
                return await self._issue(stored, answered, reserved, asked_at)
            written, reserved = await self._next(stored)
            if written is None:
                await self._reserving.release(reserved)
                return await self._casebook.get(stored.id)
            self.tell_skipped(written, stored.position + 1)
            stored = written

    def tell_skipped(self, stored: StoredAttempt, start: int = 0) -> None:
        """Tell of the channels from there on that could not be asked."""
        for name in stored.route[start : stored.position]:
            self._tell_passed(stored, name, self._why_not(name))

    def tell_given_up(self, stored: StoredAttempt) -> None:
        """Tell of the channel of which the person has heard nothing."""
        self._tell_passed(stored, stored.channel, "the next one was asked for")

    def _why_not(self, name: str) -> str:
        channel = self._channels.get(name)
        if channel is None:
            return "this process has none of that name"
        if not channel.is_ready:
            return "its provider keeps failing"
        return "a call of the phone is waited for"

    async def _next(
        self, stored: StoredAttempt
    ) -> tuple[StoredAttempt | None, Reserved]:
        try:
            position, reserved = await self.reserve_next(stored, stored.key)
        except VerificationError as error:
            await self._reject(stored, error)
            raise
        method = method_of(reserved.channel)
        now = self._clock.now()
        asked = flow.asked(stored, position, method, stored.key, now)
        return await self._casebook.replace(stored, granted(asked, reserved)), reserved

    async def _ask(
        self, stored: StoredAttempt, reserved: Reserved
    ) -> StoredAttempt | None:
        """Return the attempt with its challenge, None when the phone may ring."""
        channel = reserved.channel
        seconds = reserved.ask_until - self._clock.monotonic()
        if seconds <= 0:
            # A slow store, or a suspend: others may have locked the phone by now.
            raise NotSent(channel.name, "ask", "the phone was locked too long ago")
        try:
            work = self._challenged(stored, channel)
            return await within(self._clock, seconds, work)
        except NotSent:
            raise
        except ProviderError as error:
            if not isinstance(error, ProviderUnavailable):
                raise
        # Whatever else a channel raises, nobody knows what it has done.
        except Exception as error:  # noqa: BLE001
            log_defect(channel, str(error) if isinstance(error, _Unusable) else error)
        if leases(channel):
            # A number that nobody knows is dialled by nobody.
            raise NotSent(channel.name, "lease", "no number came")
        return None

    async def _challenged(
        self, stored: StoredAttempt, channel: Channel
    ) -> StoredAttempt:
        if rings(channel):
            return await self._ring(stored, channel)
        assert leases(channel)  # noqa: S101 - there are two kinds
        return await self._lease(stored, channel)

    async def _ring(self, stored: StoredAttempt, channel: RingsPhone) -> StoredAttempt:
        call = await channel.ring(stored.phone, IdempotencyKey(stored.key))
        if not isinstance(call.pin, Pin) or call.sent_at.utcoffset() is None:
            raise _Unusable("expected a Pin, and an aware sent_at")
        # It rang, but with a pin that the policy finds too easy to guess.
        if len(call.pin) < self._least_pin_digits:
            raise _Unusable("expected a pin of least_pin_digits")
        return flow.rang(
            stored,
            pin_mac=self._pepper.pin_mac(stored.id, stored.phone, call.pin),
            digits=len(call.pin),
            sent_at=self._sent_at(stored, call.sent_at),
            lives_seconds=self._pin_seconds,
        )

    async def _lease(
        self, stored: StoredAttempt, channel: LeasesNumber
    ) -> StoredAttempt:
        webhook = None
        if self._webhooks is not None:
            webhook = self._webhooks + self._pepper.path(stored.id)
        lease = await channel.lease(stored.phone, webhook)
        if not isinstance(lease, NumberLease) or lease.user != stored.phone:
            raise _Unusable("expected a NumberLease for that phone")
        # What cannot be written down, or not be read again.
        is_id = type(lease.lease_id) in (int, type(None))
        if not is_id or not isinstance(lease.number, PhoneNumber):
            raise _Unusable("expected a lease with a PhoneNumber, and an int or no id")
        sent_at = self._sent_at(stored, lease.leased_at)
        # What the person is told is counted from then, too, by the same clock.
        shown = lease.expires_at - lease.leased_at
        if not timedelta(0) < shown < _LONGEST_LEASE:
            shown = _LONGEST_LEASE
        lease = evolve(lease, expires_at=sent_at + shown)
        return evolve(flow.leased(stored, lease), sent_at=sent_at)

    def _sent_at(self, stored: StoredAttempt, told: datetime) -> datetime:
        # Between the asking and the answer, whatever the provider's clock says.
        return min(max(told, stored.sent_at), self._clock.now())

    async def _lose(self, stored: StoredAttempt, reserved: Reserved) -> StoredAttempt:
        await self._reserving.may_ring(reserved)
        reason = "nobody knows whether the phone rings"
        return await self._end(stored, lambda found, at: flow.lost(found, reason, at))

    async def _issue(
        self,
        stored: StoredAttempt,
        changed: StoredAttempt,
        reserved: Reserved,
        asked_at: float,
    ) -> StoredAttempt:
        await self._reserving.keep(reserved, changed)
        self._casebook.note_sent(changed, not_before=asked_at)
        issued = await self._casebook.replace(stored, changed)
        if issued is None:
            # Cancelled meanwhile, or given up for dead by another process.
            return await self._casebook.get(stored.id)
        self._hooks.emit(
            ChallengeIssued(
                attempt_id=issued.id, phone=issued.phone, channel=issued.channel
            )
        )
        return issued

    async def _reject(self, stored: StoredAttempt, error: CallAuthError) -> None:
        reason = type(error).__name__
        await self._end(stored, lambda found, at: flow.not_placed(found, reason, at))

    async def _end(self, stored: StoredAttempt, ending: Step) -> StoredAttempt:
        # Cancelled meanwhile, or given up for dead: that stands.
        def step(found: StoredAttempt, now: datetime) -> StoredAttempt:
            is_asking = found.state is State.STARTING
            return ending(found, now) if is_asking else found

        return await self._casebook.change(stored.id, step)

    def _tell_passed(self, stored: StoredAttempt, channel: str, reason: str) -> None:
        self._hooks.emit(
            ChannelPassed(
                attempt_id=stored.id,
                phone=stored.phone,
                channel=channel,
                reason=reason,
            )
        )


class _Unusable(Exception):
    """What a channel has returned cannot be used, for a reason of our own."""


def granted(stored: StoredAttempt, reserved: Reserved) -> StoredAttempt:
    """Return the attempt with the tries that were counted for it."""
    grant = reserved.grant
    if grant is None:
        return evolve(stored, tries_left=0, granted_at=None)
    return evolve(stored, tries_left=grant.tries, granted_at=grant.at)
