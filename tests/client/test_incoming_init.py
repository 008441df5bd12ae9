"""The lease of a NeroTech number: one per phone, and no earlier call in it."""

from __future__ import annotations

import asyncio

import pytest

from callauth import (
    AnswerLost,
    CallInProgress,
    CallSettled,
    Confirmed,
    InsufficientFunds,
    NeroTechClient,
    NotSent,
    NumberLease,
    PhoneNumber,
    RateLimited,
    RetryPolicy,
    SuspiciousAnswer,
)
from callauth.sandbox import Latency, Refused
from callauth.transport.scripted import Step
from tests.support.refusals import refused

from .incoming import INIT, VERIFY, YES, leased, no
from .world import World


async def test_the_drain_asks_once_before_the_number_is_shown(world: World) -> None:
    """A call of an earlier attempt must not satisfy this one."""
    script = world.script([leased(), no(6)])

    async with world.nerotech() as client:
        lease = await client.incoming_init(world.canaries.phone())

    assert [r.operation for r in script.requests] == [INIT, VERIFY]
    assert lease.number == PhoneNumber("+79123456789")


async def test_a_stale_call_is_used_up_and_another_number_leased(
    world: World,
) -> None:
    """Nobody can have called a number that nobody has been shown."""
    script = world.script([leased(), YES, leased("79000000001"), no(6)])
    phone = world.canaries.phone()

    async with world.nerotech() as client:
        lease = await client.incoming_init(phone)

    assert lease.number == PhoneNumber("+79000000001")
    assert [r.operation for r in script.requests] == [INIT, VERIFY] * 2
    assert [event.phone for event in world.seen(SuspiciousAnswer)] == [phone]


@pytest.mark.parametrize(
    ("steps", "suspicions"),
    [
        ([leased(), YES, leased(), YES], 2),
        ([leased(), YES, leased(), no(13)], 2),
        ([leased(), no(13)], 1),
        ([leased(), AnswerLost, no(13)], 1),
        ([no(13)], 0),
    ],
)
async def test_stale_calls_that_go_on_refuse_the_start(
    steps: list[Step], suspicions: int, world: World
) -> None:
    """In two minutes and five seconds no earlier call counts any more."""
    script = world.script(steps)

    async with world.nerotech() as client:
        with refused(RateLimited) as refusal:
            await client.incoming_init(world.canaries.phone())

    assert refusal.error.retry_after == 125
    assert len(script.requests) == len(steps)
    assert len(world.seen(SuspiciousAnswer)) == suspicions


async def test_without_the_drain_nothing_is_asked(world: World) -> None:
    """Whoever leaves it out knows that no earlier call can be left."""
    script = world.script([leased()])

    async with world.nerotech() as client:
        await client.incoming_init(world.canaries.phone(), drain=False)

    assert [r.operation for r in script.requests] == [INIT]


@pytest.mark.parametrize(
    "steps",
    [
        [leased(), *[AnswerLost] * 3],
        [leased(), *[NotSent] * 3],
        [leased(), no(7)],
        [*[NotSent] * 3],
        [no(7)],
    ],
)
async def test_a_start_that_failed_leaves_the_phone_free(
    steps: list[Step], world: World
) -> None:
    """Nobody was shown a number, so there is nothing to wait for."""
    script = world.script(steps)
    phone = world.canaries.phone()
    async with world.nerotech() as client:
        try:
            await client.incoming_init(phone)
        except (AnswerLost, NotSent, InsufficientFunds) as error:
            world.canaries.watch(error)
        script.add(leased(), no(6))

        assert isinstance(await client.incoming_init(phone), NumberLease)

    failed, placed = world.seen(CallSettled)
    assert (failed.result, placed.error) == (None, None)


async def test_a_second_start_is_refused_while_the_first_lives(world: World) -> None:
    """Two attempts of one phone cannot be told apart."""
    phone = world.phone()
    async with world.nerotech() as client:
        await client.incoming_init(phone)
        await world.clock.sleep(100)

        with refused(CallInProgress) as refusal:
            await client.incoming_init(phone)

        assert refusal.error.retry_after is not None
        await world.clock.sleep(refusal.error.retry_after)
        assert isinstance(await client.incoming_init(phone), NumberLease)

    assert world.received(INIT) == 2
    assert 20 <= refusal.error.retry_after <= 35


async def test_of_many_starts_at_once_one_is_made(world: World) -> None:
    """A person who clicks fifty times has one attempt."""
    phone = world.phone()
    world.sandbox.faults.add(Latency(1.0), times=None)

    async with world.nerotech() as client:
        starts = [client.incoming_init(phone) for _ in range(50)]
        results = await asyncio.gather(*starts, return_exceptions=True)

    for result in results:
        if isinstance(result, Exception):
            world.canaries.watch(result)
    assert sum(isinstance(result, NumberLease) for result in results) == 1
    assert sum(type(result) is CallInProgress for result in results) == 49
    assert world.received(INIT) == 1


