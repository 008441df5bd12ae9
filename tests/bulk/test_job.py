"""A ledger is that of one job: of its numbers, its channel, and one run at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from callauth import ConfigurationError, IdempotencyKey, PhoneNumber
from callauth.bulk import Ledger, Row, StopReason
from tests.support.refusals import refused

from .remains import calling, leave
from .world import World, kept, strangers


async def test_two_runs_at_once_call_nobody_twice(world: World, ledger: Ledger) -> None:
    """The second is refused, and the first goes on."""
    numbers = strangers(5)
    async with world.run(numbers, await world.flash(), ledger=ledger) as first:
        results = []
        async for result in first:
            results.append(result)
            if len(results) == 1:
                second = world.run(numbers, await world.flash(), ledger=ledger)
                with refused(ConfigurationError, match="no other run works on"):
                    [_ async for _ in second]

    assert len(results) == len(world.moments("flash")) == len(numbers)


async def test_a_source_that_has_grown_is_read_on(world: World, ledger: Ledger) -> None:
    """Somebody has added lines, one of them again."""
    numbers = strangers(5)
    await world.results(numbers, await world.flash(), ledger=ledger)
    longer = [*numbers, *strangers(3, first=4)]
    run = world.run(longer, await world.flash(), ledger=ledger)
    async with run:
        results = [result async for result in run]

    assert {each.phone and each.phone.e164 for each in results} == set(
        strangers(2, first=5)
    )
    assert len(results) == 2
    assert run.summary().duplicates == 1
    assert await world.results(longer, await world.flash(), ledger=ledger) == []


@pytest.mark.parametrize(
    "texts",
    [
        [],
        strangers(2),
        strangers(3, first=1),
        [*strangers(2), "+79000000009"],
        list(reversed(strangers(3))),
        ["+7900000000", "0+79000000001", "+79000000002"],
    ],
)
async def test_another_source_is_refused_before_anybody_is_called(
    world: World, ledger: Ledger, texts: list[str]
) -> None:
    """The ledger of one job must not be taken for that of another."""
    channel = await world.flash()
    rows = [Row(id=0, phone=PhoneNumber(number)) for number in strangers(3)]
    await leave(ledger, channel, *rows)
    before = await kept(ledger)
    clause = "^expected the numbers of this ledger's job, got others$"
    with refused(ConfigurationError, match=clause):
        await world.results([*texts], channel, ledger=ledger)

    assert await kept(ledger) == before
    assert world.moments("flash") == []


async def test_another_channel_is_refused_before_anybody_is_called(
    world: World, ledger: Ledger
) -> None:
    """What was placed there cannot be asked about here."""
    await leave(ledger, await world.flash(), Row(id=0, phone=world.phone()))
    before = await kept(ledger)
    clause = "^expected the channel 'flash_call:callpass' of this ledger's job, got '"
    for name in ("voice", "telefonip", "nerotech"):
        with refused(ConfigurationError, match=clause):
            await world.results([], await world.channel(name), ledger=ledger)

    assert await kept(ledger) == before


async def test_stop_amid_the_comparison_touches_nothing(
    world: World, ledger: Ledger
) -> None:
    """It is not known yet whether it is the same job."""
    channel = await world.flash()
    phone = world.phone()
    await leave(ledger, channel, calling(world, phone, IdempotencyKey.new()))
    before = await kept(ledger)

    async def silent() -> AsyncIterator[str]:
        run.stop()
        await asyncio.Event().wait()
        yield phone.e164

    run = world.run(silent(), channel, ledger=ledger)
    async with asyncio.timeout(10), run:
        assert [result async for result in run] == []

    assert await kept(ledger) == before
    assert run.summary().stopped is StopReason.ASKED
