"""The lease of a NeroTech number that another process has made."""

from __future__ import annotations

from datetime import timedelta

import pytest

from callauth import AnswerLost, CallInProgress, Confirmed, SuspiciousAnswer, Unknown
from callauth.sandbox import ServerError
from tests.support.refusals import refused

from .incoming import VERIFY, leased, no, waited
from .world import World


async def test_a_lease_of_another_process_is_waited_for(world: World) -> None:
    """One process shows the number, another one answers the page."""
    phone = world.phone(dials_after_seconds=30)
    async with world.nerotech() as ours, world.nerotech() as theirs:
        lease = await theirs.incoming_init(phone)

        assert await waited(ours, world, lease) is Confirmed
        assert await ours.incoming_verify(lease)


@pytest.mark.parametrize(
    ("age", "expected"), [(0, True), (119, True), (130, True), (140, False)]
)
@pytest.mark.parametrize("step", [0, -3600, 3600])
async def test_a_lease_of_another_process_is_as_old_as_the_wall_clock_says(
    age: float, step: float, *, expected: bool, world: World
) -> None:
    """A clock that went far back makes a lease over, never longer."""
    phone = world.phone(dials_after_seconds=0)
    async with world.nerotech() as ours, world.nerotech() as theirs:
        lease = await theirs.incoming_init(phone, drain=False)
        await world.clock.sleep(age)
        world.clock.step_wall(timedelta(seconds=step))

        believed = await ours.incoming_verify(lease)

    # The provider forgets a call after 120 seconds by itself.
    assert believed is (expected and step == 0 and age < 120)


async def test_code_13_about_a_lease_of_another_process_confirms_nobody(
    world: World,
) -> None:
    """Whether its start was clean is known to the other process alone."""
    phone = world.canaries.phone()
    script = world.script([leased(), no(6), AnswerLost, no(13)])
    async with world.nerotech() as theirs:
        lease = await theirs.incoming_init(phone)
    async with world.nerotech() as ours:
        assert not await ours.incoming_verify(lease)

    assert len(script.requests) == 4
    assert len(world.seen(SuspiciousAnswer)) == 1


async def test_a_lease_of_another_process_takes_the_phone(world: World) -> None:
    """An attempt that this client has heard of is a live one."""
    phone = world.phone()
    async with world.nerotech() as ours, world.nerotech() as theirs:
        lease = await theirs.incoming_init(phone)
        await ours.incoming_verify(lease)

        with refused(CallInProgress, match="another reverse call"):
            await ours.incoming_init(phone)


async def test_answers_lost_about_a_foreign_lease_end_as_unknown(
    world: World,
) -> None:
    """A second attempt of the phone here does not make the first one's loss a no."""
    phone = world.phone()
    async with world.nerotech() as ours, world.nerotech() as theirs:
        await ours.incoming_init(phone)
        lease = await theirs.incoming_init(phone)
        world.sandbox.faults.add(ServerError(), operation=VERIFY, skip=1, times=1)

        assert await waited(ours, world, lease) is Unknown
