from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from attrs import evolve

from callauth import (
    AttemptNotFound,
    ConfigurationError,
    Confirmed,
    Expired,
    MemoryStore,
    Method,
    Rejected,
    StoreError,
    Unknown,
    WebhookHint,
)
from tests.support.refusals import refused

from .own import Bell, Desk
from .watched import Watched
from .world import World


async def test_a_wait_ends_with_the_call(world: World) -> None:
    """The page moves on by itself once the person has called."""
    phone = world.phone(dials_after_seconds=15.0)
    verifier = await world.verifier()
    attempt = await verifier.start(phone, method=Method.REVERSE_CALL)

    outcome = await world.end(verifier, attempt.id)

    assert outcome == Confirmed(at=world.clock.now(), assurance="caller_id")
    assert 15 <= world.clock.monotonic() <= 16.1


async def test_a_wait_ends_with_the_webhook(world: World, desk: Desk) -> None:
    """Long before the poller would have asked again."""
    verifier = await world.verifier([desk])
    phone = world.phone()
    attempt = await verifier.start(phone)
    waiting = asyncio.create_task(verifier.wait(attempt.id))
    await world.clock.sleep(5.1)
    desk.dial(phone)

    await verifier.receive(WebhookHint(lease_id=1, phone=phone, success=True))

    assert isinstance(await waiting, Confirmed)
    assert world.clock.monotonic() == 5.1


@pytest.mark.parametrize(
    ("typed", "kind"), [(["1000"], Confirmed), (["2000"] * 3, Rejected)]
)
async def test_a_wait_ends_with_the_pin(
    typed: list[str], kind: type, world: World, bell: Bell
) -> None:
    """Another request of the same person may have brought it."""
    verifier = await world.verifier([bell])
    attempt = await verifier.start(world.phone())
    waiting = asyncio.create_task(verifier.wait(attempt.id))
    for each in typed:
        outcome = await verifier.submit(attempt.id, each)

    assert await waiting == outcome
    assert type(outcome) is kind


async def test_a_wait_ends_with_the_pin_in_another_verifier(
    world: World, bell: Bell
) -> None:
    """Whichever worker of the web server takes the form."""
    store = MemoryStore()
    one = await world.verifier([bell], store=store)
    other = await world.verifier([bell], store=store)
    attempt = await one.start(world.phone())
    waits = [asyncio.create_task(each.wait(attempt.id)) for each in (one, other)]
    await world.clock.sleep(7)

    outcome = await other.submit(attempt.id, "1000")

    assert [await each for each in waits] == [outcome, outcome]
    assert world.clock.monotonic() <= 7.3


@pytest.mark.parametrize(
    ("method", "seconds"), [(Method.FLASH_CALL, 120), (Method.REVERSE_CALL, 130)]
)
async def test_a_wait_ends_with_the_time(
    method: Method, seconds: float, world: World
) -> None:
    """A reverse call is asked about once more, 10 seconds after its lease."""
    verifier = await world.verifier()
    attempt = await verifier.start(world.phone(), method=method)

    outcome = await world.end(verifier, attempt.id)

    assert isinstance(outcome, Expired)
    assert world.clock.monotonic() == pytest.approx(seconds, abs=0.2)


async def test_a_wait_ends_with_a_cancel(world: World, bell: Bell) -> None:
    """Somebody else may have given up."""
    verifier = await world.verifier([bell])
    attempt = await verifier.start(world.phone())
    waiting = asyncio.create_task(verifier.wait(attempt.id))
    await asyncio.sleep(0)

    outcome = (await verifier.cancel(attempt.id)).outcome

    assert await waiting == outcome


async def test_a_wait_for_what_has_ended_ends_at_once(world: World, bell: Bell) -> None:
    """The page was reloaded."""
    verifier = await world.verifier([bell])
    attempt = await verifier.start(world.phone())
    outcome = await verifier.submit(attempt.id, "1000")

    assert await verifier.wait(attempt.id) == outcome


async def test_a_wait_goes_on_through_the_next_channel(
    world: World, bell: Bell, desk: Desk
) -> None:
    """It is the same attempt."""
    verifier = await world.verifier([bell, desk])
    phone = world.phone()
    attempt = await verifier.start(phone)
    waiting = asyncio.create_task(verifier.wait(attempt.id))
    await world.clock.sleep(100)
    await verifier.next_channel(attempt.id)
    await world.clock.sleep(100)
    assert not waiting.done()

    desk.dial(phone)

    assert isinstance(await waiting, Confirmed)


async def test_one_who_stops_waiting_stops_nobody_else(
    world: World, bell: Bell
) -> None:
    """A browser was closed, another one is open."""
    verifier = await world.verifier([bell])
    attempt = await verifier.start(world.phone())
    waits = [asyncio.create_task(verifier.wait(attempt.id)) for _ in range(3)]
    await asyncio.sleep(0)
    waits[0].cancel()
    await asyncio.wait(waits[:1])

    outcome = await verifier.submit(attempt.id, "1000")

    assert [await each for each in waits[1:]] == [outcome, outcome]


async def test_closing_ends_the_waits(world: World, bell: Bell) -> None:
    """Nobody is left hanging when the server stops."""
    verifier = await world.verifier([bell])
    attempt = await verifier.start(world.phone())
    waits = [asyncio.create_task(verifier.wait(attempt.id)) for _ in range(3)]
    await asyncio.sleep(0)

    await verifier.aclose()

    for each in waits:
        with refused(ConfigurationError):
            await each


