"""Limits: the policy's numbers, counted in the store."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from attrs import evolve, frozen

from ..client.events import Hooks
from ..errors import TooManyAttempts
from ..models.phone import PhoneNumber
from .counters import Charge
from .events import StartLimited, VerificationEvent
from .pepper import Pepper
from .policy import DAY_SECONDS, Limit, VerificationPolicy
from .store import Store

# "+7" and the code of the operator with a part of the number.
_PREFIX = 8


@frozen(kw_only=True)
class Charged:
    """Hold what was counted and when, so that it can be given back."""

    charges: tuple[Charge, ...] = ()
    at: datetime


@frozen(kw_only=True)
class Grant:
    """Hold how many pins may be typed, and how many of them were counted now."""

    tries: int
    charged: int
    at: datetime


class Limits:
    """Count starts, calls, costs and wrong pins."""

    def __init__(
        self,
        policy: VerificationPolicy,
        *,
        pepper: Pepper,
        store: Store,
        hooks: Hooks[VerificationEvent],
    ) -> None:
        self._policy = policy
        self._pepper = pepper
        self._store = store
        self._hooks = hooks

    @property
    def shortest_pause(self) -> float:
        """The seconds between two calls of a phone, at least."""
        pauses = () if self._policy.dry_run else self._policy.cool_down
        return min(pauses, default=0.0)

    async def start(
        self, phone: PhoneNumber, client_ip: str | None, now: datetime
    ) -> Charged:
        """Count one call asked for; TooManyAttempts when that is one too many."""
        policy, hashed = self._policy, self._pepper.name
        limits = {
            hashed("starts/phone", phone.e164): policy.starts_per_phone,
            f"starts/prefix/{phone.e164[:_PREFIX]}": policy.starts_per_prefix,
            "starts": policy.starts,
        }
        if client_ip is not None:
            limits[hashed("starts/ip", client_ip)] = policy.starts_per_client_ip
        charges = [
            _charge(counter, limit) for counter, limit in limits.items() if limit
        ]
        return await self._charge(charges, phone, now)

    async def ring(self, phone: PhoneNumber, cost: int, now: datetime) -> Charged:
        """Count one call to the phone and what it costs."""
        ring = Charge(
            counter=self._pepper.name("rings/phone", phone.e164),
            window_seconds=DAY_SECONDS,
            pauses=self._policy.cool_down,
        )
        return await self._charge([ring, *self._spend(cost)], phone, now)

    async def lease(self, phone: PhoneNumber, cost: int, now: datetime) -> Charged:
        """Count what one leased number costs."""
        return await self._charge(self._spend(cost), phone, now)

    async def tries(self, phone: PhoneNumber, now: datetime, *, held: int = 0) -> Grant:
        """Count as many wrong pins as may still be typed, before any is.

        ``held`` have been counted already, at the moment ``now``. What is not used is
        given back at the end, so that whatever happens at the same time, and in
        whatever process, never more than the limit are typed.

        Raises TooManyAttempts when not even one is left.
        """
        most = min(self._policy.tries_per_pin, self._policy.failures_per_phone.times)
        # Another process may have granted more, under another policy.
        most = max(most, held)
        if self._policy.dry_run:
            await self._charge([self._failures(phone, most - held)], phone, now)
            return Grant(tries=most, charged=most - held, at=now)
        for more in range(most - held, 0, -1):
            charge = self._failures(phone, more)
            if not await self._store.charge([charge], now=now):
                return Grant(tries=held + more, charged=more, at=now)
        if held == 0:
            # What live attempts have not used comes back with their end.
            soon = self._policy.pin_seconds
            await self._charge([self._failures(phone, 1)], phone, now, soon)
        return Grant(tries=max(held, 1), charged=0 if held else 1, at=now)

    async def give_back_tries(
        self, phone: PhoneNumber, tries: int, at: datetime
    ) -> None:
        """Take back the tries that were not used."""
        await self._store.refund([self._failures(phone, tries)], at=at)

    async def give_back(self, charged: Charged) -> None:
        """Take back what was counted for something that did not happen."""
        if charged.charges:
            await self._store.refund(charged.charges, at=charged.at)

    def _failures(self, phone: PhoneNumber, tries: int) -> Charge:
        counter = self._pepper.name("failures/phone", phone.e164)
        return evolve(_charge(counter, self._policy.failures_per_phone), weight=tries)

    def _spend(self, cost: int) -> list[Charge]:
        limit = self._policy.spend
        if limit is None or cost == 0:
            return []
        return [evolve(_charge("spend", limit), weight=cost)]

    async def _charge(
        self,
        charges: Sequence[Charge],
        phone: PhoneNumber,
        now: datetime,
        soon: float = math.inf,
    ) -> Charged:
        if not charges:
            return Charged(at=now)
        is_dry_run = self._policy.dry_run
        refusal = await self._store.charge(charges, now=now, enforce=not is_dry_run)
        if refusal is not None:
            # The name without the part that stands for a phone or an address.
            limit = "/".join(refusal.counter.split("/")[:2])
            retry_after = min(refusal.retry_after, soon)
            self._hooks.emit(
                StartLimited(
                    phone=phone,
                    limit=limit,
                    retry_after=retry_after,
                    is_dry_run=is_dry_run,
                )
            )
            if not is_dry_run:
                raise TooManyAttempts(limit, retry_after=retry_after)
        return Charged(charges=tuple(charges), at=now)


def _charge(counter: str, limit: Limit) -> Charge:
    return Charge(counter=counter, limit=limit.times, window_seconds=limit.seconds)
