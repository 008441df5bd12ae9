"""Checks of a durable store: two of them on the same data, at once or in turn."""

from __future__ import annotations

from itertools import cycle

from ..verification.store import Lock
from .check import Checks, OpenStore, check_opening, expect, expect_true, together
from .samples import NOW, ROUNDS, TASKS, charge, later, record, room

_LIMIT = 5


class SharedChecks(Checks):
    """Check what two stores on the same data know of each other."""

    @check_opening
    async def test_the_pepper_is_kept_elsewhere(self, open_store: OpenStore) -> None:
        """The key must not lie beside what it protects."""
        async with open_store() as store:
            expect(store.pepper, None, "a durable store has no pepper")

    @check_opening
    async def test_closing_again_does_nothing(self, open_store: OpenStore) -> None:
        """Whoever cleans up does not know who was there before."""
        async with open_store() as store:
            await store.insert(record())
            await store.aclose()
            await store.aclose()

    @check_opening
    async def test_everything_is_there_after_a_restart(
        self, open_store: OpenStore
    ) -> None:
        """A person types the pin to whatever process is there."""
        async with open_store() as store:
            await store.insert(record("a"))
            await store.insert(record("b", worker=None))
            await store.replace(record("a", version=2), expected_version=1)
            await store.lock("phone", "owner", until=later(60), now=NOW)
            await store.charge([charge(limit=_LIMIT)], now=NOW)

        async with open_store() as store:
            expect(await store.get("a"), record("a", version=2), "a record")
            expect(await store.get("b"), record("b", worker=None), "one at rest")
            live = list(await store.live("worker"))
            expect(live, [record("a", version=2)], "what somebody looks after")
            held = await store.holder("phone", now=NOW)
            expect(held, Lock(owner="owner", until=later(60)), "a lock")
            expect(await room(store, charge(limit=_LIMIT)), _LIMIT - 1, "a counter")

    @check_opening
    async def test_the_order_of_changes_goes_on(self, open_store: OpenStore) -> None:
        """Who remembers a position of before the restart misses nothing."""
        async with open_store() as store:
            await store.insert(record("before"))
            position = (await store.changes(-1)).position

        async with open_store() as store:
            await store.insert(record("after"))
            found = (await store.changes(position)).attempt_ids
            expect(list(found), ["after"], "what came after the position is told")

    @check_opening
    async def test_each_sees_what_the_other_did(self, open_store: OpenStore) -> None:
        """A call is placed by one process and its webhook comes to another."""
        async with open_store() as one, open_store() as other:
            position = (await other.changes(-1)).position
            await one.insert(record())
            for store in (one, other):
                expect(await store.get("attempt"), record(), "a record")
            found = (await other.changes(position)).attempt_ids
            expect(list(found), ["attempt"], "a change")

            changed = record(version=2, worker=None)
            expect_true(await other.replace(changed, expected_version=1), "replacing")
            expect(await one.get("attempt"), changed, "a replaced record")
            expect(list(await one.workers()), [], "a worker that has none left")

            held = await one.lock("phone", "a", until=later(60), now=NOW)
            answer = await other.lock("phone", "b", until=later(60), now=NOW)
            expect(answer, held, "a lock")
            await one.charge([charge(limit=_LIMIT)], now=NOW)
            expect(await room(other, charge(limit=_LIMIT)), _LIMIT - 1, "a counter")

    @check_opening
    async def test_one_of_both_wins(self, open_store: OpenStore) -> None:
        """A code is used once, however many processes are asked."""
        async with open_store() as one, open_store() as other:
            await one.insert(record(version=0))
            for version in range(ROUNDS):
                rivals = [
                    record(version=version + 1, document=str(n)) for n in range(TASKS)
                ]
                won = await together(
                    store.replace(rival, expected_version=version)
                    for store, rival in zip(cycle((one, other)), rivals, strict=False)
                )
                expect(won.count(True), 1, "one of many replacements wins")
                winner = rivals[won.index(True)]
                expect(await one.get("attempt"), winner, "the winner's is kept")

    @check_opening
    async def test_one_of_both_takes_a_lock(self, open_store: OpenStore) -> None:
        """A phone rings once, however many processes want to call it."""
        async with open_store() as one, open_store() as other:
            for number in range(ROUNDS):
                answers = await together(
                    store.lock(f"{number}", f"{n}", until=later(60), now=NOW)
                    for store, n in zip(cycle((one, other)), range(TASKS), strict=False)
                )
                owners = {answer.owner for answer in answers}
                expect(len(owners), 1, "one takes the lock, and all are told so")

    @check_opening
    async def test_a_limit_holds_for_both_together(self, open_store: OpenStore) -> None:
        """More processes must not mean more calls."""
        async with open_store() as one, open_store() as other:
            for number in range(ROUNDS):
                wanted = charge(f"counter {number}", limit=_LIMIT)
                refusals = await together(
                    store.charge([wanted], now=NOW)
                    for store, _ in zip(cycle((one, other)), range(TASKS), strict=False)
                )
                expect(refusals.count(None), _LIMIT, "as many as the limit says")

    @check_opening
    async def test_who_follows_both_misses_nothing(self, open_store: OpenStore) -> None:
        """A position is given only once all before it can be seen."""
        async with open_store() as one, open_store() as other:
            seen: set[str] = set()
            position = (await one.changes(-1)).position

            async def follow() -> None:
                nonlocal position
                for _ in range(TASKS):
                    found = await one.changes(position)
                    seen.update(found.attempt_ids)
                    position = found.position

            names = [str(number) for number in range(TASKS)]
            stores = zip(cycle((one, other)), names, strict=False)
            inserts = [store.insert(record(name)) for store, name in stores]
            await together([*inserts, follow()])
            seen.update((await one.changes(position)).attempt_ids)
            expect(set(names) - seen, set(), "every change is told")
