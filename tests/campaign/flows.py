"""Flows: every way to verify a person, as an application would write it.

Each makes one start-like request, so its phone may ring once at most. It returns what
the application believes in the end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import Enum
from typing import TypeAlias

from callauth import (
    AnswerLost,
    CallAuthError,
    Confirmed,
    NotSent,
    Pin,
    ProtocolError,
    ProviderError,
    ProviderUnavailable,
    Unknown,
)
from callauth.protocol.callpass import Version

from .world import World


class Belief(Enum):
    """Say what the application believes after a flow."""

    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not confirmed"
    NOT_SENT = "not sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"


Flow: TypeAlias = Callable[[World], Awaitable[Belief]]


async def believed(flow: Flow, world: World) -> Belief:
    """Run the flow; what it raises is a belief, too."""
    try:
        return await flow(world)
    except NotSent:
        return Belief.NOT_SENT
    except (AnswerLost, ProtocolError, ProviderUnavailable):
        return Belief.UNKNOWN
    except ProviderError:
        return Belief.REFUSED


async def voice_compared(world: World) -> Belief:
    call = await world.nerotech.voicemail(world.phone)
    await world.clock.sleep(20.0)
    return _typed(world, call.pin)


async def voice_asked(world: World) -> Belief:
    call = await world.nerotech.voicemail(world.phone)
    await world.clock.sleep(20.0)
    typed = world.sandbox.network.typed(world.phone)
    if typed is None:
        return Belief.NOT_CONFIRMED
    try:
        is_right = await world.nerotech.check_code(call.call_id, typed)
    except CallAuthError:
        return Belief.NOT_CONFIRMED
    return Belief.CONFIRMED if is_right else Belief.NOT_CONFIRMED


async def nerotech_dialled(world: World) -> Belief:
    lease = await world.nerotech.incoming_init(world.phone)
    outcome = await world.nerotech.wait_incoming(lease)
    if isinstance(outcome, Unknown):
        return Belief.UNKNOWN
    is_confirmed = isinstance(outcome, Confirmed)
    return Belief.CONFIRMED if is_confirmed else Belief.NOT_CONFIRMED


async def telefonip_dialled(world: World) -> Belief:
    lease = await world.telefonip.reverse_auth_phone_get(world.phone)
    outcome = await world.telefonip.wait_call(lease)
    is_confirmed = isinstance(outcome, Confirmed)
    return Belief.CONFIRMED if is_confirmed else Belief.NOT_CONFIRMED


async def telefonip_posted(world: World) -> Belief:
    lease = await world.telefonip.reverse_auth_phone_post(
        world.phone, webhook="https://example.org/hook/unguessable"
    )
    outcome = await world.telefonip.wait_call(lease)
    is_confirmed = isinstance(outcome, Confirmed)
    return Belief.CONFIRMED if is_confirmed else Belief.NOT_CONFIRMED


def flash(version: Version, *, asynchronous: bool) -> Flow:
    """Return the flow of one version of CallPass."""

    async def flashed(world: World) -> Belief:
        client = world.callpass[version]
        call = await client.start_call_password(
            world.phone, timeout_seconds=20, asynchronous=asynchronous
        )
        if asynchronous:
            # How the call ended does not matter: the number was shown.
            with suppress(ProviderError):
                await client.wait_status(call)
        return _typed(world, call.pin)

    return flashed


def _typed(world: World, pin: Pin) -> Belief:
    typed = world.sandbox.network.typed(world.phone)
    is_right = typed is not None and pin.matches(typed)
    return Belief.CONFIRMED if is_right else Belief.NOT_CONFIRMED


FLOWS: dict[str, Flow] = {
    "voice_compared": voice_compared,
    "voice_asked": voice_asked,
    "nerotech_dialled": nerotech_dialled,
    "telefonip_dialled": telefonip_dialled,
    "telefonip_posted": telefonip_posted,
    "flash_v1": flash("v1.0", asynchronous=False),
    "flash_v2": flash("v2.0", asynchronous=True),
    "flash_v3": flash("v3.0", asynchronous=True),
    "flash_v3_waiting": flash("v3.0", asynchronous=False),
}
