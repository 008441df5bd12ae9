"""What a transport does not stop in time is stopped, all with one alarm."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from attrs import define

from callauth import AnswerLost, HangupCause, ManualClock, Response, RetryPolicy
from callauth.client.backstop import Backstop
from callauth.protocol.message import Request
from callauth.transport.port import Clock
from tests.support.answers import answer
from tests.support.refusals import refused

from .wire import Sluggish
from .world import World

_CALL_ID = "8f3b2c32-ea06-43d2-856f-2ae05d6f86c6"
_ENDED = answer(
    {"status": "success", "data": {"callid": _CALL_ID, "result": "NO_ANSWER"}}
)
_ONCE = RetryPolicy(tries=1)


@define
class _Stubborn:
    """Swallow so many cancellations, then answer after a pause."""

    clock: Clock
    swallows: int
    pauses: Iterator[float]

    async def send(self, request: Request, *, timeout_seconds: float) -> Response:
        """Wait on, whatever comes."""
        pause = next(self.pauses)
        for _ in range(self.swallows):
            try:
                await self.clock.sleep(pause)
            except asyncio.CancelledError:
                continue
            return _ENDED
        await self.clock.sleep(pause)
        return _ENDED

    async def aclose(self) -> None:
        """Close nothing."""


@pytest.mark.parametrize("swallows", [0, 1, 2, 5])
async def test_a_transport_that_swallows_a_cancellation_gets_another(
    swallows: int, world: World
) -> None:
    """A broad except clause in somebody's transport must not hold up a login."""
    stubborn = _Stubborn(world.clock, swallows, iter([3600.0]))
    async with world.callpass(transport=stubborn, retry=_ONCE) as client:
        with refused(AnswerLost, match="no answer in time") as refusal:
            await client.get_call_password_status(_CALL_ID)

    assert refusal.error.timed_out
    assert world.clock.monotonic() == pytest.approx(10.05 + 0.05 * swallows)


@pytest.mark.parametrize("swallows", [0, 3])
async def test_the_next_try_is_not_cancelled_with_the_first(
    swallows: int, world: World
) -> None:
    """A cancellation of our own that is left over would end the wrong thing."""
    stubborn = _Stubborn(world.clock, swallows, iter([3600.0, 5.0]))
    async with world.callpass(transport=stubborn) as client:
        cause = await client.get_call_password_status(_CALL_ID)

    assert cause == HangupCause("NO_ANSWER")


async def test_an_answer_in_place_of_a_cancellation_is_believed(world: World) -> None:
    """It came, and the transport knows it better than a clock."""

    class Answering(Sluggish):
        async def send(self, request: Request, *, timeout_seconds: float) -> Response:
            try:
                await world.clock.sleep(3600.0)
            except asyncio.CancelledError:
                return _ENDED
            raise AssertionError

    transport = Answering(world.clock, 0.0, _ENDED)
    async with world.callpass(transport=transport) as client:
        for _ in range(2):
            assert await client.get_call_password_status(_CALL_ID)

    assert world.clock.monotonic() == pytest.approx(2 * 10.05)


async def test_each_of_many_is_stopped_in_its_own_time(world: World) -> None:
    """One alarm for all must not be the alarm of the first."""
    ended: list[float] = []
    transport = Sluggish(world.clock, 3600.0, _ENDED)
    async with world.callpass(transport=transport, retry=_ONCE) as client:

        async def ask(delay: float) -> None:
            await world.clock.sleep(delay)
            with refused(AnswerLost):
                await client.get_call_password_status(_CALL_ID)
            ended.append(world.clock.monotonic())

        await asyncio.gather(*(ask(delay) for delay in (4.0, 0.0, 2.5, 2.5)))

    assert ended == pytest.approx([10.05, 12.55, 12.55, 14.05])


async def test_the_first_that_is_due_may_begin_last() -> None:
    """A shorter deadline must not wait for a longer one that began before."""
    clock = ManualClock()
    backstop = Backstop(clock)

    async def wait(seconds: float) -> float:
        task = asyncio.current_task()
        assert task is not None
        backstop.begin(task, clock.monotonic() + seconds)
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            assert backstop.end(task)
            assert not task.cancelling()
        return clock.monotonic()

    ended = await asyncio.gather(wait(30.0), wait(10.0), wait(20.0))

    assert ended == pytest.approx([30.0, 10.0, 20.0])


async def _until(came: asyncio.Future[None], backstop: Backstop) -> bool:
    task = asyncio.current_task()
    assert task is not None
    backstop.begin(task, 1.0)
    try:
        await came
    except asyncio.CancelledError:
        assert backstop.end(task)
        raise
    return backstop.end(task)


async def test_a_loop_that_was_held_up_throws_no_answer_away() -> None:
    """It came meanwhile, and its task is a turn from reading it."""
    clock = ManualClock(autojump=False)
    backstop, came = Backstop(clock), asyncio.get_running_loop().create_future()
    waiting = asyncio.ensure_future(_until(came, backstop))
    await asyncio.sleep(0)
    clock.suspend(2.0)

    came.set_result(None)
    backstop._ring()

    assert await waiting is False


async def test_a_loop_that_is_held_up_again_gives_no_more_time() -> None:
    """Otherwise a busy process would have no deadline."""
    clock = ManualClock(autojump=False)
    backstop, never = Backstop(clock), asyncio.get_running_loop().create_future()
    waiting = asyncio.ensure_future(_until(never, backstop))
    await asyncio.sleep(0)
    for _ in range(2):
        clock.suspend(2.0)
        backstop._ring()

    await asyncio.wait([waiting])

    assert waiting.cancelled()


async def test_who_cancels_the_task_as_well_is_heard(world: World) -> None:
    """A client that is closed just then must not go on."""
    backstop = Backstop(world.clock)

    async def wait() -> None:
        task = asyncio.current_task()
        assert task is not None
        backstop.begin(task, world.clock.monotonic() + 1.0)
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            assert backstop.end(task)
            assert task.cancelling() == 1
            raise

    waiting = asyncio.ensure_future(wait())
    await asyncio.sleep(0)
    world.clock.suspend(1.0)
    backstop._ring()
    waiting.cancel()
    await asyncio.wait([waiting])

    assert waiting.cancelled()


async def test_no_alarm_is_left_when_nothing_is_on_the_way(world: World) -> None:
    """A clock of a test that jumps would jump to it."""
    transport = Sluggish(world.clock, 1.0, _ENDED)
    async with world.callpass(transport=transport) as client:
        asking = [client.get_call_password_status(_CALL_ID) for _ in range(3)]
        await asyncio.gather(*asking)

    assert world.clock._next_due() is None
