from __future__ import annotations

import asyncio
from datetime import timedelta

from attrs import evolve

from callauth import (
    ConfigurationError,
    Confirmed,
    Expired,
    MemoryStore,
    StoreError,
    VerificationPolicy,
    Verifier,
)
from callauth.verification import AttemptEnded, Record
from tests.support.refusals import refused

from .own import Bell, Desk
from .watched import Shared
from .world import STEADY, World


async def test_a_worker_that_lives_is_left_alone(
    world: World, desk: Desk, store: MemoryStore
) -> None:
    """Two who ask would ask twice as often."""
    first = await world.verifier([desk], store=store)
    attempt = await first.start(world.phone())
    await world.verifier([desk], store=store)
    await world.clock.sleep(60.5)
    record = await store.get(attempt.id)

    assert desk.checks == 60
    assert record is not None
    assert await store.workers() == [record.worker]
    assert record.version == 2


async def test_a_worker_that_died_is_noticed_by_those_who_live(
    world: World, desk: Desk
) -> None:
    """Within some seconds, and without a restart."""
    store = Shared()
    secret = world.canaries.secret()
    living = await world.verifier([desk], store=store, pepper=secret)
    dying = await world.verifier([desk], store=store, pepper=secret)
    phone = world.phone()
    attempt = await dying.start(phone)
    await dying.aclose()
    desk.dial(phone)
    await world.clock.sleep(7)

    assert isinstance((await living.get(attempt.id)).outcome, Confirmed)
    assert len(world.seen(AttemptEnded)) == 1


async def test_a_worker_that_was_dropped_is_noticed_later(
    world: World, bell: Bell, store: MemoryStore
) -> None:
    """A process that was killed says nothing; its lock ends after 10 seconds."""
    first = await world.verifier([bell], store=store)
    attempt = await first.start(world.phone())
    record = await store.get(attempt.id)
    assert record is not None
    await first.aclose()
    ghost = evolve(record, worker="ghost", version=record.version + 1)
    await store.replace(ghost, expected_version=record.version)
    now = world.clock.now()
    await store.lock(
        "worker/ghost", "ghost", until=now + timedelta(seconds=10), now=now
    )
    second = await world.verifier([bell], store=store)
    await world.clock.sleep(9)
    assert await store.workers() == ["ghost"]

    await world.clock.sleep(6)

    assert await store.workers() != ["ghost"]
    assert isinstance(await world.end(second, attempt.id), Expired)


async def test_what_cannot_be_read_hinders_nobody(
    world: World, bell: Bell, store: MemoryStore
) -> None:
    """One attempt of a later release, perhaps, among many."""
    first = await world.verifier([bell], store=store)
    attempts = [await first.start(world.phone()) for _ in range(2)]
    await first.aclose()
    record = await store.get(attempts[0].id)
    assert record is not None
    broken = Record(
        attempt_id=record.attempt_id,
        version=9,
        document='{"no": "attempt"}',
        worker=record.worker,
        purge_at=record.purge_at,
    )
    await store.replace(broken, expected_version=record.version)

    second = await world.verifier([bell], store=store)

    assert isinstance(await world.end(second, attempts[1].id), Expired)
    with refused(StoreError):
        await second.get(attempts[0].id)


async def test_a_store_that_cannot_be_looked_at_keeps_it_shut(
    world: World, bell: Bell
) -> None:
    """A Verifier that cannot see the attempts of the dead is none."""

    class Failing(MemoryStore):
        closed = 0

        async def workers(self) -> list[str]:
            raise StoreError("x")

        async def aclose(self) -> None:
            self.closed += 1

    store = Failing()
    verifier = Verifier([bell], store=store, clock=world.clock, poll=STEADY)

    with refused(StoreError):
        await verifier.__aenter__()

    assert store.closed == 1


async def test_a_store_that_fails_amid_the_adoption_leaves_nothing_running(
    world: World, desk: Desk
) -> None:
    """An application may try again until the disk is back."""
    store, secret = Shared(), world.canaries.secret()
    dead = await world.verifier([desk], store=store, pepper=secret)
    for _ in range(2):
        await dead.start(world.phone())
    await dead.aclose()
    written: list[str] = []

    async def fail_the_second(operation: str, _: str) -> None:
        written.extend([operation] * (operation == "replace"))
        if len(written) == 2:
            raise StoreError("x")

    store.before = fail_the_second
    opened = Verifier(
        [desk], store=store, pepper=secret, clock=world.clock, poll=STEADY
    )
    with refused(StoreError):
        await opened.__aenter__()
    store.before = None

    asked = desk.checks
    await world.clock.sleep(100)
    assert desk.checks == asked
    with refused(ConfigurationError):
        await opened.start(world.phone())


