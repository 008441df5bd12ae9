"""Sockets: the same flows and faults over real HTTP on loopback.

Sandbox and clients share one clock that runs fast, so a busy machine makes deadlines
pass by itself: one more fault, which the promises have to stand as well. Seed and
number fix the flow, the person and the faults of a run; which request meets which of
them, and how the run ends, depends on the machine.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from attrs import define, field

from callauth import PhoneNumber, Transport
from callauth.sandbox import FastClock, Fault, Sandbox
from tests.support.sandboxes import nobody_listens, over_http
from tests.support.tally import Tally
from tests.support.transports import Make

from .flows import FLOWS, believed
from .injection import Chances
from .judge import Run, violations
from .world import PEOPLE, part_of

_SPEED = 60.0
_AT_ONCE = 48
_RATE = 0.6
_FLOWS_OF_A_SERVER = 150


@define(eq=False)
class _ByPhone:
    """Meet the requests about a phone with the chances of its flow."""

    chances: dict[PhoneNumber, Chances] = field(factory=dict)

    def __call__(
        self, provider: str, operation: str, phone: PhoneNumber | None
    ) -> Fault | None:
        chances = self.chances.get(phone) if phone else None
        return chances(provider, operation, phone) if chances else None


@define(eq=False)
class _Stage:
    """Hold what all flows of one server share."""

    seed: int
    base: str
    sandbox: Sandbox
    transport: Transport
    faults: _ByPhone

    async def run(self, number: int) -> Tally:
        """Run the flow of that number and judge it."""
        dice = random.Random(f"{self.seed} {number}")
        phone = PhoneNumber(f"+79{dice.randrange(10**9):09}")
        person, flow = dice.choice(PEOPLE), dice.choice(list(FLOWS))
        chances = self.faults.chances[phone] = Chances(dice, rate=_RATE)
        began = self.sandbox.clock.now()
        async with part_of(
            self.sandbox, self.transport, phone, person, base=self.base
        ) as made:
            belief = await believed(FLOWS[flow], made)
        # The machine may have added to what went wrong.
        run = Run(flow=flow, belief=belief, began=began, met=None)
        broken = [
            f"seed {self.seed} number {number} {flow} {chances.met}: {what}"
            for what in violations(made, run)
        ]
        return Tally(runs=1, faults=len(chances.met), broken=broken)


async def over_sockets(faults: int, seed: int, make: Make) -> Tally:
    """Run flows over HTTP until that many faults were met."""
    tally = Tally()
    while tally.faults < faults:
        tally.add(await _one_server(seed + tally.runs, make))
    return tally


async def _one_server(seed: int, make: Make) -> Tally:
    faults, tally = _ByPhone(), Tally()
    async with _serving(seed, faults) as (sandbox, base):
        transport = make(connections=2 * _AT_ONCE)
        stage = _Stage(seed, base, sandbox, transport, faults)
        numbers = iter(range(_FLOWS_OF_A_SERVER))

        async def work() -> None:
            for number in numbers:
                tally.add(await stage.run(number))

        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(work())
        await transport.aclose()
    return tally


@asynccontextmanager
async def _serving(seed: int, faults: _ByPhone) -> AsyncIterator[tuple[Sandbox, str]]:
    async with Sandbox(
        clock=FastClock(_SPEED), seed=seed, webhook_sender=nobody_listens
    ) as sandbox:
        sandbox.faults.decide = faults
        async with over_http(sandbox) as address:
            yield sandbox, address
