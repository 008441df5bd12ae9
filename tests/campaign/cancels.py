"""Cancels: every public coroutine, cancelled at every turn of the loop, once or twice.

Afterwards the client must work at once, nothing of it may be left running, and the pin
of a phone that rang must have reached the hook ``CallSettled``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from callauth import CallSettled, PhoneNumber, PlacedCall, VoiceCall

from .runs import Tally
from .world import PEOPLE, World, world

Act: TypeAlias = Callable[[World], Awaitable[object]]

_OTHER = PhoneNumber("+79555555555")
# No act takes more turns than this, so a search that goes on has found a defect.
_MOST_TURNS = 400
_TURNS_OF_A_MOMENT = 12
_MOMENT_SECONDS = 3.0


async def _verified(made: World) -> object:
    lease = await made.nerotech.incoming_init(made.phone)
    return await made.nerotech.incoming_verify(lease)


async def _waited_incoming(made: World) -> object:
    lease = await made.nerotech.incoming_init(made.phone)
    return await made.nerotech.wait_incoming(lease)


async def _checked(made: World) -> object:
    lease = await made.telefonip.reverse_auth_phone_get(made.phone)
    return await made.telefonip.reverse_auth_phone_check(lease)


async def _waited_call(made: World) -> object:
    lease = await made.telefonip.reverse_auth_phone_get(made.phone)
    return await made.telefonip.wait_call(lease)


async def _status(made: World) -> object:
    client = made.callpass["v3.0"]
    call = await client.start_call_password(made.phone)
    return await client.get_call_password_status(call.call_id)


async def _waited_status(made: World) -> object:
    client = made.callpass["v2.0"]
    call = await client.start_call_password(made.phone, timeout_seconds=20)
    return await client.wait_status(call)


async def _code_checked(made: World) -> object:
    call = await made.nerotech.voicemail(made.phone)
    return await made.nerotech.check_code(call.call_id, "1234")


ACTS: dict[str, Act] = {
    "voicemail": lambda made: made.nerotech.voicemail(made.phone),
    "check_code": _code_checked,
    "incoming_init": lambda made: made.nerotech.incoming_init(made.phone),
    "incoming_verify": _verified,
    "wait_incoming": _waited_incoming,
    "reverse_auth_phone_get": (
        lambda made: made.telefonip.reverse_auth_phone_get(made.phone)
    ),
    "reverse_auth_phone_post": lambda made: made.telefonip.reverse_auth_phone_post(
        made.phone, webhook="https://example.org/hook"
    ),
    "reverse_auth_phone_check": _checked,
    "wait_call": _waited_call,
    "start_call_password v1": (
        lambda made: made.callpass["v1.0"].start_call_password(made.phone)
    ),
    "start_call_password v3": (
        lambda made: made.callpass["v3.0"].start_call_password(made.phone)
    ),
    "get_call_password_status": _status,
    "wait_status": _waited_status,
}


async def every_turn(name: str, *, twice: bool, seed: int = 1) -> Tally:
    """Cancel the act at its first turn, its second, … until it runs through."""
    tally = Tally()
    for turn in range(_MOST_TURNS):
        cancelled, broken = await _one(name, turn, twice=twice, seed=seed)
        tally.runs += 1
        tally.faults += cancelled
        tally.broken += broken
        if not cancelled:
            return tally
    tally.broken.append(f"{name} never ran through")
    return tally


async def _one(
    name: str, turn: int, *, twice: bool, seed: int
) -> tuple[int, list[str]]:
    before = asyncio.all_tasks()
    async with world(seed, PEOPLE[0]) as made:
        act = asyncio.ensure_future(_settled(ACTS[name], made))
        for number in range(turn):
            await _turn(made, number)
        cancels = 0
        for _ in range(2 if twice else 1):
            cancels += act.cancel()
            await asyncio.sleep(0)
        await asyncio.wait((act,))
        broken = await _aftermath(made)
    left = asyncio.all_tasks() - before
    if left:
        broken.append(f"{len(left)} tasks left")
    return cancels, [f"{name} at turn {turn}: {what}" for what in broken]


async def _turn(made: World, number: int) -> None:
    # A loop that is turned is never idle, so the clock has to be let go now and then.
    if number % _TURNS_OF_A_MOMENT == _TURNS_OF_A_MOMENT - 1:
        await made.clock.sleep(_MOMENT_SECONDS)
    else:
        await asyncio.sleep(0)


async def _settled(act: Act, made: World) -> object:
    return await act(made)


async def _aftermath(made: World) -> list[str]:
    broken = []
    # What is on its way ends; a wait that was cancelled leaves nothing to wait for.
    await made.clock.sleep(120.0)
    began = made.clock.monotonic()
    await made.callpass["v3.0"].start_call_password(_OTHER)
    if made.clock.monotonic() - began > 1.0:
        broken.append("the client did not work within a second")
    rings = made.sandbox.ledger.rings(made.phone)
    told = [
        event
        for event in made.events
        if isinstance(event, CallSettled)
        and isinstance(event.result, VoiceCall | PlacedCall)
        and event.phone == made.phone
    ]
    if len(rings) > 1:
        broken.append(f"rang {len(rings)} times")
    if len(told) != len(rings):
        broken.append(f"{len(rings)} rings, and {len(told)} were told of")
    return broken
