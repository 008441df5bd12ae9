"""A run that ends before its numbers do, whoever ends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from callauth import PhoneNumber
from callauth.bulk import BulkResult, MemoryLedger, RowState, StopReason
from callauth.sandbox import ResetAfter, TooMany
from tests.support.refusals import refused

from .world import PLACES, World, kept, kept_by_phone, strangers


async def test_an_error_of_the_source_ends_the_run(world: World) -> None:
    """It is that of whoever wrote the source, unchanged."""

    async def broken() -> AsyncIterator[str]:
        for number in strangers(2):
            yield number
        raise LookupError("no more")

    with refused(LookupError, match="^no more$"):
        await world.results(broken(), await world.flash())


async def test_leaving_the_loop_ends_the_run(world: World) -> None:
    """The rest stays in the ledger."""
    ledger = MemoryLedger()
    run = world.run(strangers(5000), await world.flash(), ledger=ledger, concurrency=3)
    async for _ in run:
        break
    del run
    while len(asyncio.all_tasks()) > 1:
        await world.clock.sleep(10.0)

    rows = await kept_by_phone(ledger)
    left = [row for row in rows.values() if not row.is_settled]
    assert len(left) > 4000
    assert {row.state for row in left} == {RowState.QUEUED}
    assert len(world.moments("flash")) == len(rows) - len(left)


async def test_stop_finishes_what_was_placed(world: World) -> None:
    """And calls nobody any more."""
    ledger = MemoryLedger()
    run = world.run(strangers(100), await world.flash(), ledger=ledger, concurrency=10)
    results: list[BulkResult] = []
    async with run:
        async for result in run:
            results.append(result)
            run.stop()
    called = len(world.moments("flash"))

    assert called == len(results) <= 20
    assert {each.state for each in results} == {RowState.CONFIRMED}
    assert run.summary().stopped is StopReason.ASKED
    rows = [row for row in await kept(ledger) if not row.is_settled]
    assert {row.state for row in rows} == {RowState.QUEUED}
    assert len(rows) == 100 - called


async def test_stop_before_the_beginning_calls_nobody(world: World) -> None:
    """Whoever is quick with Ctrl-C; the source may be long."""
    run = world.run(strangers(25_000), await world.flash())
    run.stop()
    async with asyncio.timeout(20), run:
        assert [result async for result in run] == []

    assert world.moments("flash") == []


async def test_stop_ends_a_source_that_never_ends(world: World) -> None:
    """Standard input of a terminal, say."""
    forever = asyncio.Event()

    async def silent() -> AsyncIterator[str]:
        yield "+79000000001"
        await forever.wait()

    run = world.run(silent(), await world.flash())
    async with run:
        async for _ in run:
            run.stop()

    assert not run.summary().is_read_whole


async def test_stop_calls_nobody_who_stands_in_line(world: World) -> None:
    """Calls that are tried again took the turns of others, who wait with their rows."""
    world.sandbox.faults.add(
        TooMany(retry_after_seconds=1), operation=PLACES["flash"], times=100
    )
    numbers = strangers(300)
    ledger = MemoryLedger()
    run = world.run(
        numbers, await world.flash(), ledger=ledger, concurrency=100, rate_per_second=5
    )
    async with run:

        async def stop() -> int:
            await world.clock.sleep(20.0)
            run.stop()
            return len(world.moments("flash"))

        stopping = asyncio.create_task(stop())
        async for _ in run:
            pass
    before = await stopping

    assert len(world.moments("flash")) == before > 0
    assert RowState.UNKNOWN not in run.summary().counts
    await world.results(numbers, await world.flash(), ledger=ledger)
    assert {world.rings(PhoneNumber(number)) for number in numbers} == {1}


async def test_stop_brings_a_robots_call_to_its_end(world: World) -> None:
    """Its answer was lost; its key still tells the pin."""
    phone = world.phone()
    world.sandbox.faults.add(ResetAfter(), phone=phone)
    run = world.run([phone], await world.voice())
    async with run:

        async def stop() -> None:
            await world.clock.sleep(0.5)
            run.stop()

        stopping = asyncio.create_task(stop())
        (result,) = [result async for result in run]
    await stopping

    assert (result.state, world.rings(phone)) == (RowState.PLACED, 1)


async def test_aclose_stops_at_once(world: World) -> None:
    """What was placed is found in the ledger."""
    ledger = MemoryLedger()
    run = world.run(strangers(100), await world.flash(), ledger=ledger, concurrency=10)
    async with run:
        async for _ in run:
            break
        began = world.clock.monotonic()
        await run.aclose()
        await run.aclose()

    assert world.clock.monotonic() - began < 1.0
    counts = {row.state for row in await kept(ledger)}
    assert RowState.QUEUED in counts


async def test_aclose_before_the_beginning_does_nothing(world: World) -> None:
    """As in a context manager that is left early."""
    async with world.run(strangers(3), await world.flash()):
        pass

    assert world.moments("flash") == []


async def test_an_error_of_the_lease_hook_ends_the_run(world: World) -> None:
    """Nobody would be told what to dial."""

    def broken(_: object) -> None:
        raise LookupError("no paper")

    phone = world.phone()
    ledger = MemoryLedger()
    with refused(LookupError, match="^no paper$"):
        await world.results(
            [phone], await world.telefonip(), on_lease=broken, ledger=ledger
        )

    assert (await kept_by_phone(ledger))[phone].state is RowState.PLACED
