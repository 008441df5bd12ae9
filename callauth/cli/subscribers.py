"""Subscribers: the person of a flow, played by the sandbox's telephone network."""

from __future__ import annotations

import anyio
from attrs import frozen

from ..models.cause import HangupCause
from ..models.lease import NumberLease
from ..models.phone import PhoneNumber
from ..sandbox import Sandbox, Typing


@frozen
class PlayedPerson:
    """Do what the phone's subscriber in the sandbox was told to do.

    He needs ``typing_seconds`` for each code. Numbers are dialled by the network.
    """

    sandbox: Sandbox
    phone: PhoneNumber
    typing_seconds: float

    def sees(self, lease: NumberLease) -> None:
        """Take note: the network dials as scripted."""

    def learns(self, cause: HangupCause) -> None:
        """Pay no heed: the code counts, not how the call ended."""

    async def types(self, *, digits: int, tries_left: int) -> str | None:  # noqa: ARG002 - he types what he saw
        """Return the code, right or wrong, some seconds after it reached him."""
        sandbox = self.sandbox
        rings = sandbox.ledger.rings(self.phone)
        reached = rings[-1].reached if rings else None
        types = sandbox.network.subscriber(self.phone).types
        if reached is None or types is Typing.NOTHING:
            await anyio.sleep_forever()
            return None
        left = max(0.0, reached - sandbox.ledger.elapsed())
        await sandbox.clock.sleep(left + self.typing_seconds)
        return sandbox.network.typed(self.phone)