async def test_a_store_that_fails_later_is_looked_at_again(
    world: World, bell: Bell
) -> None:
    """And a beat that is missed comes in time once more."""
    store, secret = Shared(), world.canaries.secret()
    living = await world.verifier([bell], store=store, pepper=secret)
    dying = await world.verifier([bell], store=store, pepper=secret)
    attempt = await dying.start(world.phone())
    store.failing |= {"workers", "lock", "unlock"}
    await dying.aclose()
    await world.clock.sleep(40)
    store.failing.clear()

    assert isinstance(await world.end(living, attempt.id), Expired)


async def test_old_attempts_are_purged(
    world: World, bell: Bell, store: MemoryStore
) -> None:
    """Phones are kept no longer than need be."""
    policy = VerificationPolicy(keep_seconds=600.0)
    shared = Shared()
    verifier = await world.verifier(
        [bell], store=shared, policy=policy, pepper=world.canaries.secret()
    )
    attempt = await verifier.start(world.phone())
    await world.clock.sleep(3590)
    assert isinstance((await verifier.get(attempt.id)).outcome, Expired)

    await world.clock.sleep(30)

    assert await shared.get(attempt.id) is None


async def test_the_default_store_is_purged_as_well(
    world: World, bell: Bell, store: MemoryStore
) -> None:
    """Nobody else looks at it, so a later start has to."""
    policy = VerificationPolicy(keep_seconds=600.0)
    verifier = await world.verifier([bell], store=store, policy=policy)
    attempt = await verifier.start(world.phone())
    await world.clock.sleep(3700)

    await verifier.start(world.phone())

    assert await store.get(attempt.id) is None


async def test_a_live_attempt_is_not_purged(
    world: World, bell: Bell, store: MemoryStore
) -> None:
    """However long ago it began."""
    policy = VerificationPolicy(keep_seconds=600.0, pin_seconds=600.0)
    other = Bell(world.clock, name="other")
    verifier = await world.verifier([bell, other], store=store, policy=policy)
    attempt = await verifier.start(world.phone())
    await world.clock.sleep(590)
    await verifier.next_channel(attempt.id)
    await world.clock.sleep(20)

    await store.purge(now=world.clock.now())

    assert isinstance(await verifier.submit(attempt.id, "1000"), Confirmed)


async def test_a_purged_attempt_is_forgotten_in_silence(
    world: World, bell: Bell, store: MemoryStore
) -> None:
    """Somebody cleaned the store by hand."""
    verifier = await world.verifier([bell], store=store)
    await verifier.start(world.phone())
    await store.purge(now=world.clock.now() + timedelta(days=2))

    await world.clock.sleep(300)

    assert world.seen(AttemptEnded) == []


async def test_what_was_left_in_the_default_store_ends_for_those_who_wait(
    world: World, bell: Bell, store: MemoryStore
) -> None:
    """The first Verifier saw nobody else when it was opened."""
    waits = await world.verifier([bell], store=store)
    leaves = await world.verifier([bell], store=store)
    attempt = await leaves.start(world.phone())
    waiting = asyncio.create_task(waits.wait(attempt.id))
    await world.clock.sleep(1)
    await leaves.aclose()

    assert isinstance(await waiting, Expired)
    assert world.clock.monotonic() < 130


async def test_a_worker_with_a_slow_store_is_not_taken_for_dead(
    world: World, bell: Bell
) -> None:
    """Its attempt would be ended as unknown while it asks, and the pin be lost."""
    store, secret = Shared(), world.canaries.secret()
    pauses = {"charge": [20.0], "lock": [3.0]}

    async def before(operation: str, about: str) -> None:
        is_beat = operation == "lock" and "worker/" in about and not pauses["charge"]
        if (is_beat or operation == "charge") and pauses[operation]:
            await world.clock.sleep(pauses[operation].pop())

    bell.seconds = 5.0
    slow = await world.verifier([bell], store=store, pepper=secret)
    await world.clock.sleep(4)
    await world.verifier([Bell(world.clock)], store=store, pepper=secret)
    store.before = before

    attempt = await slow.start(world.phone())

    assert isinstance(await slow.submit(attempt.id, "1000"), Confirmed)


async def test_a_defect_of_the_store_keeps_no_attempt_from_its_end(
    world: World, bell: Bell
) -> None:
    """It is told as one; everybody who waits gets an outcome all the same."""
    store, errors = Shared(yields=True), [ZeroDivisionError()]

    async def before(operation: str, _: str) -> None:
        if operation == "replace" and world.clock.monotonic() >= 120 and errors:
            raise errors.pop()

    secret = world.canaries.secret()
    verifier = await world.verifier([bell], store=store, pepper=secret)
    attempts = [await verifier.start(world.phone()) for _ in range(5)]
    store.before = before
    await world.clock.sleep(130)

    outcomes = [(await verifier.get(each.id)).outcome for each in attempts]

    assert {type(each) for each in outcomes} == {Expired}
    assert len(world.defects) == 1
    world.defects.clear()
