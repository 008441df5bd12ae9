"""Checks of changes: nobody who follows them misses one."""

from __future__ import annotations

from ..verification.store import Store
from .check import Checks, check, expect, together
from .samples import TASKS, later, record

_STEPS = 5


class ChangeChecks(Checks):
    """Check the order of changes."""

    @check
    async def test_the_present_position_has_no_ids(self, store: Store) -> None:
        """A process that starts does not care for the past."""
        await store.insert(record())

        present = await store.changes(-1)

        expect(list(present.attempt_ids), [], "changes(-1) has no ids")
        again = await store.changes(present.position)
        expect(list(again.attempt_ids), [], "nothing has changed since")
        expect(again.position, present.position, "the position stays where it is")

    @check
    async def test_a_new_store_has_no_changes(self, store: Store) -> None:
        """The first position must come before the first change."""
        present = await store.changes(-1)
        await store.insert(record())

        found = await store.changes(present.position)

        expect(list(found.attempt_ids), ["attempt"], "the first change is told")

    @check
    async def test_each_id_is_told_once(self, store: Store) -> None:
        """What changed twice is read once, as it is now."""
        await store.insert(record("before"))
        start = (await store.changes(-1)).position
        for name in ("a", "b"):
            await store.insert(record(name))
            await store.replace(record(name, version=2), expected_version=1)
        await store.replace(record("a", version=3), expected_version=2)

        found = sorted((await store.changes(start)).attempt_ids)

        expect(found, ["a", "b"], "each id is told once, older ones not at all")

    @check
    async def test_what_was_refused_is_no_change(self, store: Store) -> None:
        """A record is read again only when it is worth it."""
        await store.insert(record())
        start = (await store.changes(-1)).position
        await store.insert(record())
        await store.replace(record(version=9), expected_version=8)
        await store.replace(record("missing", version=2), expected_version=1)

        found = (await store.changes(start)).attempt_ids

        expect(list(found), [], "nothing was changed")

    @check
    async def test_a_change_after_the_position_is_told_next(self, store: Store) -> None:
        """A record that changes again is read again."""
        await store.insert(record())
        position = (await store.changes(-1)).position
        for version in range(1, _STEPS):
            await store.replace(record(version=version + 1), expected_version=version)
            found = await store.changes(position)
            expect(list(found.attempt_ids), ["attempt"], "each change is told")
            position = found.position

    @check
    async def test_purging_takes_no_position_back(self, store: Store) -> None:
        """A number that is given twice hides what has it the second time."""
        await store.insert(record("stays"))
        await store.insert(record("ended", purge_seconds=0))
        position = (await store.changes(-1)).position
        await store.purge(now=later(0))
        await store.insert(record("new"))

        found = (await store.changes(position)).attempt_ids

        expect(list(found), ["new"], "what comes after a purge is told")

    @check
    async def test_who_follows_misses_nothing(self, store: Store) -> None:
        """A change that is made while somebody asks is told then or the next time."""
        seen: set[str] = set()
        position = (await store.changes(-1)).position

        async def change(number: int) -> None:
            for step in range(_STEPS):
                await store.insert(record(f"{number} {step}"))

        async def follow() -> None:
            nonlocal position
            for _ in range(TASKS):
                found = await store.changes(position)
                seen.update(found.attempt_ids)
                position = found.position

        await together([*map(change, range(TASKS)), follow()])
        seen.update((await store.changes(position)).attempt_ids)
        missed = {f"{n} {step}" for n in range(TASKS) for step in range(_STEPS)} - seen

        expect(missed, set(), "every change is told")
