"""What goes wrong while a run goes on: accounts, budgets, lost answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from callauth import ConfigurationError, PhoneNumber
from callauth.bulk import MemoryLedger, RowState, SQLiteLedger, StopReason
from callauth.sandbox import Hang, Refused, ResetAfter, ResetBefore, ServerError
from callauth.sandbox.faults import Fault
from tests.support.refusals import refused

from .world import CHANNELS, World, kept, states, strangers


def _empty(world: World, *, calls_left: int | None) -> None:
    for provider in (
        world.sandbox.callpass,
        world.sandbox.nerotech,
        world.sandbox.telefonip,
    ):
        provider.account.calls_left = calls_left


@pytest.mark.parametrize("channel", ["flash", "voice"])
async def test_an_empty_account_stops_the_run(world: World, channel: str) -> None:
    """It does not burn through the file, and another run goes on."""
    _empty(world, calls_left=7)
    ledger = MemoryLedger()
    numbers = strangers(200)
    run = world.run(numbers, await world.channel(channel), ledger=ledger, concurrency=5)
    async with run:
        first = [result async for result in run]
    asked = len(world.moments(channel))

    assert run.summary().stopped is StopReason.ACCOUNT
    assert len(first) == 7
    assert asked <= 7 + 5
    left = [row for row in await kept(ledger) if not row.is_settled]
    assert (len(left), {row.state for row in left}) == (193, {RowState.QUEUED})

    _empty(world, calls_left=None)
    second = await world.results(numbers, await world.channel(channel), ledger=ledger)
    assert len(second) == 193
    assert world.sandbox.ledger.rings_twice() == []


@pytest.mark.parametrize("channel", CHANNELS)
async def test_credentials_that_are_refused_stop_the_run(
    world: World, channel: str
) -> None:
    """Nothing is called with the wrong key."""
    world.sandbox.callpass.token = world.canaries.secret()
    world.sandbox.telefonip.token = world.canaries.secret()
    world.sandbox.nerotech.credentials = (77, world.canaries.secret())
    run = world.run(strangers(50), await world.channel(channel), concurrency=4)
    async with run:
        assert [result async for result in run] == []

    summary = run.summary()
    assert summary.stopped is StopReason.ACCOUNT
    assert summary.counts[RowState.QUEUED] == 50
    assert len(world.moments(channel)) <= 4


@pytest.mark.parametrize(
    ("cost", "budget", "calls"),
    [(1.0, 10.0, 10), (0.1, 0.3, 3), (2.5, 12.4, 4), (1.0, 0.0, 0), (0.0, 0.0, 40)],
)
async def test_the_budget_is_exact(
    world: World, cost: float, budget: float, calls: int
) -> None:
    """Not one call more, and not one less, however many go on at once."""
    run = world.run(
        strangers(40),
        await world.flash(),
        concurrency=8,
        cost_per_call=cost,
        budget=budget,
    )
    async with run:
        results = [result async for result in run]

    assert len(world.moments("flash")) == len(results) == calls
    assert run.summary().stopped is (StopReason.BUDGET if calls < 40 else None)
    assert run.summary().spent == pytest.approx(cost * calls)


async def test_what_is_refused_costs_no_budget(world: World) -> None:
    """The provider takes nothing for it either."""
    numbers = strangers(40)
    blocked = {PhoneNumber(number) for number in numbers[::2]}
    world.sandbox.callpass.blocked.update(blocked)
    run = world.run(
        numbers, await world.flash(), concurrency=1, cost_per_call=1.0, budget=10.0
    )
    async with run:
        results = [result async for result in run]

    assert states(results)[RowState.CONFIRMED] == 10
    assert states(results)[RowState.REFUSED] >= 9


async def test_the_budget_counts_earlier_runs(world: World) -> None:
    """It is that of the job."""
    ledger = MemoryLedger()
    for budget, expected in ((5.0, 5), (5.0, 0), (8.0, 3)):
        results = await world.results(
            strangers(20),
            await world.flash(),
            ledger=ledger,
            cost_per_call=1.0,
            budget=budget,
        )
        assert len(results) == expected

    assert len(world.moments("flash")) == 8


async def test_a_source_that_breaks_later_finishes_what_was_placed(
    world: World,
) -> None:
    """And then it is told; once it is mended the same run goes on."""
    ledger = MemoryLedger()

    async def numbers() -> AsyncIterator[str]:
        for number in strangers(300):
            yield number
        # Meanwhile they ring.
        await world.clock.sleep(1.0)
        raise LookupError

    channel = await world.flash()
    run = world.run(numbers(), channel, ledger=ledger)
    async with run:
        with refused(LookupError):
            [_ async for _ in run]

    assert run.summary().stopped is StopReason.SOURCE
    called = run.summary().called
    assert 0 < called == run.summary().counts[RowState.CONFIRMED]
    assert {row.state for row in await kept(ledger) if not row.is_settled} == {
        RowState.QUEUED
    }

    mended = strangers(310)
    more = await world.results(mended, channel, ledger=ledger)
    assert called + len(more) == len(world.moments("flash")) == len(mended)


async def test_what_was_not_sent_is_called_later(world: World) -> None:
    """Nothing happened, so nothing is lost by another try."""
    phone = world.phone()
    world.sandbox.faults.add(Refused(), phone=phone, times=4)
    (result,) = await world.results([phone], await world.flash())

    assert (result.state, world.rings(phone)) == (RowState.CONFIRMED, 1)


async def test_what_can_never_be_sent_is_refused_in_the_end(world: World) -> None:
    """Others are called meanwhile, and nobody waits for ever."""
    phone = world.phone()
    world.sandbox.faults.add(Refused(), phone=phone, times=None)
    numbers: list[str | PhoneNumber] = [phone, *strangers(200)]
    results = await world.results(numbers, await world.flash(), concurrency=2)

    last = next(each for each in results if each.phone == phone)
    assert (last.state, last.reason) == (RowState.REFUSED, "no answer came")
    assert states(results) == {RowState.CONFIRMED: 200, RowState.REFUSED: 1}
    assert world.asked(phone, "flash") == 0


@pytest.mark.parametrize("fault", [ResetAfter(), ResetBefore(), Hang(), ServerError()])
async def test_a_call_whose_answer_is_lost_is_unknown(
    world: World, fault: Fault
) -> None:
    """It may have rung, so it is not called again, by the next run neither."""
    phone = world.phone()
    world.sandbox.faults.add(fault, phone=phone, times=None)
    ledger = MemoryLedger()
    (result,) = await world.results([phone], await world.flash(), ledger=ledger)
    again = await world.results([phone], await world.flash(), ledger=ledger)

    assert (result.state, again) == (RowState.UNKNOWN, [])
    assert world.asked(phone, "flash") == 1


async def test_a_lost_answer_of_a_lease_costs_another_one(world: World) -> None:
    """Nobody dials a number that nobody knows."""
    phone = world.phone(dials_after_seconds=1.0)
    world.sandbox.faults.add(
        ResetAfter(), phone=phone, operation="reverse_auth_phone_get", times=3
    )
    (result,) = await world.results([phone], await world.telefonip())

    assert result.state is RowState.CONFIRMED
    assert world.asked(phone, "telefonip") > 3


async def test_an_outage_loses_nobody(world: World) -> None:
    """No connection for ten minutes; those not yet asked for wait for its end."""
    refusal = Refused()
    world.sandbox.faults.decide = lambda *_: (
        refusal if world.clock.monotonic() < 600.0 else None
    )
    results = await world.results(strangers(300), await world.flash(), concurrency=20)

    assert len(results) == 300
    assert states(results) == {RowState.CONFIRMED: 300}


@pytest.mark.parametrize("channel", CHANNELS)
async def test_no_secret_is_in_the_ledger(
    world: World, channel: str, path: Path
) -> None:
    """The file holds numbers, and nothing to type."""
    codes = [world.canaries.pin().reveal() for _ in range(8)]
    world.sandbox.callpass.next_codes.extend(codes)
    robots = [world.canaries.pin(4).reveal() for _ in range(8)]
    world.sandbox.nerotech.next_codes.extend(robots)
    ledger = SQLiteLedger(path)
    world.sandbox.network.default = world.sandbox.network.subscriber(
        world.phone(dials_after_seconds=1.0)
    )
    results = await world.results(
        strangers(8), await world.channel(channel), ledger=ledger
    )

    assert len(results) == 8
    if channel in ("flash", "voice"):
        assert {each.pin and each.pin.reveal() for each in results} == set(
            codes if channel == "flash" else robots
        )
    for row in await kept(ledger):
        world.canaries.scan(f"{row.key} {row.placed} {row.reason} {row!r}")
    world.canaries.scan(repr(ledger))


async def test_a_client_that_is_closed_burns_through_nothing(world: World) -> None:
    """Whoever leaves its block too early finds all numbers as they were."""
    channel = await world.flash()
    await channel.callpass.aclose()
    ledger = MemoryLedger()
    with refused(ConfigurationError, match="closed|open"):
        await world.results(strangers(3), channel, ledger=ledger)

    assert await kept(ledger) == []


async def test_a_client_that_is_closed_amid_the_run_burns_through_nothing(
    world: World,
) -> None:
    """Those that were not asked for stay queued, and the placed stay placed."""
    channel, ledger = await world.flash(), MemoryLedger()
    run = world.run(strangers(500), channel, ledger=ledger, concurrency=50)
    with refused(ConfigurationError, match="open"):
        async with run:
            async for _ in run:
                await channel.callpass.aclose()

    states_kept = {row.state for row in await kept(ledger)}
    assert RowState.REFUSED not in states_kept
    assert RowState.QUEUED in states_kept


async def test_an_account_that_is_refused_later_leaves_the_placed_as_they_are(
    world: World,
) -> None:
    """The token is mended, and the next run learns how their calls ended."""
    ledger, numbers, callpass = MemoryLedger(), strangers(50), world.sandbox.callpass
    right, wrong = callpass.token, world.canaries.secret()
    world.clock.call_later(0.5, partial(setattr, callpass, "token", wrong))
    run = world.run(numbers, await world.flash(), ledger=ledger)
    async with run:
        first = [result async for result in run]
    callpass.token = right

    assert (first, run.summary().stopped) == ([], StopReason.ACCOUNT)
    results = await world.results(numbers, await world.flash(), ledger=ledger)
    assert len(results) == len(world.moments("flash")) == 50
    assert RowState.REFUSED not in states(results)


async def test_a_key_that_is_refused_after_a_call_rings_nobody_twice(
    world: World,
) -> None:
    """It was taken a second ago, and the answer was lost."""
    phone = world.phone()
    world.sandbox.faults.add(ResetAfter(), phone=phone)
    ledger, channel = MemoryLedger(), await world.voice()

    async def revoke() -> None:
        await world.clock.sleep(0.5)
        world.sandbox.nerotech.credentials = (77, world.canaries.secret())

    revoking = asyncio.create_task(revoke())
    (first,) = await world.results([phone], channel, ledger=ledger)
    await revoking
    world.sandbox.nerotech.credentials = None
    again = await world.results([phone], channel, ledger=ledger)

    assert (first.state, again) == (RowState.UNKNOWN, [])
    assert world.rings(phone) == 1
