"""A channel of the test's own that rings nobody."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field, frozen

from callauth import (
    Clock,
    IdempotencyKey,
    Method,
    PhoneNumber,
    Pin,
    Secret,
    SystemClock,
    VerificationPolicy,
    Verifier,
)
from callauth.verification import Rung, Store

PIN = "0446"
WRONG_PIN = "0447"
_PEPPER = Secret("the same key in every process")
_POLICY = VerificationPolicy(pin_seconds=600.0)


@frozen
class Call:
    """A call that was placed."""

    pin: Pin
    sent_at: datetime


@define(eq=False)
class Bell:
    """Tell the same pin each time, and remember who was rung."""

    name: str = "flash_call:bell"
    method: Method = Method.FLASH_CALL
    digits: int = len(PIN)
    ring_seconds: float = 30.0
    cost: int = 0
    is_ready: bool = True
    clock: Clock = field(factory=SystemClock)
    rung: list[PhoneNumber] = field(factory=list)

    async def ring(self, phone: PhoneNumber, key: IdempotencyKey) -> Rung:
        self.rung.append(phone)
        return Call(Pin(PIN), self.clock.now())


def with_bell(store: Store, bell: Bell | None = None) -> Verifier:
    """Return a Verifier that rings the bell, on the bell's clock."""
    bell = bell or Bell()
    return Verifier(
        [bell], store=store, pepper=_PEPPER, policy=_POLICY, clock=bell.clock
    )
