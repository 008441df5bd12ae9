"""The reverse call of NeroTech: its operations, its answers, and how a wait ends."""

from __future__ import annotations

from callauth import NeroTechClient, NumberLease, Response
from tests.support.answers import answer

from .world import World

INIT, VERIFY = "incoming/init", "incoming/verify"
YES = answer({"status": True})


def no(code: int) -> Response:
    """Return the refusal with that code."""
    return answer({"status": False, "error": code})


def leased(number: str = "79123456789") -> Response:
    """Return the answer that leases that number."""
    return answer({"status": True, "service_phone": number})


async def waited(client: NeroTechClient, world: World, lease: NumberLease) -> object:
    """Return the class of the outcome, which is of the moment when the wait ends."""
    outcome = await client.wait_incoming(lease)
    assert outcome.at == world.clock.now()
    return type(outcome)
