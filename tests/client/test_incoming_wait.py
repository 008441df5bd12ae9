"""The reverse call of NeroTech: who is confirmed, and who must not be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from attrs import evolve

from callauth import (
    AnswerLost,
    AuthenticationFailed,
    CallInProgress,
    Confirmed,
    Expired,
    InsufficientFunds,
    NeroTechClient,
    NotSent,
    NumberLease,
    ProviderError,
    Response,
    SuspiciousAnswer,
    Unknown,
)
from callauth.sandbox import (
    CutBody,
    Hang,
    Latency,
    Refused,
    ResetAfter,
    ServerError,
    TooMany,
)
from callauth.transport.scripted import Step
from tests.support.answers import answer
from tests.support.refusals import refused

from .world import World

_INIT, _VERIFY = "incoming/init", "incoming/verify"
_LEASE = answer({"status": True, "service_phone": "79123456789"})
_YES = answer({"status": True})


def _no(code: int) -> Response:
    return answer({"status": False, "error": code})


async def _wait(client: NeroTechClient, world: World, lease: NumberLease) -> object:
    outcome = await client.wait_incoming(lease)
    assert outcome.at == world.clock.now()
    return type(outcome)


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
    assert world.wire.times(_VERIFY)[-1] == pytest.approx(130)


@pytest.mark.parametrize("seconds", [119, 120, 121, 129.9, 130])
async def test_a_success_is_believed_until_the_last_check(
    seconds: float, world: World
) -> None:
    """Ten seconds after the lease the provider is asked for the last time."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=110))
        await world.clock.sleep(seconds)

        assert await client.incoming_verify(lease)


@pytest.mark.parametrize("seconds", [131, 135.1, 136, 150, 3600])
@pytest.mark.parametrize("step_hours", [0, 1, -1])
@pytest.mark.parametrize("step_seconds", [0, -100, 100])
async def test_after_the_last_check_nothing_is_believed_nor_asked(
    seconds: float, step_hours: int, step_seconds: int, world: World
) -> None:
    """A clock that is set does not bring a dead lease back to life."""
    world.sandbox.nerotech.dial_window_seconds = None
    async with world.nerotech() as client:
        lease = await client.incoming_init(
            world.phone(dials_after_seconds=seconds - 0.5)
        )
        await world.clock.sleep(seconds)
        world.clock.step_wall(timedelta(hours=step_hours, seconds=step_seconds))
        asked = world.received(_VERIFY)

        assert not await client.incoming_verify(lease)
        if seconds > 135:
            assert await _wait(client, world, lease) is Expired

    assert world.received(_VERIFY) == asked


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

        assert await _wait(client, world, lease) is Confirmed

    assert world.clock.monotonic() <= 130


async def test_a_lost_success_is_found_by_code_13(world: World) -> None:
    """Our own check took the only success, and its answer went astray."""
    phone = world.phone(dials_after_seconds=3)
    world.sandbox.nerotech.repeated_verify = 13
    async with world.nerotech() as client:
        lease = await client.incoming_init(phone)
        world.sandbox.faults.add(CutBody(), operation=_VERIFY, skip=2, times=1)

        assert await _wait(client, world, lease) is Confirmed

    assert world.seen(SuspiciousAnswer) == []


async def test_a_lost_success_that_is_not_found_again_is_unknown(
    world: World,
) -> None:
    """Neither yes nor no: the call may have come, and nobody can tell."""
    phone = world.phone(dials_after_seconds=3)
    async with world.nerotech() as client:
        lease = await client.incoming_init(phone)
        world.sandbox.faults.add(ResetAfter(), operation=_VERIFY, times=4)

        assert await _wait(client, world, lease) is Unknown

    assert world.sandbox.ledger.backs(phone)


