"""The wait for NeroTech's reverse call: who is confirmed, and who must not be."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from attrs import evolve

from callauth import (
    AuthenticationFailed,
    Confirmed,
    Expired,
    InsufficientFunds,
    ProviderError,
    Unknown,
)
from callauth.sandbox import Hang, Refused, TooMany
from tests.support.refusals import refused

from .incoming import VERIFY, waited
from .world import World


@pytest.mark.parametrize("dials_after", [0.5, 1, 60, 119, 120])
async def test_a_call_within_the_lease_confirms(
    dials_after: float, world: World
) -> None:
    """Two minutes are two minutes, to the last second."""
    phone = world.phone(dials_after_seconds=dials_after)
    async with world.nerotech() as client:
        lease = await client.incoming_init(phone)

        outcome = await client.wait_incoming(lease)

    assert outcome == Confirmed(at=world.clock.now(), assurance="caller_id")
    assert world.clock.monotonic() <= max(130.0, dials_after + 5.6)
    assert world.sandbox.ledger.backs(phone)


@pytest.mark.parametrize("dials_after", [None, 120.5, 121, 129, 140])
async def test_nobody_who_called_too_late_is_confirmed(
    dials_after: float | None, world: World
) -> None:
    """The provider's window and ours end together."""
    phone = world.phone(dials_after_seconds=dials_after)
    async with world.nerotech() as client:
        lease = await client.incoming_init(phone)

        assert await client.wait_incoming(lease) == Expired(at=world.clock.now())

    assert 130 <= world.clock.monotonic() <= 130.01
    assert world.wire.times(VERIFY)[-1] == pytest.approx(130)


@pytest.mark.parametrize("step_seconds", [3600, -3600, 100, -100])
@pytest.mark.parametrize("at", [1, 60, 125])
async def test_a_wall_clock_that_is_set_changes_nothing_for_our_lease(
    at: float, step_seconds: float, world: World
) -> None:
    """Waiting goes by a clock that nobody can set."""
    phone = world.phone(dials_after_seconds=119)
    world.clock.call_later(
        at, lambda: world.clock.step_wall(timedelta(seconds=step_seconds))
    )
    async with world.nerotech() as client:
        lease = await client.incoming_init(phone)

        assert await waited(client, world, lease) is Confirmed

    assert world.clock.monotonic() <= 130


async def test_two_waits_on_one_lease_end_alike(world: World) -> None:
    """Two browser tabs show the same attempt."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=10))

        outcomes = await asyncio.gather(
            *(client.wait_incoming(lease) for _ in range(3))
        )

    assert {type(outcome) for outcome in outcomes} == {Confirmed}


async def test_a_wait_that_was_cancelled_leaves_nothing(world: World) -> None:
    """A page that was closed costs the provider no more questions."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone())
        wait = asyncio.create_task(client.wait_incoming(lease))
        await world.clock.sleep(30)
        wait.cancel()
        await asyncio.wait([wait])
        asked = world.received(VERIFY)
        tasks = len(asyncio.all_tasks())

        await world.clock.sleep(60)

        assert len(asyncio.all_tasks()) == tasks
    assert world.received(VERIFY) == asked


async def test_a_wait_after_a_cancelled_one_goes_on(world: World) -> None:
    """The person reloads the page."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=50))
        for _ in range(5):
            wait = asyncio.create_task(client.wait_incoming(lease))
            await world.clock.sleep(7)
            wait.cancel()
            await asyncio.wait([wait])

        assert await waited(client, world, lease) is Confirmed


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (0, AuthenticationFailed),
        (3, AuthenticationFailed),
        (7, InsufficientFunds),
        (8, InsufficientFunds),
    ],
)
async def test_a_refusal_that_no_waiting_changes_ends_the_wait(
    code: int, error: type[ProviderError], world: World
) -> None:
    """A wrong key is as wrong in two minutes."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone())
        world.sandbox.nerotech.refuse_next(code, operation=VERIFY)

        with refused(error) as refusal:
            await client.wait_incoming(lease)

    assert refusal.error.code == code
    assert world.clock.monotonic() < 2
    assert world.received(VERIFY) == 2


@pytest.mark.parametrize("code", [4, 11])
async def test_trouble_that_passes_does_not_end_the_wait(
    code: int, world: World
) -> None:
    """The provider stumbles, the person still dials."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=20))
        world.sandbox.nerotech.refuse_next(code, operation=VERIFY, times=3)

        assert await waited(client, world, lease) is Confirmed


async def test_too_many_questions_do_not_end_the_wait(world: World) -> None:
    """A limit on questions says nothing about the person."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=20))
        world.sandbox.faults.add(TooMany(), operation=VERIFY, times=4)

        assert await waited(client, world, lease) is Confirmed


async def test_an_outage_ends_as_expired_when_nothing_had_left(world: World) -> None:
    """What was never asked cannot have taken the success."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone())
        world.sandbox.faults.add(Refused(), operation=VERIFY, times=None)

        assert await waited(client, world, lease) is Expired


async def test_the_last_check_is_one_check(world: World) -> None:
    """A lease that is over is not asked about for another half minute."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone())
        world.sandbox.faults.add(Hang(), operation=VERIFY, times=None)

        assert await waited(client, world, lease) is Unknown

    assert world.wire.times(VERIFY)[-1] <= 135
    assert world.clock.monotonic() <= 141


@pytest.mark.parametrize("dials_at", [137, 140, 150])
async def test_a_call_long_after_the_lease_never_confirms(
    dials_at: float, world: World
) -> None:
    """A provider that counts any call of two minutes is not to be asked then."""
    world.sandbox.nerotech.dial_window_seconds = None
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=dials_at))
        await world.clock.sleep(129.5)
        world.sandbox.faults.add(Hang(), operation=VERIFY, times=2)

        assert await waited(client, world, lease) is not Confirmed


async def test_a_check_that_waited_for_its_turn_comes_too_late(world: World) -> None:
    """Whoever stood in the queue when the lease ended is told no."""
    world.sandbox.nerotech.dial_window_seconds = None
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=138))
        await world.clock.sleep(129)
        world.sandbox.faults.add(Hang(), operation=VERIFY, times=2)

        outcomes = await asyncio.gather(*(client.wait_incoming(lease) for _ in "123"))

    assert {type(outcome) for outcome in outcomes} == {Unknown}
    assert world.wire.times(VERIFY)[-1] <= 135


async def test_the_latest_hundred_thousand_leases_are_known(world: World) -> None:
    """A service runs for months; its memory does not grow."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(), drain=False)
        leases = client._incoming._leases
        for second in range(100_000):
            at = lease.leased_at - timedelta(days=1, seconds=second)
            leases.find(evolve(lease, leased_at=at))

        assert len(leases._by_lease) == 100_000
        assert len(leases._by_phone) == 1
