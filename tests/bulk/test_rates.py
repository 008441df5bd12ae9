"""How many calls and checks there are in a second, and who slows them down."""

from __future__ import annotations

from collections import Counter
from itertools import count

import pytest

from callauth import PhoneNumber
from callauth.bulk import Ledger, RowState
from callauth.sandbox import Answer, ResetBefore, TooMany
from callauth.sandbox.faults import Decide, Fault

from .world import CHANNELS, PLACES, World, kept, most_in, states, strangers


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("rate", [0.5, 3.0, 20.0])
async def test_the_rate_is_never_exceeded(
    world: World, channel: str, rate: float
) -> None:
    """Measured where they arrive, across retries, and not slower than that."""
    if channel != "flash":
        # What is asked for again counts, too.
        world.sandbox.faults.decide = _now_and_then(PLACES[channel])
    numbers = strangers(round(rate * 30))
    world.sandbox.network.default = world.sandbox.network.subscriber(
        world.phone(dials_after_seconds=1.0)
    )
    await world.results(
        numbers,
        await world.channel(channel),
        rate_per_second=rate,
        checks_per_second=40.0,
    )

    moments = world.moments(channel)
    assert len(moments) >= len(numbers) * (1.0 if channel == "flash" else 1.1)
    assert most_in(moments) <= max(1, rate)
    assert most_in(world.checks(channel) or [0.0]) <= 40
    if channel == "flash":
        assert moments[-1] <= 30.0 * 1.02


def _now_and_then(place: str) -> Decide:
    requests = count()

    def decide(provider: str, operation: str, phone: object) -> Fault | None:
        is_lost = operation == place and next(requests) % 7 == 3
        return ResetBefore() if is_lost else None

    return decide


async def test_the_rate_is_kept_across_runs(world: World, ledger: Ledger) -> None:
    """Whatever the one before has sent in its last second counts."""
    channel = await world.flash()
    numbers = strangers(40)
    for _ in range(3):
        run = world.run(numbers, channel, ledger=ledger, rate_per_second=5.0)
        async with run:
            async for _ in run:
                if len(world.moments("flash")) % 9 == 8:
                    break
    await world.results(numbers, channel, ledger=ledger, rate_per_second=5.0)

    # Those who stood in line when a run was closed are unknown, and not called.
    ends = Counter(row.state for row in await kept(ledger))
    assert ends[RowState.CONFIRMED] + ends[RowState.UNKNOWN] == len(numbers)
    assert ends[RowState.CONFIRMED] <= len(world.moments("flash")) <= len(numbers)
    assert most_in(world.moments("flash")) <= 5


async def test_polls_have_a_limit_of_their_own(world: World) -> None:
    """Many calls ring at once, and all of them are asked about."""
    world.sandbox.network.default = world.sandbox.network.subscriber(
        world.phone(answers=Answer.NO_ANSWER)
    )
    results = await world.results(
        strangers(100), await world.flash(), checks_per_second=5.0
    )

    checks = world.checks("flash")
    assert states(results)[RowState.CONFIRMED] == 0
    assert len(checks) > 100
    assert most_in(checks) <= 5
    assert most_in(world.moments("flash")) == 100


async def test_too_many_requests_slow_it_down_and_it_recovers(world: World) -> None:
    """The provider's own limit is found from above."""
    world.sandbox.faults.add(TooMany(), operation=PLACES["flash"], skip=50, times=3)
    results = await world.results(
        strangers(1000), await world.flash(), rate_per_second=20.0
    )

    moments = world.moments("flash")
    told = moments[50]
    slow = sum(told + 1 <= at < told + 4 for at in moments) / 3
    fast = sum(told + 35 <= at < told + 38 for at in moments) / 3
    assert states(results) == {RowState.CONFIRMED: 1000}
    assert slow <= 10.0
    assert fast >= 19.0
    assert most_in(moments) <= 20


async def test_error_11_slows_it_down_and_is_called_later(world: World) -> None:
    """It is the provider's limit of calls; the number gets its call all the same."""
    phones = [world.phone() for _ in range(60)]
    for phone in phones[20:22]:
        world.sandbox.nerotech.refuse_next(11, operation="voicemail", phone=phone)
    results = await world.results(phones, await world.voice(), rate_per_second=10.0)

    moments = world.moments("voice")
    told = moments[20]
    slow = sum(told + 1 <= at < told + 3 for at in moments) / 2
    assert states(results) == {RowState.PLACED: 60}
    assert slow <= 6.0
    assert world.sandbox.ledger.rings_twice() == []


async def test_a_limit_without_end_is_a_refusal(world: World) -> None:
    """Somebody was called too often today; the others get their calls."""
    phone = world.phone()
    world.sandbox.nerotech.refuse_next(11, phone=phone, times=None)
    numbers: list[str | PhoneNumber] = [phone, *strangers(5)]
    results = await world.results(numbers, await world.voice())

    ended = {each.phone: each.state for each in results}
    assert ended.pop(phone) is RowState.REFUSED
    assert set(ended.values()) == {RowState.PLACED}


async def test_a_call_in_progress_is_no_reason_to_slow_down(world: World) -> None:
    """It says nothing about the rate."""
    phones = [world.phone() for _ in range(40)]
    world.sandbox.nerotech.refuse_next(9, operation="voicemail", phone=phones[5])
    await world.results(phones, await world.voice(), rate_per_second=10.0)

    assert sum(at < 3.5 for at in world.moments("voice")) >= 34
