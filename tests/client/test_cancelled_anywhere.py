"""A caller who leaves at any moment: nothing rings twice, nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
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
from callauth.sandbox import Fault, Latency, Refused, ResetAfter, Subscriber
from tests.support.canaries import Canaries

from .stepped import SteppedClock
from .world import nobody_listens


@define(eq=False)
class _Bench:
    canaries: Canaries
    clock: SteppedClock = field(factory=SteppedClock)
    events: list[Event] = field(factory=list)
    sandbox: Sandbox = field(init=False)
    phone: PhoneNumber = field(init=False)
    nerotech: NeroTechClient = field(init=False)
    telefonip: TelefonIPClient = field(init=False)
    callpass: CallPassClient = field(init=False)

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
        self.callpass = CallPassClient(
            key, transport=transport, clock=self.clock, hooks=hooks
        )

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
    for client in (bench.nerotech, bench.telefonip, bench.callpass):
        await bench.settle(client.aclose())
    await bench.settle(bench.sandbox.aclose())
    assert asyncio.all_tasks() == before


_Work = Callable[[_Bench], Awaitable[object]]


async def _verify(bench: _Bench) -> object:
    lease = await bench.nerotech.incoming_init(bench.phone)
    return await bench.nerotech.incoming_verify(lease)


async def _wait_incoming(bench: _Bench) -> object:
    lease = await bench.nerotech.incoming_init(bench.phone)
    return await bench.nerotech.wait_incoming(lease)


async def _check_code(bench: _Bench) -> object:
    call = await bench.nerotech.voicemail(bench.phone)
    return await bench.nerotech.check_code(call.call_id, call.pin)


async def _wait_call(bench: _Bench) -> object:
    lease = await bench.telefonip.reverse_auth_phone_get(bench.phone)
    return await bench.telefonip.wait_call(lease)


async def _check(bench: _Bench) -> object:
    lease = await bench.telefonip.reverse_auth_phone_get(bench.phone)
    return await bench.telefonip.reverse_auth_phone_check(lease)


async def _wait_status(bench: _Bench) -> object:
    call = await bench.callpass.start_call_password(bench.phone)
    return await bench.callpass.wait_status(call)


async def _status(bench: _Bench) -> object:
    call = await bench.callpass.start_call_password(bench.phone)
    return await bench.callpass.get_call_password_status(call.call_id)


_WORK: dict[str, _Work] = {
    "voicemail": lambda bench: bench.nerotech.voicemail(bench.phone),
    "check_code": _check_code,
    "incoming_init": lambda bench: bench.nerotech.incoming_init(bench.phone),
    "incoming_verify": _verify,
    "wait_incoming": _wait_incoming,
    "get": lambda bench: bench.telefonip.reverse_auth_phone_get(bench.phone),
    "post": lambda bench: bench.telefonip.reverse_auth_phone_post(
        bench.phone, webhook="https://app.example/hook"
    ),
    "check": _check,
    "wait_call": _wait_call,
    "start": lambda bench: bench.callpass.start_call_password(bench.phone),
    "status": _status,
    "wait_status": _wait_status,
}
_TROUBLE: dict[str, Fault | None] = {
    "all is well": None,
    "slow": Latency(1.0),
    "not sent": Refused(),
    "lost": ResetAfter(),
}


async def _steps(work: _Work, fault: Fault | None, canaries: Canaries) -> int:
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
@pytest.mark.parametrize("name", _WORK)
async def test_a_caller_may_leave_at_any_step(
    name: str, trouble: str, canaries: Canaries
) -> None:
    """What he started is told to the hooks, and his phone rings once at most."""
    work, fault = _WORK[name], _TROUBLE[trouble]
    steps = await _steps(work, fault, canaries)
    assert 3 <= steps <= 400

    for step in range(steps):
        async with _bench(canaries) as bench:
            await _cancel_at(bench, work, fault, step)
            _judge(bench)
            await _still_works(bench)


async def _cancel_at(
    bench: _Bench, work: _Work, fault: Fault | None, step: int
) -> None:
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
    other = PhoneNumber("+79007654321")
    call = await bench.settle(bench.nerotech.voicemail(other))
    lease = await bench.settle(bench.telefonip.reverse_auth_phone_get(other))
    placed = await bench.settle(bench.callpass.start_call_password(other))
    assert isinstance(call, VoiceCall)
    assert isinstance(lease, NumberLease)
    assert isinstance(placed, PlacedCall)


@pytest.mark.parametrize("name", ["incoming_verify", "wait_incoming"])
async def test_a_success_outlives_the_caller_who_asked_for_it(
    name: str, canaries: Canaries
) -> None:
    """The provider told it once; whoever asks next is told again."""
    steps = await _steps(_WORK[name], None, canaries)
    asked = 0
    for step in range(1, steps):
        async with _bench(canaries) as bench:
            await _cancel_at(bench, _WORK[name], None, step)
            result = bench.settled()[0].result
            if not isinstance(result, NumberLease) or not _is_ours(bench, result):
                continue

            assert await bench.settle(bench.nerotech.incoming_verify(result))
            asked += 1

    assert asked > 5


def _is_ours(bench: _Bench, lease: NumberLease) -> bool:
    return bench.clock.monotonic() < 120 and lease.user == bench.phone
