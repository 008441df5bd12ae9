"""A caller who leaves at any moment: nothing rings twice, nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import pytest
from attrs import define, field

from callauth import (
    CallPassClient,
    CallSettled,
    Event,
    NeroTechClient,
    NumberLease,
    PhoneNumber,
    PlacedCall,
    Sandbox,
    TelefonIPClient,
    VoiceCall,
)
from callauth.protocol.callpass import VERSIONS, Version
from callauth.sandbox import Fault, Latency, Refused, ResetAfter, Subscriber
from tests.campaign.acts import ACTS, Act, starts
from tests.support.canaries import Canaries
from tests.support.sandboxes import nobody_listens

from .stepped import SteppedClock


@define(eq=False)
class _Bench:
    canaries: Canaries
    clock: SteppedClock = field(factory=SteppedClock)
    events: list[Event] = field(factory=list)
    sandbox: Sandbox = field(init=False)
    phone: PhoneNumber = field(init=False)
    nerotech: NeroTechClient = field(init=False)
    telefonip: TelefonIPClient = field(init=False)
    callpass: dict[Version, CallPassClient] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.sandbox = Sandbox(clock=self.clock, webhook_sender=nobody_listens)
        self.sandbox.nerotech.repeated_verify = 13
        self.phone = PhoneNumber("+79001234567")
        person = Subscriber(dials_after_seconds=0.5)
        self.sandbox.network.subscribers[self.phone] = person
        key, transport = self.canaries.secret(), self.sandbox.transport()
        hooks = [self.events.append]
        self.nerotech = NeroTechClient(
            1, key, transport=transport, clock=self.clock, hooks=hooks
        )
        self.telefonip = TelefonIPClient(
            key, transport=transport, clock=self.clock, hooks=hooks
        )
        self.callpass = {
            version: CallPassClient(
                key,
                version=version,
                transport=transport,
                clock=self.clock,
                hooks=hooks,
            )
            for version in VERSIONS
        }

    async def settle(self, work: Awaitable[object]) -> object:
        """Return what comes of the work, stepping the clock meanwhile."""
        task = asyncio.ensure_future(work)
        while not task.done():
            assert await self.clock.step(), "nothing moves any more"
        return task.result()

    def settled(self) -> list[CallSettled]:
        return [event for event in self.events if isinstance(event, CallSettled)]


@asynccontextmanager
async def _bench(canaries: Canaries) -> AsyncIterator[_Bench]:
    before = asyncio.all_tasks()
    bench = _Bench(canaries)
    yield bench
    await bench.clock.run_down()
    for closing in (bench.nerotech.aclose(), bench.telefonip.aclose()):
        await bench.settle(closing)
    for client in bench.callpass.values():
        await bench.settle(client.aclose())
    await bench.settle(bench.sandbox.aclose())
    assert asyncio.all_tasks() == before


_TROUBLE: dict[str, Fault | None] = {
    "all is well": None,
    "slow": Latency(1.0),
    "not sent": Refused(),
    "lost": ResetAfter(),
}


async def _steps(work: Act, fault: Fault | None, canaries: Canaries) -> int:
    """Count the steps that it takes when nobody is cancelled."""
    async with _bench(canaries) as bench:
        _plan(bench, fault)
        task = asyncio.ensure_future(work(bench))
        steps = 0
        while not task.done():
            await bench.clock.step()
            steps += 1
        task.exception()
        return steps


def _plan(bench: _Bench, fault: Fault | None) -> None:
    if fault is not None:
        bench.sandbox.faults.add(fault, times=1)


@pytest.mark.parametrize("trouble", _TROUBLE)
@pytest.mark.parametrize("name", ACTS)
async def test_a_caller_may_leave_at_any_step(
    name: str, trouble: str, canaries: Canaries
) -> None:
    """What he started is told to the hooks, and his phone rings once at most."""
    work, fault = ACTS[name], _TROUBLE[trouble]
    steps = await _steps(work, fault, canaries)
    assert 3 <= steps <= 400

    for step in range(steps):
        async with _bench(canaries) as bench:
            await _cancel_at(bench, work, fault, step)
            _judge(bench)
            await _still_works(bench)


async def _cancel_at(bench: _Bench, work: Act, fault: Fault | None, step: int) -> None:
    _plan(bench, fault)
    task = asyncio.ensure_future(work(bench))
    for _ in range(step):
        await bench.clock.step()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled() or step > 0
    await bench.clock.run_down()


def _judge(bench: _Bench) -> None:
    ledger = bench.sandbox.ledger
    rings = ledger.rings(bench.phone)
    assert len(rings) <= 1
    starts = {
        "voicemail",
        "incoming/init",
        "reverse_auth_phone_get",
        "reverse_auth_phone_post",
        "start-call-password",
    }
    begun = {e for e in starts if ledger.received(e)}
    settled = bench.settled()
    assert begun <= {event.operation for event in settled}
    assert len(settled) <= 1
    for event in settled:
        if isinstance(event.result, VoiceCall | PlacedCall):
            assert [ring.code for ring in rings] == [event.result.pin]


async def _still_works(bench: _Bench) -> None:
    for work in starts(bench, PhoneNumber("+79007654321")).values():
        assert isinstance(
            await bench.settle(work), VoiceCall | NumberLease | PlacedCall
        )


@pytest.mark.parametrize("name", ["incoming_verify", "wait_incoming"])
async def test_a_success_outlives_the_caller_who_asked_for_it(
    name: str, canaries: Canaries
) -> None:
    """The provider told it once; whoever asks next is told again."""
    steps = await _steps(ACTS[name], None, canaries)
    asked = 0
    for step in range(1, steps):
        async with _bench(canaries) as bench:
            await _cancel_at(bench, ACTS[name], None, step)
            result = bench.settled()[0].result
            if not isinstance(result, NumberLease) or not _is_ours(bench, result):
                continue

            assert await bench.settle(bench.nerotech.incoming_verify(result))
            asked += 1

    assert asked > 5


def _is_ours(bench: _Bench, lease: NumberLease) -> bool:
    return bench.clock.monotonic() < 120 and lease.user == bench.phone
