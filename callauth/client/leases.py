"""LiveLeases: at most one reverse call per phone, and what is known about each lease.

NeroTech's reverse calls have no id: two of one phone cannot be told apart, so a second
start is refused while the first is live. The provider tells a success only once, so
what was learned about a lease is remembered with it.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from datetime import timedelta
from itertools import islice

import anyio
from attrs import define, field

from ..errors import CallInProgress
from ..models.lease import (
    LAST_CHECK_SECONDS,
    LATE_SECONDS,
    LEASE_SECONDS,
    NumberLease,
)
from ..models.phone import PhoneNumber
from ..transport.port import Clock
from .sent import monotonic_of

_REMEMBERED = 100_000
_ONE_SECOND = timedelta(seconds=1)


@define(eq=False, kw_only=True)
class LiveLease:
    """Hold one attempt: its lease and what its checks have shown so far.

    ``is_drained`` says that calls of earlier attempts are known to be used up,
    ``was_answer_lost`` that a check of ours had no answer and may have taken the
    success. One check at a time holds ``turn``.
    """

    lease: NumberLease
    leased_at: float
    is_drained: bool = False
    was_answer_lost: bool = False
    is_confirmed: bool = False
    is_suspected: bool = False
    turn: anyio.Lock = field(factory=anyio.Lock)

    @property
    def last_check_at(self) -> float:
        """When to ask for the last time, on the monotonic clock."""
        return self.leased_at + LEASE_SECONDS + LAST_CHECK_SECONDS


@define(eq=False)
class Reservation:
    """Hold a phone for one attempt, before and while its lease lives.

    Before there is a lease it has no end: requests of it may be on their way.
    ``is_abandoned`` says that the caller left before a number was there to show.
    """

    user: PhoneNumber
    until: float = math.inf
    live: LiveLease | None = None
    is_abandoned: bool = False


class LiveLeases:
    """Keep the attempts of one client."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_phone: OrderedDict[PhoneNumber, Reservation] = OrderedDict()
        # Beyond their end, too: an old lease must not be taken for a foreign young one
        # when the wall clock is set back.
        self._by_lease: OrderedDict[NumberLease, LiveLease] = OrderedDict()

    def reserve(self, user: PhoneNumber) -> Reservation:
        """Take the phone for a new attempt.

        Raises CallInProgress, with the seconds left, while another attempt is live.
        """
        now = self._clock.monotonic()
        held = self._held(user, now)
        if held is not None and not (held.live and held.live.is_confirmed):
            raise CallInProgress(
                "nerotech",
                "incoming/init",
                None,
                "another reverse call of this phone is live",
                retry_after=min(held.until - now, LEASE_SECONDS + LAST_CHECK_SECONDS),
            )
        return self._hold(Reservation(user))

    def release(self, reservation: Reservation) -> None:
        """Give the phone free: the attempt came to nothing."""
        if reservation.live is not None:
            # Another attempt may run from here on, so "already verified" may be its.
            reservation.live.is_drained = False
        if self._by_phone.get(reservation.user) is reservation:
            del self._by_phone[reservation.user]

    def abandon(self, reservation: Reservation) -> None:
        """Give the phone free as soon as no request of the attempt is on its way."""
        reservation.is_abandoned = True
        if reservation.live is not None:
            self.release(reservation)

    def keep(self, reservation: Reservation, live: LiveLease) -> None:
        """Keep the attempt until its last check is over, unless it was abandoned."""
        reservation.live = live
        reservation.until = live.last_check_at + LATE_SECONDS
        self._remember(live)
        if reservation.is_abandoned:
            self.release(reservation)

    def find(self, lease: NumberLease) -> LiveLease:
        """Return what is known of the lease.

        One that this client did not make (another process did) is known by its wall
        clock alone, and takes its phone if that is free.
        """
        live = self._by_lease.get(lease)
        if live is not None:
            return live
        held = self._by_phone.get(lease.user)
        if held is not None and held.live is not None and _is_same(held.live, lease):
            return held.live
        sent_at = monotonic_of(self._clock, lease.leased_at)
        live = LiveLease(lease=lease, leased_at=sent_at)
        self._remember(live)
        now = self._clock.monotonic()
        if self._held(lease.user, now) is None and now < live.last_check_at:
            self.keep(self._hold(Reservation(lease.user)), live)
        return live

    def _remember(self, live: LiveLease) -> None:
        self._by_lease[live.lease] = live
        if len(self._by_lease) > _REMEMBERED:
            self._by_lease.popitem(last=False)

    def _held(self, user: PhoneNumber, now: float) -> Reservation | None:
        held = self._by_phone.get(user)
        return held if held is not None and held.until > now else None

    def _hold(self, reservation: Reservation) -> Reservation:
        self._by_phone[reservation.user] = reservation
        # Two others are looked at for each that comes, in turn, and go when they are
        # over: memory stays bounded without a pause.
        now = self._clock.monotonic()
        for other in list(islice(self._by_phone.values(), 2)):
            self._by_phone.move_to_end(other.user)
            if other.until <= now:
                del self._by_phone[other.user]
        return reservation


def _is_same(live: LiveLease, lease: NumberLease) -> bool:
    # A data base may have cut off the microseconds.
    apart = abs(live.lease.leased_at - lease.leased_at)
    return live.lease.number == lease.number and apart < _ONE_SECOND