@pytest.mark.parametrize(
    ("drain", "steps", "confirmed", "suspicious"),
    [
        (True, [AnswerLost, _no(13)], True, False),
        (True, [answer(status=502, body=b""), _no(13)], True, False),
        (True, [answer(body=b"garbage"), _no(13)], True, False),
        (True, [answer(_YES.body.decode(), status=500), _no(13)], True, False),
        (True, [NotSent, _no(13)], False, True),
        (True, [answer(status=429, body=b""), _no(13)], False, True),
        (True, [_no(13)], False, True),
        (False, [_no(13)], False, True),
        (False, [AnswerLost, _no(13)], False, True),
        (True, [_no(6)], False, False),
        (True, [AnswerLost, _no(6)], False, False),
    ],
)
async def test_code_13_confirms_only_our_own_lost_success(
    *,
    drain: bool,
    steps: list[Step],
    confirmed: bool,
    suspicious: bool,
    world: World,
) -> None:
    """Somebody else's success is no proof for this person."""
    script = world.script([_LEASE, _no(6)] if drain else [_LEASE])
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.canaries.phone(), drain=drain)
        script.add(*steps)

        assert await client.incoming_verify(lease) is confirmed

    assert bool(world.seen(SuspiciousAnswer)) is suspicious


async def test_an_answer_lost_in_an_earlier_check_counts(world: World) -> None:
    """The checks of one attempt are one dialogue."""
    script = world.script([_LEASE, _no(6), *[AnswerLost] * 3, _no(6), _no(13)])
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.canaries.phone())
        with refused(AnswerLost):
            await client.incoming_verify(lease)

        assert not await client.incoming_verify(lease)
        assert await client.incoming_verify(lease)
        assert await client.incoming_verify(lease)

    assert len(script.requests) == 7


async def test_an_answer_lost_in_the_drain_is_none_of_the_attempt(
    world: World,
) -> None:
    """What the drain used up was the call of an earlier attempt."""
    script = world.script([_LEASE, AnswerLost, _no(6), _no(13)])
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.canaries.phone())

        assert not await client.incoming_verify(lease)

    assert len(script.requests) == 4
    assert len(world.seen(SuspiciousAnswer)) == 1


async def test_a_success_is_remembered_for_the_lease(world: World) -> None:
    """The provider tells it once; a web page asks many times."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=1))
        await world.clock.sleep(2)
        assert await client.incoming_verify(lease)
        asked = world.received(_VERIFY)

        assert await client.incoming_verify(lease)
        assert await _wait(client, world, lease) is Confirmed

    assert world.received(_VERIFY) == asked


async def test_a_success_is_remembered_when_its_caller_was_cancelled(
    world: World,
) -> None:
    """The browser went away; the person comes back a second later."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=1))
        await world.clock.sleep(2)
        asking = asyncio.create_task(client.incoming_verify(lease))
        await _until(lambda: world.received(_VERIFY) == 2)
        asking.cancel()
        await asyncio.wait([asking])

        assert await client.incoming_verify(lease)

    assert world.received(_VERIFY) == 2


async def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - a ledger announces nothing
        await asyncio.sleep(0)


async def test_questions_at_once_are_asked_one_after_another(world: World) -> None:
    """A second question could take the success of the first."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=1))
        await world.clock.sleep(2)

        answers = await asyncio.gather(
            *(client.incoming_verify(lease) for _ in range(10))
        )

    assert answers == [True] * 10
    assert world.received(_VERIFY) == 2


async def test_two_waits_on_one_lease_end_alike(world: World) -> None:
    """Two browser tabs show the same attempt."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=10))

        outcomes = await asyncio.gather(
            *(client.wait_incoming(lease) for _ in range(3))
        )

    assert {type(outcome) for outcome in outcomes} == {Confirmed}


async def test_a_confirmed_lease_never_takes_the_call_of_the_next(
    world: World,
) -> None:
    """A page that still shows the first attempt must not use up the second."""
    phone = world.phone(dials_after_seconds=2)
    del world.sandbox.nerotech.numbers[1:]
    async with world.nerotech() as client:
        first = await client.incoming_init(phone)
        assert await _wait(client, world, first) is Confirmed
        second = await client.incoming_init(phone)
        await world.clock.sleep(3)

        await client.incoming_verify(first)

        assert await client.incoming_verify(second)