async def test_many_wait(world: World) -> None:
    """One timer for all; each gets its own outcome."""
    bell = Bell(world.clock, ring_seconds=0.0)
    verifier = await world.verifier([bell])
    attempts = [await verifier.start(world.phone()) for _ in range(200)]
    before = len(asyncio.all_tasks())
    waits = [asyncio.create_task(verifier.wait(each.id)) for each in attempts]
    await world.clock.sleep(1)
    assert len(asyncio.all_tasks()) - before == len(waits)

    for number in range(0, 200, 2):
        await verifier.submit(attempts[number].id, f"{1000 + number}")
    outcomes = await asyncio.gather(*waits)

    assert {type(each) for each in outcomes[::2]} == {Confirmed}
    assert {type(each) for each in outcomes[1::2]} == {Expired}


async def test_two_who_begin_to_wait_at_once_miss_nothing(
    world: World, bell: Bell
) -> None:
    """What ends between the two looks is known to the one who looked first."""
    store, pauses = Watched(), [1.0, 2.0]

    async def before(operation: str, about: str) -> None:
        # The first question for the position is answered after the second.
        if operation == "changes" and about == "(-1,)" and pauses:
            await world.clock.sleep(pauses.pop(0))

    store.before = before
    one = await world.verifier([bell], store=store)
    other = await world.verifier([bell], store=store)
    attempts = [await other.start(world.phone()) for _ in range(2)]
    waits = [asyncio.create_task(one.wait(each.id)) for each in attempts]
    await world.clock.sleep(1.5)

    await other.submit(attempts[0].id, "1000")
    await other.submit(attempts[1].id, "1001")

    assert {type(await each) for each in waits} == {Confirmed}
    assert world.clock.monotonic() < 10


async def test_a_store_that_fails_for_a_while_delays_the_wait(
    world: World, bell: Bell
) -> None:
    """A locked file is free again in a moment."""
    store = Watched()
    one = await world.verifier([bell], store=store)
    other = await world.verifier([bell], store=store)
    attempt = await one.start(world.phone())
    waiting = asyncio.create_task(one.wait(attempt.id))
    await world.clock.sleep(1)
    store.failing.add("changes")
    await other.submit(attempt.id, "1000")
    await world.clock.sleep(5)
    assert not waiting.done()

    store.failing.clear()

    assert isinstance(await waiting, Confirmed)


async def test_a_store_that_fails_refuses_to_wait(world: World, bell: Bell) -> None:
    """Nobody waits for what cannot be read."""
    store = Watched()
    verifier = await world.verifier([bell], store=store)
    attempt = await verifier.start(world.phone())
    store.failing.add("changes")

    with refused(StoreError):
        await verifier.wait(attempt.id)


async def test_a_wait_for_a_start_that_is_lost_ends(world: World) -> None:
    """Nobody knows, and everybody is told so."""

    def lose() -> None:
        raise ValueError

    bell = Bell(world.clock, fate=lose)  # type: ignore[arg-type] # it never returns
    verifier = await world.verifier([bell])
    attempt = await verifier.start(world.phone())

    assert isinstance(await verifier.wait(attempt.id), Unknown)


async def test_nothing_ticks_when_nobody_waits(world: World, bell: Bell) -> None:
    """An idle server sleeps."""
    verifier = await world.verifier([bell])
    attempt = await verifier.start(world.phone())
    await world.end(verifier, attempt.id)
    await world.clock.sleep(200)

    jumps = 0
    before = world.clock.monotonic()
    while world.clock.monotonic() < before + 100:
        await world.clock.sleep(100)
        jumps += 1

    assert jumps == 1


async def test_one_attempt_that_cannot_be_read_keeps_nobody_waiting(
    world: World, bell: Bell
) -> None:
    """It was written by a later release, in the middle of an upgrade."""
    store = MemoryStore()
    one = await world.verifier([bell], store=store)
    other = await world.verifier([bell], store=store)
    strange, attempt = [await one.start(world.phone()) for _ in range(2)]
    waits = [asyncio.create_task(other.wait(each.id)) for each in (strange, attempt)]
    await world.clock.sleep(1)
    record = await store.get(strange.id)
    assert record is not None
    later = evolve(record, version=record.version + 1, document="{}")
    assert await store.replace(later, expected_version=record.version)

    outcome = await one.submit(attempt.id, "1001")

    assert await waits[1] == outcome
    with refused(StoreError):
        await waits[0]


async def test_a_wait_for_what_was_purged_ends(world: World, bell: Bell) -> None:
    """Somebody cleaned the store by hand."""
    store = MemoryStore()
    one = await world.verifier([bell], store=store)
    other = await world.verifier([bell], store=store)
    attempt = await one.start(world.phone())
    waiting = asyncio.create_task(other.wait(attempt.id))
    await world.clock.sleep(1)
    await one.cancel(attempt.id)
    await store.purge(now=world.clock.now() + timedelta(days=2))

    with refused(AttemptNotFound):
        await waiting


@pytest.mark.parametrize("operation", ["changes", "get"])
async def test_a_time_out_of_the_store_is_told(
    operation: str, world: World, bell: Bell
) -> None:
    """It is a defect of the store's, not the end of the wait: asking on would spin."""
    store, errors = Watched(), [TimeoutError("x")]

    async def before(asked: str, _: str) -> None:
        if asked == operation and errors:
            raise errors.pop()

    verifier = await world.verifier([bell], store=store)
    attempt = await verifier.start(world.phone())
    store.before = before

    with refused(TimeoutError):
        await verifier.wait(attempt.id)
