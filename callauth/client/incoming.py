"""Incoming: NeroTech's reverse call as a dialogue of several requests.

The provider has no id for an attempt, tells a success only once, and counts any call
of the last two minutes. Hence three rules:

- One live attempt per phone (``LiveLeases``).
- The *drain*: a new lease is asked about once before anybody sees its number. "Not
  called" is the answer that is expected. "Called" is a call of an earlier attempt: it
  is used up by the question, and another number is leased. The same again is refused.
- "Already verified" is our own success only when a check of ours lost its answer and
  the drain had shown a clean start. In every other case it confirms nobody.
"""

from __future__ import annotations

import math

from attrs import frozen

from ..errors import (
    ProtocolError,
    ProviderUnavailable,
    RateLimited,
    TransportError,
)
from ..models.lease import LATE_SECONDS, NumberLease
from ..models.outcome import Confirmed, Expired, Unknown
from ..models.phone import PhoneNumber
from ..protocol import nerotech
from ..protocol.nerotech import PROVIDER, VerifyReply
from ..protocol.nerotech_errors import STALE_CALL_SECONDS
from .events import SuspiciousAnswer
from .leases import LiveLease, LiveLeases, Reservation
from .line import Line
from .poller import Done, Later
from .runner import Settled

_INIT = "incoming/init"
_VERIFY = "incoming/verify"
# One for a clean start, one more when a call of an earlier attempt was found.
_LEASES_TRIED = 2


class Incoming:
    """Lead the reverse calls of one NeroTech client."""

    def __init__(self, line: Line, account: nerotech.Account) -> None:
        self._line = line
        self._account = account
        self._leases = LiveLeases(line.clock)

    def reserve(self, user: PhoneNumber) -> Reservation:
        """Take the phone for one attempt; CallInProgress while another is live."""
        return self._leases.reserve(user)

    def abandon(self, reservation: Reservation) -> None:
        """Give the phone free, since nobody is there to be shown a number."""
        self._leases.abandon(reservation)

    async def init(self, reservation: Reservation, *, drain: bool) -> NumberLease:
        """Return a lease that no earlier call can satisfy."""
        try:
            live = await self._clean_lease(reservation.user, drain=drain)
        except BaseException:
            self._leases.release(reservation)
            raise
        self._leases.keep(reservation, live)
        return live.lease

    async def verify(self, lease: NumberLease) -> bool:
        """Say whether the user has called; it stays true once it was."""
        live = self._leases.find(lease)
        return await self.check(live, until=live.last_check_at, only_once=False)

    async def check(self, live: LiveLease, *, until: float, only_once: bool) -> bool:
        """Say whether the user has called; ask only up to that moment.

        A question that was asked in time gets a little longer for its answer.
        """
        # Held while asking: a second question could take the success of the first.
        async with live.turn:
            if live.is_confirmed:
                return True
            now = self._line.clock.monotonic()
            if now > until:
                return False
            settled = await self._ask(
                live.lease,
                only_once=only_once,
                within_seconds=live.last_check_at + LATE_SECONDS - now,
            )
            return self._learn(live, settled)

    def watch(self, lease: NumberLease) -> IncomingWatch:
        """Return the lease as something to be polled."""
        return IncomingWatch(self, self._line, self._leases.find(lease))

    async def _clean_lease(self, user: PhoneNumber, *, drain: bool) -> LiveLease:
        for _ in range(_LEASES_TRIED):
            live = await self._lease(user)
            if not drain:
                return live
            reply = (await self._ask(live.lease)).unwrap()
            if reply is VerifyReply.NOT_CALLED:
                live.is_drained = True
                return live
            self._suspect(user, "a call of an earlier attempt still counts")
            if reply is VerifyReply.ALREADY_VERIFIED:
                break
        raise RateLimited(
            PROVIDER,
            _INIT,
            None,
            "calls of an earlier attempt still count",
            retry_after=STALE_CALL_SECONDS,
        )

    async def _lease(self, user: PhoneNumber) -> LiveLease:
        settled = await self._line.runner.settle(
            nerotech.incoming_init(self._account, user)
        )
        lease = NumberLease.from_sent_at(
            number=settled.unwrap(), user=user, lease_id=None, sent_at=settled.sent_at
        )
        return LiveLease(lease=lease, leased_at=settled.sent_monotonic)

    async def _ask(
        self,
        lease: NumberLease,
        *,
        only_once: bool = False,
        within_seconds: float = math.inf,
    ) -> Settled[VerifyReply]:
        operation = nerotech.incoming_verify(
            self._account, number=lease.number, user=lease.user
        )
        return await self._line.runner.settle(
            operation, only_once=only_once, within_seconds=within_seconds
        )

    def _learn(self, live: LiveLease, settled: Settled[VerifyReply]) -> bool:
        if settled.tries.lost:
            live.was_answer_lost = True
        reply = settled.unwrap()
        if reply is VerifyReply.ALREADY_VERIFIED:
            live.is_confirmed = live.is_drained and live.was_answer_lost
            # Polling asks again and again; it is told once.
            if not live.is_confirmed and not live.is_suspected:
                live.is_suspected = True
                self._suspect(live.lease.user, "already verified, but not by us")
        if reply is VerifyReply.CALLED:
            live.is_confirmed = True
        return live.is_confirmed

    def _suspect(self, user: PhoneNumber, clause: str) -> None:
        self._line.hooks.emit(
            SuspiciousAnswer(
                provider=PROVIDER, operation=_VERIFY, phone=user, clause=clause
            )
        )


@frozen
class IncomingWatch:
    """Watch one lease until the user calls or its time is over."""

    incoming: Incoming
    line: Line
    live: LiveLease

    @property
    def last_check_at(self) -> float:
        """When the last check is due."""
        return self.live.last_check_at

    async def check(
        self, *, is_last: bool
    ) -> Done[Confirmed | Expired | Unknown] | Later | None:
        """Ask once; a failure to ask is no answer."""
        until = self.live.last_check_at + LATE_SECONDS
        try:
            called = await self.incoming.check(
                self.live, until=until, only_once=not is_last
            )
        except RateLimited as error:
            return Done(self.over()) if is_last else Later.after(error)
        except (TransportError, ProtocolError, ProviderUnavailable):
            called = False
        if called:
            at = self.line.clock.now()
            return Done(Confirmed(at=at, assurance="caller_id"))
        return Done(self.over()) if is_last else None

    def over(self) -> Expired | Unknown:
        """Nobody called in time, as far as is known."""
        at = self.line.clock.now()
        if self.live.was_answer_lost:
            reason = "an answer that could have been the success was lost"
            return Unknown(at=at, reason=reason)
        return Expired(at=at)