async def test_a_wait_that_was_cancelled_leaves_nothing(world: World) -> None:
    """A page that was closed costs the provider no more questions."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone())
        wait = asyncio.create_task(client.wait_incoming(lease))
        await world.clock.sleep(30)
        wait.cancel()
        await asyncio.wait([wait])
        asked = world.received(_VERIFY)
        tasks = len(asyncio.all_tasks())

        await world.clock.sleep(60)

        assert len(asyncio.all_tasks()) == tasks
    assert world.received(_VERIFY) == asked


async def test_a_wait_after_a_cancelled_one_goes_on(world: World) -> None:
    """The person reloads the page."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=50))
        for _ in range(5):
            wait = asyncio.create_task(client.wait_incoming(lease))
            await world.clock.sleep(7)
            wait.cancel()
            await asyncio.wait([wait])

        assert await _wait(client, world, lease) is Confirmed


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
        world.sandbox.nerotech.refuse_next(code, operation=_VERIFY)

        with refused(error) as refusal:
            await client.wait_incoming(lease)

    assert refusal.error.code == code
    assert world.clock.monotonic() < 2
    assert world.received(_VERIFY) == 2


@pytest.mark.parametrize("code", [4, 11])
async def test_trouble_that_passes_does_not_end_the_wait(
    code: int, world: World
) -> None:
    """The provider stumbles, the person still dials."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=20))
        world.sandbox.nerotech.refuse_next(code, operation=_VERIFY, times=3)

        assert await _wait(client, world, lease) is Confirmed


async def test_too_many_questions_do_not_end_the_wait(world: World) -> None:
    """A limit on questions says nothing about the person."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=20))
        world.sandbox.faults.add(TooMany(), operation=_VERIFY, times=4)

        assert await _wait(client, world, lease) is Confirmed


async def test_an_outage_ends_as_expired_when_nothing_had_left(world: World) -> None:
    """What was never asked cannot have taken the success."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone())
        world.sandbox.faults.add(Refused(), operation=_VERIFY, times=None)

        assert await _wait(client, world, lease) is Expired


async def test_the_last_check_is_one_check(world: World) -> None:
    """A lease that is over is not asked about for another half minute."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone())
        world.sandbox.faults.add(Hang(), operation=_VERIFY, times=None)

        assert await _wait(client, world, lease) is Unknown

    assert world.wire.times(_VERIFY)[-1] <= 135
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
        world.sandbox.faults.add(Hang(), operation=_VERIFY, times=2)

        assert await _wait(client, world, lease) is not Confirmed


async def test_a_lease_of_another_process_is_waited_for(world: World) -> None:
    """One process shows the number, another one answers the page."""
    phone = world.phone(dials_after_seconds=30)
    async with world.nerotech() as ours, world.nerotech() as theirs:
        lease = await theirs.incoming_init(phone)

        assert await _wait(ours, world, lease) is Confirmed
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
    script = world.script([_LEASE, _no(6), AnswerLost, _no(13)])
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
        world.sandbox.faults.add(ServerError(), operation=_VERIFY, skip=1, times=1)

        assert await _wait(ours, world, lease) is Unknown


async def test_a_lease_that_was_written_by_hand_is_no_proof(world: World) -> None:
    """Nobody called that number for that phone."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=1))
        await world.clock.sleep(2)

        other = evolve(lease, user=world.phone())
        assert not await client.incoming_verify(other)
        assert await client.incoming_verify(lease)


async def test_a_check_that_waited_for_its_turn_comes_too_late(world: World) -> None:
    """Whoever stood in the queue when the lease ended is told no."""
    world.sandbox.nerotech.dial_window_seconds = None
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=138))
        await world.clock.sleep(129)
        world.sandbox.faults.add(Hang(), operation=_VERIFY, times=2)

        outcomes = await asyncio.gather(*(client.wait_incoming(lease) for _ in "123"))

    assert {type(outcome) for outcome in outcomes} == {Unknown}
    assert world.wire.times(_VERIFY)[-1] <= 135


@pytest.mark.parametrize("seconds", [125, 129.9])
async def test_the_last_question_has_time_for_its_answer(
    seconds: float, world: World
) -> None:
    """The provider takes a moment, and tells its success only once."""
    async with world.nerotech() as client:
        lease = await client.incoming_init(world.phone(dials_after_seconds=110))
        await world.clock.sleep(seconds)
        world.sandbox.faults.add(Latency(0.5), operation=_VERIFY)

        assert await client.incoming_verify(lease)


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
