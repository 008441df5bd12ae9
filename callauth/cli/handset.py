"""Handset: the sandbox's phone in the hands of whoever sits at the terminal."""

from __future__ import annotations

from attrs import frozen

from ..models.instructions import spaced
from ..models.method import Method
from ..models.phone import PhoneNumber
from ..sandbox import Sandbox, Subscriber
from .stories import STRANGER

_ANSWERS_AFTER_SECONDS = 2.0


@frozen
class Handset:
    """Show what the phone shows, and dial from it."""

    sandbox: Sandbox
    phone: PhoneNumber

    @classmethod
    def of(cls, sandbox: Sandbox, phone: PhoneNumber) -> Handset:
        """Return the handset of a phone that is answered after 2 seconds."""
        sandbox.network.subscribers[phone] = Subscriber(
            answers_after_seconds=_ANSWERS_AFTER_SECONDS
        )
        return cls(sandbox, phone)

    async def message(self) -> str:
        """Return what the latest call tells the person, once it has come."""
        ring = self.sandbox.ledger.rings(self.phone)[-1]
        left = (ring.reached or 0.0) - self.sandbox.ledger.elapsed()
        await self.sandbox.clock.sleep(max(0.0, left))
        if ring.method is Method.VOICE_OTP:
            return f"the robot dictates: {' '.join(ring.code.reveal())}"
        return f"the phone shows a missed call from {spaced(ring.caller)}"

    def dial(self, number: PhoneNumber, *, from_another: bool) -> None:
        """Dial the number, from this phone or from a stranger's."""
        self.sandbox.network.dial(STRANGER if from_another else self.phone, number)