async def test_other_phones_are_not_in_the_way(world: World) -> None:
    """The lock is the phone's, not the client's."""
    async with world.nerotech() as client:
        leases = await asyncio.gather(
            *(client.incoming_init(world.phone()) for _ in range(20))
        )

    assert len({lease.user for lease in leases}) == 20


async def test_after_a_confirmation_the_phone_is_free(world: World) -> None:
    """The attempt is over; its call was used up."""
    phone = world.phone(dials_after_seconds=3)
    async with world.nerotech() as client:
        first = await client.incoming_init(phone)
        assert type(await client.wait_incoming(first)) is Confirmed

        second = await client.incoming_init(phone)
        assert type(await client.wait_incoming(second)) is Confirmed

    assert len(world.sandbox.ledger.rings(phone)) == 0


async def test_a_cancelled_start_and_the_next_one_never_overlap(world: World) -> None:
    """The drain of an abandoned start could take the success of the next."""
    phone = world.phone()
    world.sandbox.faults.add(Latency(2.0), times=None)
    async with world.nerotech() as client:
        start = asyncio.create_task(client.incoming_init(phone))
        await world.clock.sleep(1.0)
        start.cancel()
        await asyncio.wait([start])

        await _start_when_free(world, client, phone)
        await world.clock.sleep(60)

    operations = [sent.operation for sent in world.wire.sent]
    assert operations[-2:] == [INIT, VERIFY]
    assert world.wire.most_in_flight == 1


async def _start_when_free(
    world: World, client: NeroTechClient, phone: PhoneNumber
) -> NumberLease:
    while True:
        try:
            return await client.incoming_init(phone)
        except CallInProgress as error:
            world.canaries.watch(error)
            await world.clock.sleep(1.0)


async def test_a_phone_stays_reserved_as_long_as_its_start_takes(
    world: World,
) -> None:
    """A slow provider does not open the door to a second attempt."""
    phone = world.phone()
    world.sandbox.faults.add(Latency(80.0), times=None)
    policy = RetryPolicy(try_seconds=90, deadline_seconds=100)
    async with world.nerotech(retry=policy) as client:
        start = asyncio.create_task(client.incoming_init(phone))
        await world.clock.sleep(140)

        with refused(CallInProgress):
            await client.incoming_init(phone)

        await start


async def test_attempts_that_are_over_are_forgotten(world: World) -> None:
    """A service runs for months; its memory does not grow."""
    world.sandbox.faults.add(Refused(), operation=VERIFY, times=1)
    async with world.nerotech() as client:
        for _ in range(300):
            await client.incoming_init(world.stranger(), drain=False)
            await world.clock.sleep(10)

        assert len(client._incoming._leases._by_phone) < 30


async def test_the_hooks_see_the_lease(world: World) -> None:
    """Whoever was cancelled finds his lease there."""
    phone = world.phone()
    async with world.nerotech() as client:
        lease = await client.incoming_init(phone)

    (settled,) = world.seen(CallSettled)
    assert settled.result == lease
    assert (settled.phone, settled.started_at) == (phone, lease.leased_at)


async def test_a_phone_known_from_another_process_is_free_when_its_lease_is_over(
    world: World,
) -> None:
    """A lease that was half over when it was heard of is over earlier."""
    phone = world.canaries.phone()
    async with world.nerotech() as ours, world.nerotech() as theirs:
        lease = await theirs.incoming_init(phone)
        await world.clock.sleep(100)
        await ours.incoming_init(world.canaries.phone())
        await ours.incoming_verify(lease)
        await world.clock.sleep(36)

        assert isinstance(await ours.incoming_init(phone), NumberLease)


async def test_a_refused_start_says_how_long_to_wait(world: World) -> None:
    """Nobody can wait for a negative time."""
    world.sandbox.faults.add(Latency(9.0), times=None)
    waits: list[float] = []
    async with world.nerotech() as client:
        for _ in range(40):
            phone = world.stranger()
            await client.incoming_init(phone, drain=False)
            error = await world.tolerate(client.incoming_init(phone))
            assert isinstance(error, CallInProgress)
            waits.append(error.retry_after or 0.0)

    assert min(waits) > 0


async def test_the_lease_of_an_abandoned_start_is_not_trusted(world: World) -> None:
    """Its phone is free for another attempt, whose success is not this one's."""
    script = world.script([leased(), no(6)])
    async with world.nerotech() as client:
        start = asyncio.create_task(client.incoming_init(world.canaries.phone()))
        await asyncio.sleep(0)
        start.cancel()
        await asyncio.wait([start])
        await world.clock.sleep(1)
        lease = world.seen(CallSettled)[0].result
        assert isinstance(lease, NumberLease)
        script.add(leased(), no(6), AnswerLost, no(13))
        await client.incoming_init(lease.user)

        assert not await client.incoming_verify(lease)

    assert len(script.requests) == 6


async def test_a_lease_is_counted_from_the_sending_of_its_request(
    world: World,
) -> None:
    """The provider's two minutes may have begun long before its answer came."""
    world.sandbox.faults.add(Latency(6.0), operation="incoming/init")
    began = world.clock.now()
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone())

    assert world.clock.now() > began
    assert lease.leased_at == began
    assert lease.seconds_left(began) == 120.0
