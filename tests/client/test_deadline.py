"""One deadline over all tries, and a budget over all operations."""

from __future__ import annotations

import pytest

from callauth import (
    AnswerLost,
    NeroTechClient,
    NotSent,
    NumberLease,
    RequestSettled,
    RetryPolicy,
    RetryScheduled,
)
from callauth.sandbox import Hang, Latency, Refused, ResetAfter
from callauth.transport.scripted import Step
from tests.support.answers import answer, sample
from tests.support.refusals import refused

from .asking import ROWS, Row
from .wire import Defective, Sluggish
from .world import World

_ROWS = pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))
_LEASE = sample("telefonip/lease_repaired")
_CODE_IS_WRONG = answer({"status": False, "error": 5})
_RETRIED: list[Step] = [NotSent, _CODE_IS_WRONG]
_LONGEST = {"voicemail": 75.0, "start-call-password": 45.0}


@_ROWS
async def test_all_tries_together_end_at_the_deadline(row: Row, world: World) -> None:
    """Whoever waits for a login waits for seconds, not for minutes."""
    async with row.open(world, world.phone()) as ask:
        world.sandbox.faults.add(Hang(), operation=row.operation, times=None)
        began = world.clock.monotonic()
        with refused(AnswerLost):
            await ask()
        took = world.clock.monotonic() - began

    assert took <= _LONGEST.get(row.operation, 30.0) + 0.1
    assert all(
        sent.timeout_seconds <= 10.0 or row.lost == 1
        for sent in world.wire.of(row.operation)
    )


@pytest.mark.parametrize("deadline", [0.5, 3.0, 12.0])
async def test_the_policy_sets_the_deadline(deadline: float, world: World) -> None:
    """The last try gets what is left of it."""
    policy = RetryPolicy(deadline_seconds=deadline, try_seconds=5.0)
    world.sandbox.faults.add(Hang(), times=None)
    async with world.telefonip(retry=policy) as client:
        with refused(AnswerLost):
            await client.reverse_auth_phone_get(world.phone())

    assert world.clock.monotonic() <= deadline + 0.1
    first, *others = [sent.timeout_seconds for sent in world.wire.sent]
    assert first == min(deadline, 5.0)
    assert all(seconds <= 5.0 for seconds in others)


@pytest.mark.parametrize("seconds", [10.06, 60.0, 1e6])
async def test_a_transport_that_ignores_its_time_out_is_stopped(
    seconds: float, world: World
) -> None:
    """A stuck pool or a dripping server must not hold up a login."""
    sluggish = Sluggish(world.clock, seconds, _LEASE)
    policy = RetryPolicy(tries=1)
    async with world.telefonip(transport=sluggish, retry=policy) as client:
        with refused(AnswerLost, match="no answer in time") as refusal:
            await client.reverse_auth_phone_get(world.canaries.phone())

    assert refusal.error.timed_out
    assert world.clock.monotonic() <= 10.1


async def test_a_transport_that_is_a_moment_late_is_heard(world: World) -> None:
    """It knows better than we do whether a byte left."""
    sluggish = Sluggish(world.clock, 10.04, _LEASE)
    async with world.telefonip(transport=sluggish) as client:
        assert isinstance(
            await client.reverse_auth_phone_get(world.canaries.phone()), NumberLease
        )


async def test_a_defect_of_a_transport_is_a_lost_answer(world: World) -> None:
    """The request may have left; the name of the defect is told."""
    async with world.telefonip(transport=Defective()) as client:
        with refused(AnswerLost, match="ZeroDivisionError out of the transport"):
            await client.reverse_auth_phone_get(world.canaries.phone())


async def test_a_late_answer_within_the_try_is_a_reply(world: World) -> None:
    """Slow is not lost."""
    world.sandbox.faults.add(Latency(9.9), times=None)
    async with world.telefonip() as client:
        assert isinstance(
            await client.reverse_auth_phone_get(world.phone()), NumberLease
        )

    assert len(world.wire.sent) == 1


