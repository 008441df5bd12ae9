from __future__ import annotations

import pytest

from callauth.cli import bulk_channel
from callauth.cli.bulk_channel import Crowd
from callauth.models.phone import PhoneNumber
from callauth.sandbox import Ledger, Sandbox
from callauth.sandbox.entries import Charge
from callauth.transport.clock import ManualClock


async def test_a_rehearsal_forgets_what_is_old_once_in_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To look through what is too young, for each number, would take for ever."""
    monkeypatch.setattr(bulk_channel, "_MOST_ENTRIES", 100)
    looks: list[int] = []
    forget = Ledger.forget

    def counted(ledger: Ledger, *, older_than_seconds: float) -> None:
        looks.append(len(ledger))
        forget(ledger, older_than_seconds=older_than_seconds)

    monkeypatch.setattr(Ledger, "forget", counted)
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox:
        crowd = Crowd(sandbox)
        for number in range(1000):
            _meet(sandbox, crowd, number)
        assert len(looks) <= 5
        await clock.advance(400.0)
        for number in range(1000, 2000):
            _meet(sandbox, crowd, number)
        assert len(sandbox.ledger) < 2000


def _meet(sandbox: Sandbox, crowd: Crowd, number: int) -> None:
    phone = PhoneNumber(f"+7900{number:07}")
    stamp = sandbox.ledger.stamp()
    sandbox.ledger.write(Charge(**stamp, provider="callpass", phone=phone, kopecks=1))
    crowd("callpass", "start-call-password", phone)
