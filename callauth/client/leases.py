"""LiveLeases: at most one reverse call per phone, and what is known about it.

NeroTech's reverse calls have no id: two of one phone cannot be told apart, so a second
start is refused while the first is live. The provider tells a success only once, so
what was learned about a lease is kept with it until it is over.
"""

from __future__ import annotations

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
    turn: anyio.Lock = field(factory=anyio.Lock)

    @property
    def last_check_at(self) -> float:
        """When to ask for the last time, on the monotonic clock."""
        return self.leased_at + LEASE_SECONDS + LAST_CHECK_SECONDS

    def is_over(self, now: float) -> bool:
        """Whether it is too late even for the last check."""
        return now > self.last_check_at + LATE_SECONDS


@define(eq=False)
class Reservation:
    """Hold a phone for one attempt, before and while its lease lives."""

    user: PhoneNumber
    until: float
    live: LiveLease | None = None


class LiveLeases:
    """Keep the live attempts of one client by the user's phone."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_phone: dict[PhoneNumber, Reservation] = {}

    def reserve(self, user: PhoneNumber, seconds: float) -> Reservation:
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
                retry_after=held.until - now,
            )
        return self._hold(Reservation(user, now + seconds))

    def release(self, reservation: Reservation) -> None:
        """Give the phone free: the attempt came to nothing."""
        if self._by_phone.get(reservation.user) is reservation:
            del self._by_phone[reservation.user]

    def keep(self, reservation: Reservation, live: LiveLease) -> None:
        """Keep the attempt, unless it was given up, until its last check is over."""
        reservation.live = live
        reservation.until = live.last_check_at + LATE_SECONDS

    def find(self, lease: NumberLease) -> LiveLease:
        """Return what is known of the lease.

        One that this client did not make (another process did) is known by its wall
        clock alone; a clock that went backwards makes it over, never longer.
        """
        now = self._clock.monotonic()
        held = self._held(lease.user, now)
        if held is not None and held.live is not None and held.live.lease == lease:
            return held.live
        sent_at = monotonic_of(self._clock, lease.leased_at)
        live = LiveLease(lease=lease, leased_at=sent_at)
        if held is None and not live.is_over(now):
            adopted = self._hold(Reservation(lease.user, now))
            self.keep(adopted, live)
        return live

    def _held(self, user: PhoneNumber, now: float) -> Reservation | None:
        held = self._by_phone.get(user)
        return held if held is not None and held.until > now else None

    def _hold(self, reservation: Reservation) -> Reservation:
        self._by_phone.pop(reservation.user, None)
        self._by_phone[reservation.user] = reservation
        # Two that are over go for each that comes, so memory is bounded without a
        # pause; the oldest stand first.
        now = self._clock.monotonic()
        for held in list(islice(self._by_phone.values(), 2)):
            if held.until < now:
                self.release(held)
        return reservation
