from __future__ import annotations

from attrs import frozen

from callauth.cli.kinds import REVERSE, VOICEMAIL, Kind
from callauth.cli.performance import Performance
from callauth.cli.scenario import Part
from callauth.cli.stories import GOOD, STRANGER
from callauth.cli.tally import verdict
from callauth.models.phone import PhoneNumber
from callauth.models.pin import Pin
from callauth.sandbox import FastClock, Sandbox, Subscriber
from tests.support.canaries import Canaries


@frozen
class Stage:
    """Somebody who verifies one number, quickly."""

    phone: PhoneNumber
    kind: Kind

    async def verdict(self, sandbox: Sandbox) -> str:
        part = Part(
            phone=self.phone,
            kind=self.kind,
            story=GOOD,
            arrives_seconds=0.0,
            typing_seconds=1.0,
        )
        performance = Performance(sandbox, [part])
        await performance.run()
        return str(verdict(performance.finished))


async def test_a_second_ring_is_seen(canaries: Canaries) -> None:
    """Whoever made it: the ledger counts calls, not requests."""
    stage = Stage(canaries.phone(), VOICEMAIL)
    async with Sandbox(clock=FastClock(50)) as sandbox:
        sandbox.network.dictate(
            stage.phone, Pin("1234"), provider="nerotech", caller=STRANGER
        )

        found = await stage.verdict(sandbox)

    assert found == "rings twice: 1, false verifications: 0"


async def test_a_confirmation_without_proof_is_seen(canaries: Canaries) -> None:
    """Here the provider lies: somebody else called."""
    stage = Stage(canaries.phone(), REVERSE)
    async with Sandbox(clock=FastClock(50)) as sandbox:
        sandbox.network.default = Subscriber(
            dials_after_seconds=1.0, dials_from=STRANGER
        )
        sandbox.telefonip.check_answers = stage.phone

        found = await stage.verdict(sandbox)

    assert found == "rings twice: 0, false verifications: 1"
