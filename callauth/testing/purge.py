"""Checks of purge: what has ended goes, and nothing else."""

from __future__ import annotations

from ..verification.store import Store
from .check import Checks, check, expect, expect_false, expect_true, together
from .samples import NOW, WINDOW_SECONDS, charge, later, record, room

_MANY = 2500
_MICROSECOND = 0.000_001


class PurgeChecks(Checks):
    """Check purge."""

    @check
    async def test_an_empty_store_has_nothing_to_purge(self, store: Store) -> None:
        """It is done now and then, whatever there is."""
        expect(await store.purge(now=NOW), 0, "no record was thrown away")

    @check
    async def test_a_record_goes_at_its_time(self, store: Store) -> None:
        """Personal data are kept as long as they are needed, and no longer."""
        for seconds in (10, 20, 30):
            await store.insert(record(f"until {seconds}", purge_seconds=seconds))

        for at, count in ((10 - _MICROSECOND, 0), (20, 2), (20, 0), (30, 1)):
            purged = await store.purge(now=later(at))
            expect(purged, count, f"so many are thrown away {at} s after the first")

    @check
    async def test_however_many_have_ended_all_go(self, store: Store) -> None:
        """A service that was down for a day has much to throw away."""
        ended = [record(str(number), purge_seconds=10) for number in range(_MANY)]
        await together(map(store.insert, ended))
        await store.insert(record("kept"))

        expect(await store.purge(now=later(10)), _MANY, "all of them are counted")
        expect(await store.purge(now=later(10)), 0, "and gone")
        expect(await store.get("kept"), record("kept"), "the one that goes on stays")

    @check
    async def test_what_has_not_ended_stays(self, store: Store) -> None:
        """An attempt that is under way is never thrown away."""
        kept = record("kept", purge_seconds=20)
        await store.insert(record("ended", purge_seconds=10))
        await store.insert(kept)

        await store.purge(now=later(10))

        expect(await store.get("kept"), kept, "it is still there")
        expect(list(await store.live("worker")), [kept], "and looked after")

    @check
    async def test_nothing_is_left_of_what_was_purged(self, store: Store) -> None:
        """Its id is unknown and may be taken again."""
        await store.insert(record(purge_seconds=10))
        await store.purge(now=later(10))

        expect(await store.get("attempt"), None, "it is not found")
        expect(list(await store.live("worker")), [], "nobody looks after it")
        expect(list(await store.workers()), [], "its worker is forgotten")
        is_replaced = await store.replace(record(version=2), expected_version=1)
        expect_false(is_replaced, "it cannot be replaced")
        expect_true(await store.insert(record()), "its id is free")

    @check
    async def test_the_last_end_counts(self, store: Store) -> None:
        """A record that is replaced ends when the new one says."""
        await store.insert(record("later", purge_seconds=10))
        await store.insert(record("sooner", purge_seconds=90))
        for name, seconds in (("later", 90), ("sooner", 10)):
            changed = record(name, version=2, purge_seconds=seconds)
            await store.replace(changed, expected_version=1)

        expect(await store.purge(now=later(10)), 1, "one of them has ended")
        expect(await store.get("sooner"), None, "the one that was moved forward")
        expect(await store.purge(now=later(90)), 1, "the other ends later")

    @check
    async def test_a_standing_lock_stays(self, store: Store) -> None:
        """A phone that rings is still not called by others."""
        await store.lock("moved", "a", until=later(10), now=NOW)
        moved = await store.lock("moved", "a", until=later(60), now=NOW)
        await store.lock("ended", "a", until=later(10), now=NOW)
        await store.lock("freed", "a", until=later(10), now=NOW)
        await store.unlock("freed", "a")

        for seconds in (10, 30):
            await store.purge(now=later(seconds))
            held = await store.holder("moved", now=later(seconds))
            expect(held, moved, "it stands")
        expect(await store.holder("ended", now=later(30)), None, "the other has ended")

    @check
    async def test_hits_in_their_window_stay(self, store: Store) -> None:
        """A limit does not become wider by cleaning up."""
        for seconds in (0, 20, 40):
            await store.charge([charge(limit=3)], now=later(seconds))
        end = WINDOW_SECONDS

        for at, allowed in ((end - _MICROSECOND, 0), (end, 1), (end + 20, 1)):
            await store.purge(now=later(at))
            found = await room(store, charge(limit=3), at=at)
            expect(found, allowed, f"{at} s after the first there is so much room")

    @check
    async def test_purging_comes_too_late_for_what_was_taken_back(
        self, store: Store
    ) -> None:
        """What is gone already must not be missed."""
        await store.charge([charge()], now=NOW)
        await store.refund([charge()], at=NOW)

        purged = await store.purge(now=later(WINDOW_SECONDS))

        expect(purged, 0, "hits are no records")

    @check
    async def test_a_lock_that_was_purged_is_free(self, store: Store) -> None:
        """Its name may be taken by anybody."""
        await store.lock("phone", "a", until=later(10), now=NOW)
        await store.purge(now=later(10))

        taken = await store.lock("phone", "b", until=later(60), now=later(10))

        expect(taken.owner, "b", "another one takes it")
