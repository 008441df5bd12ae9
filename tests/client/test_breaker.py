"""A provider that fails again and again is left alone for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from attrs import evolve

from callauth import (
    AnswerLost,
    BreakerClosed,
    BreakerOpened,
    NotSent,
    NumberLease,
    RequestSettled,
    RetryPolicy,
    TelefonIPClient,
)
from callauth.sandbox import (
    Fault,
    Hang,
    Latency,
    Refused,
    ResetAfter,
    ServerError,
    TooMany,
)
from callauth.sandbox.visit import Answered, Delivery, Visit
from tests.support.answers import answer, sample
from tests.support.refusals import refused

from .world import World

_ONCE = RetryPolicy(tries=1)
_LEASE = sample("telefonip/lease_repaired")


async def _fail(client: TelefonIPClient, world: World, times: int = 1) -> None:
    for _ in range(times):
        await world.tolerate(client.reverse_auth_phone_get(world.stranger()))


@pytest.mark.parametrize(
    "fault",
    [Refused(), ResetAfter(), ServerError(), Hang()],
    ids=lambda fault: type(fault).__name__,
)
async def test_five_failures_in_a_row_open_it(fault: Refused, world: World) -> None:
    """The sixth person is told at once to try another way."""
    world.sandbox.faults.add(fault, times=None)
    async with world.telefonip(retry=_ONCE) as client:
        await _fail(client, world, 5)
        with refused(NotSent, match="while the provider fails") as refusal:
            await client.reverse_auth_phone_get(world.canaries.phone())

    assert refusal.error.retry_after == 30
    assert len(world.wire.sent) == 5
    assert world.seen(BreakerOpened) == [
        BreakerOpened(provider="telefonip", seconds=30.0)
    ]


async def test_a_success_in_between_starts_the_count_anew(world: World) -> None:
    """Four failures in five requests are bad luck, not an outage."""
    world.script([*[NotSent] * 4, _LEASE] * 5)
    async with world.telefonip(retry=_ONCE) as client:
        await _fail(client, world, 25)

    assert world.seen(BreakerOpened) == []
    assert len(world.wire.sent) == 25


_NO = answer({"success": False, "error": "phone is not valid", "data": {}}, status=400)


async def test_what_the_person_caused_never_counts(world: World) -> None:
    """Fifty wrong numbers say nothing about the provider."""
    world.script([_NO] * 50)
    async with world.telefonip(retry=_ONCE) as client:
        await _fail(client, world, 50)

    assert world.seen(BreakerOpened) == []


@pytest.mark.parametrize("code", [2, 5, 6, 9, 10, 11, 12])
async def test_a_refusal_of_the_person_is_a_sign_of_life(
    code: int, world: World
) -> None:
    """Busy, no answer and a wrong code come from a provider that works."""
    refusal = answer({"status": False, "error": code})
    world.script([*[AnswerLost] * 4, refusal, *[AnswerLost] * 4, refusal])
    async with world.nerotech(retry=_ONCE) as client:
        for _ in range(10):
            await world.tolerate(client.voicemail(world.stranger()))

    assert world.seen(BreakerOpened) == []


async def test_code_4_is_the_providers_failure(world: World) -> None:
    """Its back end fails, and it says so politely."""
    world.script([answer({"status": False, "error": 4})] * 5)
    async with world.nerotech() as client:
        for _ in range(5):
            await world.tolerate(client.voicemail(world.stranger()))

    assert len(world.seen(BreakerOpened)) == 1


async def test_too_many_requests_count_as_nothing(world: World) -> None:
    """Neither a failure nor a sign of health."""
    limited = answer(body=b"", status=429)
    world.script([*[AnswerLost] * 4, *[limited] * 10, AnswerLost])
    async with world.telefonip(retry=_ONCE) as client:
        await _fail(client, world, 14)
        assert world.seen(BreakerOpened) == []
        await _fail(client, world)

    assert len(world.seen(BreakerOpened)) == 1


async def test_the_pause_doubles_up_to_five_minutes(world: World) -> None:
    """A provider that is down for an hour is asked a dozen times."""
    world.sandbox.faults.add(Refused(), times=None)
    async with world.telefonip(retry=_ONCE) as client:
        await _fail(client, world, 5)
        for _ in range(6):
            await world.clock.sleep(world.seen(BreakerOpened)[-1].seconds)
            await _fail(client, world, 3)

    assert [event.seconds for event in world.seen(BreakerOpened)] == [
        *(30, 60, 120, 240, 300, 300, 300)
    ]
    assert len(world.wire.sent) == 11


async def test_before_the_pause_is_over_nothing_is_sent(world: World) -> None:
    """The time left is told to whoever asks."""
    world.sandbox.faults.add(Refused(), times=5)
    async with world.telefonip(retry=_ONCE) as client:
        await _fail(client, world, 5)
        await world.clock.sleep(29)
        with refused(NotSent) as refusal:
            await client.reverse_auth_phone_get(world.canaries.phone())

        assert refusal.error.retry_after == 1
        await world.clock.sleep(1)
        assert isinstance(
            await client.reverse_auth_phone_get(world.canaries.phone()), NumberLease
        )


async def test_exactly_one_of_many_tries_it_out(world: World) -> None:
    """Half-open means one request, not fifty."""
    world.sandbox.faults.add(Refused(), times=5)
    async with world.telefonip(retry=_ONCE) as client:
        await _fail(client, world, 5)
        await world.clock.sleep(30)
        world.sandbox.faults.add(Latency(2.0))

        asked = len(world.wire.sent)
        await asyncio.gather(*(_fail(client, world) for _ in range(50)))
        assert len(world.wire.sent) - asked == 1

        await asyncio.gather(*(_fail(client, world) for _ in range(50)))
        assert len(world.wire.sent) - asked == 51

    assert world.seen(BreakerClosed) == [BreakerClosed(provider="telefonip")]


@pytest.mark.parametrize("end", ["fails", "is limited", "succeeds"])
async def test_only_the_probe_decides(end: str, world: World) -> None:
    """A request from before the outage says nothing about now."""
    async with world.telefonip(retry=_ONCE) as client:
        stragglers: dict[str, Fault] = {
            "fails": Hang(),
            "is limited": _Slowly(world, TooMany()),
            "succeeds": Latency(9.0),
        }
        world.sandbox.faults.add(stragglers[end])
        late = asyncio.create_task(_fail(client, world))
        await world.clock.sleep(0)
        await _settle(lambda: len(world.wire.sent) == 1)
        world.sandbox.faults.add(Refused(), times=5)
        await _fail(client, world, 5)
        await late
        await world.clock.sleep(31 - world.clock.monotonic())
        world.sandbox.faults.add(Latency(5.0))
        probe = asyncio.create_task(_fail(client, world))
        await world.clock.sleep(1)
        before = len(world.wire.sent)
        await _fail(client, world, 3)
        assert len(world.wire.sent) == before
        await probe

    assert [type(event).__name__ for event in _breaker(world)] == [
        "BreakerOpened",
        "BreakerClosed",
    ]


async def test_a_straggler_does_not_free_the_probes_place(world: World) -> None:
    """A call of 99 seconds may end while the provider is being tried out."""
    world.sandbox.faults.add(_Slowly(world, TooMany(), 40.0))
    policy = RetryPolicy(tries=1, try_seconds=90, deadline_seconds=90)
    async with world.telefonip(retry=policy) as client:
        late = asyncio.create_task(_fail(client, world))
        await _settle(lambda: len(world.wire.sent) == 1)
        world.sandbox.faults.add(Refused(), times=5)
        await _fail(client, world, 5)
        await world.clock.sleep(35)
        world.sandbox.faults.add(Latency(20.0))
        probe = asyncio.create_task(_fail(client, world))
        await late
        await world.clock.sleep(1)
        before = len(world.wire.sent)

        await _fail(client, world, 3)

        assert len(world.wire.sent) == before
        await probe
    assert len(world.seen(BreakerClosed)) == 1


class _Slowly:
    """Answer with another fault's answer, later."""

    def __init__(self, world: World, fault: TooMany, seconds: float = 8.0) -> None:
        self._fault = fault
        self._seconds = seconds

    def meet(self, visit: Visit) -> Delivery:
        """Return the answer with a delay."""
        answered = self._fault.meet(visit)
        assert isinstance(answered, Answered)
        return evolve(answered, after_seconds=self._seconds)