async def _spend(client: NeroTechClient, world: World, times: int) -> None:
    pin = world.canaries.pin(4)
    for _ in range(times):
        await client.check_code("103000", pin)


async def test_twenty_retries_empty_the_budget(world: World) -> None:
    """A provider in trouble is not asked three times as much."""
    world.script(_RETRIED * 21)
    async with world.nerotech() as client:
        await _spend(client, world, 20)

        with refused(NotSent):
            await _spend(client, world, 1)

    assert len(world.wire.sent) == 41


@pytest.mark.parametrize(("clean", "tries"), [(4, 1), (5, 2)])
async def test_five_clean_successes_pay_for_a_retry(
    clean: int, tries: int, world: World
) -> None:
    """A provider that works again may be retried again."""
    world.script([*_RETRIED * 20, *[_CODE_IS_WRONG] * clean, NotSent, _CODE_IS_WRONG])
    async with world.nerotech() as client:
        await _spend(client, world, 20 + clean)
        made = len(world.wire.sent)
        try:
            await _spend(client, world, 1)
        except NotSent as error:
            world.canaries.watch(error)

    assert len(world.wire.sent) - made == tries


async def test_a_retry_after_a_time_out_costs_twice_as_much(world: World) -> None:
    """A provider that hangs is under load."""
    world.sandbox.faults.decide = lambda *_: (
        Hang() if len(world.wire.sent) % 2 else None
    )
    async with world.nerotech() as client:
        call = await _voicemail(client, world)
        for _ in range(9):
            assert await client.check_code(*call)
        with refused(AnswerLost):
            await client.check_code(*call)


async def _voicemail(client: NeroTechClient, world: World) -> tuple[str, str]:
    call = await client.voicemail(world.phone())
    return call.call_id, call.pin.reveal()


async def test_the_budget_never_exceeds_a_hundred(world: World) -> None:
    """A good year does not pay for a storm."""
    steps: list[Step] = [_CODE_IS_WRONG] * 300
    world.script(steps + _RETRIED * 21)
    async with world.nerotech() as client:
        await _spend(client, world, 320)

        with refused(NotSent):
            await _spend(client, world, 1)


@pytest.mark.parametrize(
    "fault", [Refused(), ResetAfter(), Hang()], ids=lambda f: type(f).__name__
)
@pytest.mark.parametrize("spread_seconds", [0.0, 0.5, 20.0])
async def test_an_outage_is_met_with_hardly_more_requests_than_arrive(
    fault: Refused, spread_seconds: float, world: World
) -> None:
    """Retries must not keep a provider down that tries to get up."""
    arrivals = 200
    world.sandbox.faults.add(fault, times=None)
    async with world.nerotech() as client:
        for _ in range(arrivals):
            await world.tolerate(client.voicemail(world.stranger()))
            await world.clock.sleep(spread_seconds)

    assert len(world.wire.sent) <= 1.1 * arrivals


async def test_the_hooks_are_told_of_every_try(world: World) -> None:
    """Whoever counts retries counts them without a log."""
    world.script([NotSent, AnswerLost, _CODE_IS_WRONG])
    async with world.nerotech() as client:
        await _spend(client, world, 1)

    first, second = world.seen(RetryScheduled)
    assert (first.tries, first.reason) == (1, "not sent")
    assert (second.tries, second.reason) == (2, "answer lost")
    (settled,) = world.seen(RequestSettled)
    assert (settled.operation, settled.tries, settled.error) == ("checkCode", 3, None)
    assert settled.seconds == pytest.approx(first.wait_seconds + second.wait_seconds)


async def test_the_jitter_is_full(world: World) -> None:
    """Clients that failed together must not come back together."""
    world.script(_RETRIED * 20)
    async with world.nerotech() as client:
        await _spend(client, world, 20)

    waits = [event.wait_seconds for event in world.seen(RetryScheduled)]
    assert all(0 <= wait <= 0.25 for wait in waits)
    assert max(waits) - min(waits) > 0.05
