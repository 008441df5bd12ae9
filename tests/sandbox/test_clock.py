from __future__ import annotations

import asyncio

import pytest

from callauth.errors import ConfigurationError
from callauth.sandbox import FastClock, Sandbox

from .wire import Wire


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf")])
def test_time_must_go_forward(speed: float) -> None:
    """A clock that stands still would wait for ever."""
    with pytest.raises(ConfigurationError):
        FastClock(speed)


async def test_a_fast_clock_makes_minutes_short() -> None:
    """A demonstration of 120 seconds has no 120 seconds."""
    clock, loop = FastClock(6000), asyncio.get_running_loop()
    began, machine = clock.now(), loop.time()
    await clock.sleep(60)
    assert loop.time() - machine < 5
    assert clock.monotonic() >= 60
    assert (clock.now() - began).total_seconds() >= 60
    assert began.tzinfo is not None


async def test_a_timer_of_a_fast_clock_can_be_called_off() -> None:
    """It is a timer like any other, only sooner."""
    clock = FastClock(1000)
    rung: list[str] = []
    clock.call_later(5, lambda: rung.append("called off")).cancel()
    clock.call_later(10, lambda: rung.append("due"))
    await clock.sleep(100)
    assert rung == ["due"]


async def test_a_sandbox_runs_on_a_fast_clock() -> None:
    """A synchronous call of three seconds takes three thousandths."""
    async with Sandbox(clock=FastClock(1000)) as sandbox:
        answer = await Wire(sandbox).start("v1.0")
    assert answer["data"]["result"] == "NORMAL_CLEARING"