async def _settle(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - a wire announces nothing
        await asyncio.sleep(0)


def _breaker(world: World) -> list[object]:
    return [e for e in world.events if isinstance(e, BreakerOpened | BreakerClosed)]


async def test_a_probe_that_learned_nothing_leaves_the_place_to_the_next(
    world: World,
) -> None:
    """429 is neither a failure nor a success: the next request tries."""
    limited = answer(body=b"", status=429)
    script = world.script([*[NotSent] * 5, limited, _LEASE])
    async with world.telefonip(retry=_ONCE) as client:
        await _fail(client, world, 5)
        await world.clock.sleep(30)
        await _fail(client, world, 2)

    assert len(script.requests) == 7
    assert [type(event) for event in _breaker(world)] == [BreakerOpened, BreakerClosed]


async def test_a_retry_that_meets_an_open_breaker_keeps_the_first_loss(
    world: World,
) -> None:
    """The call may ring although its retry was never let out."""
    world.script([NotSent, NotSent, NotSent, NotSent, AnswerLost])
    async with world.nerotech() as client:
        with refused(NotSent):
            await client.voicemail(world.canaries.phone())
        with refused(AnswerLost):
            await client.voicemail(world.canaries.phone())

    assert len(world.wire.sent) == 5


async def test_a_caller_who_leaves_is_no_failure_of_the_provider(
    world: World,
) -> None:
    """Impatient people say nothing about the provider."""
    world.sandbox.faults.add(Latency(2.0), times=None)
    async with world.telefonip(retry=_ONCE) as client:
        for _ in range(20):
            asking = asyncio.create_task(_fail(client, world))
            await world.clock.sleep(1.0)
            asking.cancel()
            await asyncio.wait([asking])
        await world.clock.sleep(5.0)

    assert world.seen(BreakerOpened) == []
    assert len(world.seen(RequestSettled)) == 20


async def test_events_come_in_the_order_in_which_things_happen(
    world: World,
) -> None:
    """A dashboard draws what it is told, as it is told."""
    world.script([*[NotSent] * 5, _LEASE])
    async with world.telefonip() as client:
        await _fail(client, world, 2)
        await world.clock.sleep(30)
        await _fail(client, world)

    assert [type(event).__name__ for event in world.events] == [
        *("RetryScheduled", "RetryScheduled", "RequestSettled", "CallSettled"),
        *("RetryScheduled", "BreakerOpened", "RetryScheduled"),
        *("RequestSettled", "CallSettled"),
        *("BreakerClosed", "RequestSettled", "CallSettled"),
    ]
