"""Sockets: the same flows and faults over real HTTP on loopback.

Sandbox and clients share one clock that runs fast, so a busy machine makes deadlines
pass by itself: one more fault, which the promises have to stand as well.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from attrs import define

from callauth import HttpxTransport, PhoneNumber
from callauth.sandbox import FastClock, Fault, Sandbox
from callauth.sandbox.server import serve

from .flows import FLOWS, Belief, believed
from .injection import FAULTS
from .runs import Tally
from .world import PEOPLE, part_of, unheard

_SPEED = 60.0
_AT_ONCE = 48
_RATE = 0.6
_FLOWS_OF_A_SERVER = 150


@define(eq=False)
class _Chances:
    dice: random.Random
    met: int = 0

    def __call__(
        self, provider: str, operation: str, phone: PhoneNumber | None
    ) -> Fault | None:
        if self.dice.random() >= _RATE:
            return None
        self.met += 1
        return self.dice.choice(FAULTS)


async def over_sockets(faults: int, seed: int) -> Tally:
    """Run flows over HTTP until that many faults were met."""
    tally = Tally()
    while tally.faults < faults:
        tally.add(await _one_server(seed + tally.runs))
    return tally


async def _one_server(seed: int) -> Tally:
    dice = random.Random(seed)
    chances = _Chances(dice)
    tally = Tally()
    async with _serving(seed, chances) as (sandbox, base):
        transport = HttpxTransport(connections=2 * _AT_ONCE)
        numbers = iter(range(_FLOWS_OF_A_SERVER))

        async def work() -> None:
            for number in numbers:
                tally.broken += await _run(sandbox, transport, base, number, dice)
                tally.runs += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(work())
        await transport.aclose()
    tally.faults = chances.met
    return tally


async def _run(
    sandbox: Sandbox,
    transport: HttpxTransport,
    base: str,
    number: int,
    dice: random.Random,
) -> list[str]:
    phone = PhoneNumber(f"+79{dice.randrange(10**9):09}")
    person = dice.choice(PEOPLE)
    flow = dice.choice(list(FLOWS))
    async with part_of(sandbox, transport, phone, person, base=base) as made:
        belief = await believed(FLOWS[flow], made)
    rings = len(sandbox.ledger.rings(phone))
    broken = []
    if rings > 1:
        broken.append(f"rang {rings} times")
    is_backed = sandbox.ledger.backs(phone) and person.is_holder
    if belief is Belief.CONFIRMED and not is_backed:
        broken.append("confirmed somebody who proved nothing")
    if belief in (Belief.NOT_SENT, Belief.REFUSED) and rings:
        broken.append(f"{belief.value}, and the phone rang")
    return [f"number {number} {flow}: {what}" for what in broken]


@asynccontextmanager
async def _serving(seed: int, chances: _Chances) -> AsyncIterator[tuple[Sandbox, str]]:
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with Sandbox(
        clock=FastClock(_SPEED), seed=seed, webhook_sender=unheard
    ) as sandbox:
        sandbox.faults.decide = chances
        serving = asyncio.create_task(
            serve(sandbox, port=0, on_started=started.set_result)
        )
        try:
            yield sandbox, f"http://127.0.0.1:{await started}/"
        finally:
            serving.cancel()
            await asyncio.wait((serving,))
