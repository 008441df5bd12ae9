"""Channels of an application's own: two providers without a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from typing import NoReturn

from attrs import define, field, frozen

from callauth import (
    Clock,
    IdempotencyKey,
    Method,
    NumberLease,
    PhoneNumber,
    Pin,
)
from callauth.verification import Rung

SERVICE_NUMBER = PhoneNumber("+79123456789")


class Nowhere(tzinfo):
    """Be a time zone that does not say how far off it is."""

    def utcoffset(self, _: datetime | None) -> None:
        """Return nothing."""

    tzname = dst = utcoffset


def raises(error: Exception) -> Callable[[], NoReturn]:
    """Return the fate of a channel that fails like this."""

    def fate() -> NoReturn:
        raise error

    return fate


@frozen
class Called:
    """Hold the pin of a call, and when it was asked for."""

    pin: Pin
    sent_at: datetime


@define(eq=False)
class Bell:
    """Ring phones, which takes so many ``seconds``.

    ``fate`` is called instead of the next calls when it is set.
    """

    clock: Clock
    name: str = "bell"
    ring_seconds: float = 20.0
    seconds: float = 0.0
    digits: int = 4
    cost: int = 0
    is_ready: bool = True
    method: Method = Method.FLASH_CALL
    pins: Sequence[Pin] = ()
    fate: Callable[[], Rung] | None = None
    rung: list[PhoneNumber] = field(factory=list)
    keys: list[IdempotencyKey] = field(factory=list)

    async def ring(self, phone: PhoneNumber, key: IdempotencyKey) -> Rung:
        """Return the next pin, 1000 and up."""
        number = len(self.rung)
        self.rung.append(phone)
        self.keys.append(key)
        sent_at = self.clock.now()
        if self.seconds:
            await self.clock.sleep(self.seconds)
        if self.fate is not None:
            return self.fate()
        pin = self.pins[number] if self.pins else Pin(f"{1000 + number}")
        return Called(pin, sent_at)


@define(eq=False)
class Desk:
    """Lease a number, and know who dialled it."""

    clock: Clock
    name: str = "desk"
    cost: int = 0
    is_ready: bool = True
    tells_once: bool = False
    has_ids: bool = True
    seconds: float = 0.0
    check_seconds: float = 0.0
    fate: Callable[[], NumberLease] | None = None
    answers: Callable[[], PhoneNumber | None] | None = None
    leases: list[NumberLease] = field(factory=list)
    callers: dict[datetime, PhoneNumber] = field(factory=dict)
    webhooks: list[str | None] = field(factory=list)
    checks: int = 0

    async def lease(self, phone: PhoneNumber, webhook: str | None) -> NumberLease:
        """Return the service number, under the next id."""
        self.webhooks.append(webhook)
        if self.fate is not None:
            return self.fate()
        made = NumberLease.from_sent_at(
            number=SERVICE_NUMBER,
            user=phone,
            lease_id=len(self.leases) + 1 if self.has_ids else None,
            sent_at=self.clock.now(),
        )
        self.leases.append(made)
        if self.seconds:
            await self.clock.sleep(self.seconds)
        return made

    async def check(self, lease: NumberLease) -> PhoneNumber | None:
        """Return who dialled since it was leased."""
        self.checks += 1
        if self.check_seconds:
            await self.clock.sleep(self.check_seconds)
        if self.answers is not None:
            return self.answers()
        return self.callers.get(lease.leased_at)

    def dial(self, caller: PhoneNumber) -> None:
        """Let somebody dial the number that was leased last."""
        self.callers[self.leases[-1].leased_at] = caller
