"""The promises, in small; ``nox -s campaign`` keeps them a million times."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import product

import pytest

from callauth import ManualClock
from callauth.sandbox import Lease, ResetAfter, Subscriber
from tests.support.tally import Tally
from tests.support.transports import Make, on_each_transport

from .acts import ACTS, public_coroutines
from .cancels import every_turn
from .flows import FLOWS, Belief, Flow, believed
from .injection import Steps
from .judge import Run, violations
from .runs import by_chance, one_run, pairs_of_faults, single_faults
from .sockets import over_sockets
from .storm import storm
from .world import PEOPLE, Person, World, world


async def test_everybody_is_judged_rightly_when_nothing_goes_wrong() -> None:
    """Otherwise the judge would have nothing to tell a fault from."""
    tally = Tally()
    for flow in FLOWS:
        for person in PEOPLE:
            tally.add(await one_run(flow, person, seed=7, inject=Steps({})))

    assert (tally.runs, tally.faults, tally.broken) == (36, 0, [])


@pytest.mark.parametrize("first", range(3))
async def test_no_single_fault_breaks_a_promise(first: int) -> None:
    """Every fault meets every step of every flow, in three parts."""
    tally = await single_faults(first=first, every=3)

    assert tally.broken == []
    assert tally.faults > 2500


async def test_no_pair_of_faults_breaks_a_promise() -> None:
    """What mends one fault must not fall over the next."""
    tally = await pairs_of_faults(every=67)

    assert tally.broken == []
    assert tally.faults > 2000


async def test_chance_breaks_no_promise() -> None:
    """Faults, moods of the providers and people as they come."""
    tally = Tally()
    for seed in range(5500):
        tally.add(await by_chance(seed))

    assert tally.broken == []
    assert tally.faults > 14_000


async def test_one_integer_reproduces_a_run() -> None:
    """A finding is worth as much as its repetition."""
    first = [await by_chance(seed) for seed in range(20)]
    second = [await by_chance(seed) for seed in range(20)]

    assert first == second


@on_each_transport
async def test_faults_over_sockets_break_no_promise(make: Make) -> None:
    """Real connections break in ways of their own."""
    tally = await over_sockets(100, 1, make)

    assert tally.broken == []
    assert tally.faults >= 100


@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
async def test_a_cancel_at_any_turn_leaves_nothing_behind(*, twice: bool) -> None:
    """And the pin of a phone that rang reaches the hook."""
    tally = Tally()
    for seed, name in product(range(1, 13), ACTS):
        tally.add(await every_turn(name, twice=twice, seed=seed))

    assert tally.broken == []
    assert tally.faults >= 2500
    assert tally.doubled == (tally.faults if twice else 0)


def test_every_public_coroutine_is_cancelled() -> None:
    """A new one cannot be forgotten."""
    assert {name.split()[0] for name in ACTS} == public_coroutines()


@on_each_transport
async def test_a_storm_of_cancels_leaves_no_socket_behind(make: Make) -> None:
    """On real connections, which a library loses before it is careful."""
    tally = await storm(1000, 1, make)

    assert tally.broken == []
    # The others had their answer already, all the more of them the faster it is.
    assert tally.faults > 500


@pytest.mark.parametrize("flow", ["nerotech_dialled", "telefonip_dialled"])
@pytest.mark.parametrize("step", [-3600.0, 0.0, 3600.0])
async def test_a_machine_that_slept_believes_no_old_call(
    flow: str, step: float
) -> None:
    """After two days the lease is over, whatever the clock on the wall says."""
    async with world(1, PEOPLE[0]) as made:
        belief = asyncio.ensure_future(believed(FLOWS[flow], made))
        for _ in range(20):
            await asyncio.sleep(0)
        assert made.sandbox.ledger.entries(Lease)
        assert isinstance(made.clock, ManualClock)
        made.clock.suspend(48 * 3600.0)
        made.clock.step_wall(timedelta(seconds=step))

        assert await belief is Belief.NOT_CONFIRMED
        assert made.clock.monotonic() < 48 * 3600.0 + 60.0


async def test_a_step_of_the_wall_clock_ends_no_wait() -> None:
    """A time server must not take the user's two minutes away."""
    for flow in ("nerotech_dialled", "telefonip_dialled"):
        for step in (-3600.0, 3600.0):
            async with world(1, PEOPLE[1]) as made:
                belief = asyncio.ensure_future(believed(FLOWS[flow], made))
                await made.clock.sleep(50.0)
                assert isinstance(made.clock, ManualClock)
                made.clock.step_wall(timedelta(seconds=step))

                assert await belief is Belief.CONFIRMED


async def _ring_twice(made: World) -> Belief:
    await made.callpass["v3.0"].start_call_password(made.phone)
    await made.callpass["v3.0"].start_call_password(made.phone)
    return Belief.NOT_CONFIRMED


async def _believe_everybody(made: World) -> Belief:
    await made.telefonip.reverse_auth_phone_get(made.phone)
    return Belief.CONFIRMED


async def _refuse_after_the_ring(made: World) -> Belief:
    await made.nerotech.voicemail(made.phone)
    return Belief.REFUSED


async def _doubt_everybody(made: World) -> Belief:
    return Belief.UNKNOWN


async def _claim_nothing_was_sent(made: World) -> Belief:
    await made.nerotech.voicemail(made.phone)
    return Belief.NOT_SENT


@pytest.mark.parametrize(
    ("flow", "person", "expected"),
    [
        (_ring_twice, PEOPLE[2], "rang 2 times"),
        (_believe_everybody, PEOPLE[3], "confirmed somebody who proved nothing"),
        (_believe_everybody, PEOPLE[1], "confirmed what the ledger does not back"),
        (_refuse_after_the_ring, PEOPLE[3], "refused, and the phone rang"),
        (_doubt_everybody, PEOPLE[3], "unknown without a lost answer"),
        (_claim_nothing_was_sent, PEOPLE[3], "not sent, and the phone rang"),
        (
            _claim_nothing_was_sent,
            Person(subscriber=Subscriber(), is_holder=True),
            "nothing went wrong, and a holder was not sent",
        ),
    ],
)
async def test_the_judge_sees_what_is_wrong(
    flow: Flow, person: Person, expected: str
) -> None:
    """A judge who never objects would be a defect."""
    async with world(1, person) as made:
        began = made.clock.now()
        belief = await believed(flow, made)
        run = Run(flow="planted", belief=belief, began=began, met=[])

        assert expected in list(violations(made, run))


async def test_a_lost_ring_is_unknown() -> None:
    """The application learns that the phone may be ringing."""
    async with world(1, PEOPLE[0]) as made:
        made.sandbox.faults.add(ResetAfter())

        assert await believed(FLOWS["flash_v3"], made) is Belief.UNKNOWN
        assert len(made.sandbox.ledger.rings(made.phone)) == 1
