"""Reserving: what is locked and counted before a channel is asked, and given back.

Two locks keep people from being called twice and from being mixed up: the *ring lock*,
held while the phone rings or may ring, and the *reverse lock*, held while a call from
the phone is waited for. Each is owned by the key of one request, so that the same
attempt cannot ring again under its own lock.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import frozen

from ..client.events import Hooks
from ..errors import RingLocked
from ..models.phone import PhoneNumber
from ..transport.port import Clock
from .channels import Channel, LeasesNumber, RingsPhone
from .events import SuspiciousAttempt, VerificationEvent
from .flow import CALL_COUNTS_FOR_SECONDS
from .limits import Charged, Grant, Limits
from .pepper import Pepper
from .store import Store
from .stored import StoredAttempt

# More than any channel of ours takes with all its tries.
PLACING_SECONDS = 150.0
# After a lost answer the request may still be on its way to a phone.
_AFTER_A_LOSS_SECONDS = 30.0


@frozen(kw_only=True)
class Reserved:
    """Hold what was locked and counted for one request to one channel."""

    channel: Channel
    phone: PhoneNumber
    key: str
    lock: str
    charged: Charged
    grant: Grant | None = None


class Reserving:
    """Lock phones and count calls."""

    def __init__(
        self,
        store: Store,
        *,
        limits: Limits,
        pepper: Pepper,
        clock: Clock,
        hooks: Hooks[VerificationEvent],
    ) -> None:
        self._store = store
        self._limits = limits
        self._pepper = pepper
        self._clock = clock
        self._hooks = hooks

    async def reserve(
        self,
        channel: Channel,
        phone: PhoneNumber,
        key: str,
        previous: StoredAttempt | None = None,
    ) -> Reserved:
        """Lock the phone and count what is about to be asked for.

        The tries that the ``previous`` challenge of the attempt has left are used for
        this one.

        Raises RingLocked and TooManyAttempts; nothing is locked or counted then.
        """
        if isinstance(channel, LeasesNumber):
            return await self._reserve_lease(channel, phone, key)
        return await self._reserve_ring(channel, phone, key, previous)

    async def release(self, reserved: Reserved) -> None:
        """Undo a reservation: nothing was asked for."""
        await self.give_back(reserved)
        if reserved.grant is not None:
            await self._limits.give_back_tries(
                reserved.phone, reserved.grant.charged, reserved.grant.at
            )

    async def give_back(self, reserved: Reserved) -> None:
        """Undo it except for the tries, which belong to the attempt from now on."""
        await self._store.unlock(reserved.lock, reserved.key)
        await self._limits.give_back(reserved.charged)

    async def keep(self, reserved: Reserved, stored: StoredAttempt) -> None:
        """Keep the phone locked while it rings, or while its call is waited for."""
        if stored.lease is not None:
            await self._keep_lease(reserved, stored, stored.lease.lease_id)
        elif isinstance(reserved.channel, RingsPhone):
            # From now on: the request was on its way for as long as we waited.
            seconds = reserved.channel.ring_seconds
            until = self._clock.now() + timedelta(seconds=seconds)
            await self._hold(reserved, until)

    async def may_ring(self, reserved: Reserved) -> None:
        """Keep the phone locked while a call may ring of which nobody knows."""
        if isinstance(reserved.channel, RingsPhone):
            seconds = _AFTER_A_LOSS_SECONDS + reserved.channel.ring_seconds
            until = self._clock.now() + timedelta(seconds=seconds)
            await self._hold(reserved, until)

    async def _keep_lease(
        self, reserved: Reserved, stored: StoredAttempt, lease_id: int | None
    ) -> None:
        await self._hold(reserved, stored.expires_at)
        if lease_id is not None:
            now = self._clock.now()
            await self._store.lock(
                lease_name(lease_id), stored.id, until=stored.expires_at, now=now
            )

    async def _reserve_ring(
        self,
        channel: RingsPhone,
        phone: PhoneNumber,
        key: str,
        previous: StoredAttempt | None,
    ) -> Reserved:
        now = self._clock.now()
        lock = self._pepper.name("ring", phone.e164)
        seconds = PLACING_SECONDS + _AFTER_A_LOSS_SECONDS + channel.ring_seconds
        await self._lock(lock, key, seconds, "it rings, or may ring")
        try:
            charged = await self._limits.ring(phone, channel.cost, now)
            grant = await self._grant(phone, charged, previous, now)
        except BaseException:
            await self._store.unlock(lock, key)
            raise
        return Reserved(
            channel=channel,
            phone=phone,
            key=key,
            lock=lock,
            charged=charged,
            grant=grant,
        )

    async def _grant(
        self,
        phone: PhoneNumber,
        charged: Charged,
        previous: StoredAttempt | None,
        now: datetime,
    ) -> Grant:
        try:
            if previous is None or previous.granted_at is None:
                return await self._limits.tries(phone, now)
            return await self._limits.tries(
                phone, previous.granted_at, held=previous.tries_left
            )
        except BaseException:
            await self._limits.give_back(charged)
            raise

    async def _reserve_lease(
        self, channel: LeasesNumber, phone: PhoneNumber, key: str
    ) -> Reserved:
        lock = self._pepper.name("reverse", phone.e164)
        seconds = PLACING_SECONDS + CALL_COUNTS_FOR_SECONDS
        try:
            await self._lock(lock, key, seconds, "a call from it is waited for")
        except RingLocked:
            clause = "a second reverse call while one is live"
            self._hooks.emit(
                SuspiciousAttempt(attempt_id=None, phone=phone, clause=clause)
            )
            raise
        try:
            charged = await self._limits.lease(phone, channel.cost, self._clock.now())
        except BaseException:
            await self._store.unlock(lock, key)
            raise
        return Reserved(
            channel=channel, phone=phone, key=key, lock=lock, charged=charged
        )

    async def _lock(self, name: str, key: str, seconds: float, clause: str) -> None:
        now = self._clock.now()
        until = now + timedelta(seconds=seconds)
        lock = await self._store.lock(name, key, until=until, now=now)
        if lock.owner != key:
            left = (lock.until - now).total_seconds()
            raise RingLocked(f"expected a free phone, but {clause}", retry_after=left)

    async def _hold(self, reserved: Reserved, until: datetime) -> None:
        await self._store.lock(
            reserved.lock, reserved.key, until=until, now=self._clock.now()
        )


def lease_name(lease_id: int) -> str:
    """Return the name of the lock under which a lease finds its attempt."""
    return f"lease/{lease_id}"
