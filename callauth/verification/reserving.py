"""Reserving: what is locked and counted before a channel is asked, and given back.

Two locks keep people from being called twice and from being mixed up: the *ring lock*,
held while the phone rings or may ring, and the *reverse lock*, held while a call from
the phone is waited for. Each is owned by the key of one start or ``next_channel``, so
that not even the same attempt can ring again, or lease a second number, under its own
lock.

The store compares the ends of locks with the wall clock, the only one that processes
share. So that a wall clock which is set forward lets no phone ring again, the process
that locked it remembers the end by the clock that cannot be set, too.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import datetime, timedelta

from attrs import frozen

from ..errors import RingLocked
from ..models.phone import PhoneNumber
from ..transport.port import Clock
from .channels import Channel, leases, rings
from .flow import CALL_COUNTS_FOR_SECONDS
from .limits import Charged, Grant, Limits
from .pepper import Pepper
from .ring_ends import RingEnds
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
    ask_until: float
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
    ) -> None:
        self._store = store
        self._limits = limits
        self._pepper = pepper
        self._clock = clock
        self._ring_ends = RingEnds(clock)

    async def reserve(
        self, channel: Channel, stored: StoredAttempt, key: str
    ) -> Reserved:
        """Lock the phone and count what is about to be asked for, under this key.

        The tries that the present challenge of the attempt has left are used again.

        Raises RingLocked and TooManyAttempts; nothing is locked or counted then.
        """
        if leases(channel):
            return await self._reserve_lease(channel, stored, key)
        return await self._reserve_ring(channel, stored, key)

    async def free_in(self, channel: Channel, stored: StoredAttempt) -> float:
        """Return in how many seconds the channel may be asked, at the earliest."""
        now = self._clock.now()
        if leases(channel):
            return await self._held(reverse_lock(self._pepper, stored.phone), now)
        lock = self._pepper.name("ring", stored.phone.e164)
        waits = [self._ring_ends.left(lock), await self._held(lock, now)]
        if stored.digits is not None:
            # The pause after the first call of the day; later ones are longer.
            age = (now - stored.sent_at).total_seconds()
            waits.append(self._limits.shortest_pause - age)
        return max(0.0, *waits)

    async def release(self, reserved: Reserved) -> None:
        """Undo a reservation: nothing was asked for."""
        await self.give_back(reserved)
        if reserved.grant is not None:
            await self._limits.give_back_tries(
                reserved.phone, reserved.grant.charged, reserved.grant.at
            )

    async def give_back(self, reserved: Reserved) -> None:
        """Undo it except for the tries, which belong to the attempt from now on."""
        await self._unlock(reserved.lock, reserved.key)
        await self._limits.give_back(reserved.charged)

    async def keep(self, reserved: Reserved, stored: StoredAttempt) -> None:
        """Keep the phone locked while it rings, or while its call is waited for."""
        if stored.lease is not None:
            await self._keep_lease(reserved, stored, stored.lease.lease_id)
        else:
            # From now on: the request was on its way for as long as we waited.
            await self._hold_ring(reserved, _ring_seconds(reserved.channel))

    async def may_ring(self, reserved: Reserved) -> None:
        """Keep the phone locked while a call may ring of which nobody knows."""
        seconds = _AFTER_A_LOSS_SECONDS + _ring_seconds(reserved.channel)
        await self._hold_ring(reserved, seconds)

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
        self, channel: Channel, stored: StoredAttempt, key: str
    ) -> Reserved:
        now = self._clock.now()
        ask_until = self._clock.monotonic() + PLACING_SECONDS
        lock = self._pepper.name("ring", stored.phone.e164)
        seconds = PLACING_SECONDS + _AFTER_A_LOSS_SECONDS + _ring_seconds(channel)
        clause = "it rings, or may ring"
        if left := self._ring_ends.left(lock):
            raise _locked(clause, left)
        await self._lock(lock, key, seconds, clause)
        async with AsyncExitStack() as undo:
            undo.push_async_callback(self._unlock, lock, key)
            # The wall clock was set while two of this process took it.
            if left := self._ring_ends.left(lock):
                raise _locked(clause, left)
            self._ring_ends.put(lock, key, seconds)
            charged = await self._limits.ring(stored.phone, channel.cost, now)
            undo.push_async_callback(self._limits.give_back, charged)
            grant = await self._limits.tries(
                stored.phone, stored.granted_at or now, held=stored.tries_left
            )
            undo.pop_all()
        return Reserved(
            channel=channel,
            phone=stored.phone,
            key=key,
            lock=lock,
            charged=charged,
            ask_until=ask_until,
            grant=grant,
        )

    async def _reserve_lease(
        self, channel: Channel, stored: StoredAttempt, key: str
    ) -> Reserved:
        ask_until = self._clock.monotonic() + PLACING_SECONDS
        lock = reverse_lock(self._pepper, stored.phone)
        seconds = PLACING_SECONDS + CALL_COUNTS_FOR_SECONDS
        await self._lock(lock, key, seconds, "a call from it is waited for")
        async with AsyncExitStack() as undo:
            undo.push_async_callback(self._store.unlock, lock, key)
            now = self._clock.now()
            charged = await self._limits.lease(stored.phone, channel.cost, now)
            undo.pop_all()
        return Reserved(
            channel=channel,
            phone=stored.phone,
            key=key,
            lock=lock,
            charged=charged,
            ask_until=ask_until,
        )

    async def _lock(self, name: str, owner: str, seconds: float, clause: str) -> None:
        now = self._clock.now()
        until = now + timedelta(seconds=seconds)
        lock = await self._store.lock(name, owner, until=until, now=now)
        if lock.owner != owner:
            raise _locked(clause, (lock.until - now).total_seconds())

    async def _unlock(self, name: str, owner: str) -> None:
        self._ring_ends.drop(name, owner)
        await self._store.unlock(name, owner)

    async def _hold_ring(self, reserved: Reserved, seconds: float) -> None:
        self._ring_ends.put(reserved.lock, reserved.key, seconds)
        await self._hold(reserved, self._clock.now() + timedelta(seconds=seconds))

    async def _held(self, lock: str, now: datetime) -> float:
        holder = await self._store.holder(lock, now=now)
        return 0.0 if holder is None else (holder.until - now).total_seconds()

    async def _hold(self, reserved: Reserved, until: datetime) -> None:
        await self._store.lock(
            reserved.lock, reserved.key, until=until, now=self._clock.now()
        )


def reverse_lock(pepper: Pepper, phone: PhoneNumber) -> str:
    """Return the name of the lock that allows one reverse call per phone."""
    return pepper.name("reverse", phone.e164)


def lease_name(lease_id: int) -> str:
    """Return the name of the lock whose owner is the attempt with that lease.

    When another attempt holds it, the provider has given an id twice, and webhooks mean
    the first one until it ends; the poller finds the second.
    """
    return f"lease/{lease_id}"


def _locked(clause: str, left: float) -> RingLocked:
    return RingLocked(f"expected a free phone, but {clause}", retry_after=left)


def _ring_seconds(channel: Channel) -> float:
    return channel.ring_seconds if rings(channel) else 0.0
