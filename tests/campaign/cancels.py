"""Cancels: every public coroutine, cancelled at every turn of the loop, once or twice.

The clock is stepped: each turn is one of the loop or one alarm, none is left out. A
caller who is cancelled must be gone at the loop's next turn, and what he began must
end by itself. Afterwards every client must work at once, and the pin of a phone that
rang must have reached the hook ``CallSettled``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from callauth import CallAuthError, CallSettled, PhoneNumber, PlacedCall, VoiceCall
from callauth.sandbox import Fault, Latency, Refused
from tests.client.stepped import SteppedClock
from tests.support.tally import Tally

from .acts import ACTS, Act, starts
from .injection import Steps
from .world import PEOPLE, World, world

_OTHER = PhoneNumber("+79555555555")
# No act takes more turns than this, so a search that goes on has found a defect.
_MOST_TURNS = 400
# Nor does what is left of it afterwards.
_MOST_STEPS = 2000
_AT_ONCE_SECONDS = 1.0
# Version 1.0 of CallPass answers when the call is over, here after 2 seconds.
_RING_SECONDS = 2.0
# With each a ring is told of all the same; a lost answer leaves nothing to tell.
_TROUBLES: tuple[Mapping[int, Fault], ...] = (
    {},
    {0: Latency(1.0)},
    {0: Refused()},
    {1: Latency(4.5, late_arrival=True)},
    {1: Refused()},
)


async def every_turn(name: str, *, twice: bool, seed: int = 1) -> Tally:
    """Cancel the act at its first turn, its second, … until it runs through.

    It ends at the first finding, since a client that leaks is slow from then on.
    """
    tally = Tally()
    for turn in range(_MOST_TURNS):
        cancels, broken = await _one(ACTS[name], turn, twice=twice, seed=seed)
        tally.runs += 1
        tally.faults += cancels > 0
        tally.doubled += cancels > 1
        tally.broken += [f"seed {seed} {name} at turn {turn}: {b}" for b in broken]
        if not cancels or broken:
            return tally
    tally.broken.append(f"seed {seed} {name} never ran through")
    return tally


async def _one(act: Act, turn: int, *, twice: bool, seed: int) -> tuple[int, list[str]]:
    clock = SteppedClock()
    async with world(seed, PEOPLE[0], clock=clock) as made:
        before = asyncio.all_tasks()
        made.sandbox.faults.decide = Steps(_TROUBLES[seed % len(_TROUBLES)])
        caller = asyncio.create_task(_acted(act, made))
        for _ in range(turn):
            await clock.step()
        # Both before the caller's next turn: after it he is gone.
        cancels = sum(caller.cancel() for _ in range(2 if twice else 1))
        await asyncio.sleep(0)
        broken = [] if caller.done() else ["needs more than one turn to leave"]
        broken += await _remains(clock, before)
        made.sandbox.faults.decide = None
        broken += await _refusals(made, clock)
        broken += _untold(made)
    return cancels, broken


async def _acted(act: Act, made: World) -> object:
    # Called in here: a coroutine that nobody ever awaits is complained of.
    return await act(made)


async def _remains(clock: SteppedClock, before: set[asyncio.Task[object]]) -> list[str]:
    """Let everything end that ends by itself, then name what is left."""
    broken = [] if await _ran_down(clock) else ["something goes on for ever"]
    left = asyncio.all_tasks() - before
    for task in left:
        task.cancel()
    return broken + ([f"{len(left)} tasks left"] if left else [])


async def _ran_down(clock: SteppedClock) -> bool:
    for _ in range(_MOST_STEPS):
        if not await clock.step():
            return True
    return False


async def _refusals(made: World, clock: SteppedClock) -> list[str]:
    """Make one start with each client, and name those that do not work at once."""
    broken = []
    for name, start in starts(made, _OTHER).items():
        began = clock.monotonic()
        task = asyncio.ensure_future(start)
        while not task.done() and await clock.step():
            pass
        allowed = _AT_ONCE_SECONDS + _RING_SECONDS * (name == "callpass v1.0")
        if not task.done() or clock.monotonic() - began > allowed:
            broken.append(f"{name} did not work within a second")
        elif isinstance(error := task.exception(), CallAuthError):
            broken.append(f"{name} did not work: {type(error).__name__}")
    return broken


def _untold(made: World) -> list[str]:
    rings = made.sandbox.ledger.rings(made.phone)
    told = [
        event
        for event in made.events
        if isinstance(event, CallSettled)
        and isinstance(event.result, VoiceCall | PlacedCall)
        and event.phone == made.phone
    ]
    broken = [f"rang {len(rings)} times"] if len(rings) > 1 else []
    if len(told) != len(rings):
        broken.append(f"{len(rings)} rings, and {len(told)} were told of")
    return broken
