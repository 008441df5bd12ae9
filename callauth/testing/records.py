"""Checks of records: kept whole, and replaced only when nobody changed them."""

from __future__ import annotations

from ..verification.store import Store
from .check import Checks, check, expect, expect_false, expect_true, together
from .samples import ROUNDS, TASKS, record


class RecordChecks(Checks):
    """Check insert, get, replace, live and workers."""

    @check
    async def test_a_record_is_found_as_it_was_inserted(self, store: Store) -> None:
        """What comes back differs in nothing, to the microsecond."""
        for kept in (record("looked after"), record("at rest", worker=None)):
            expect_true(await store.insert(kept), "insert keeps what is new")
            expect(await store.get(kept.attempt_id), kept, "get returns what was kept")

    @check
    async def test_an_unknown_id_has_no_record(self, store: Store) -> None:
        """Visitors ask for ids that never were."""
        await store.insert(record())

        expect(await store.get("another"), None, "an unknown id has no record")

    @check
    async def test_an_id_is_inserted_once(self, store: Store) -> None:
        """A second attempt must not take the place of the first."""
        await store.insert(record(document="first"))

        again = await store.insert(record(document="second", version=2))

        expect_false(again, "insert refuses an id that is kept")
        expect(await store.get("attempt"), record(document="first"), "the first stays")

    @check
    async def test_one_of_many_inserts_wins(self, store: Store) -> None:
        """Whoever hears True must find its own record."""
        for number in range(ROUNDS):
            rivals = [record(str(number), document=str(n)) for n in range(TASKS)]
            won = await together(store.insert(rival) for rival in rivals)
            winners = [
                rival for rival, is_won in zip(rivals, won, strict=True) if is_won
            ]
            expect(len(winners), 1, "one of many inserts of an id wins")
            expect(await store.get(str(number)), winners[0], "the winner's is kept")

    @check
    async def test_a_record_is_replaced_as_a_whole(self, store: Store) -> None:
        """Every field is the new one's."""
        changed = record(version=2, document="new", worker=None, purge_seconds=7200)
        await store.insert(record())

        is_replaced = await store.replace(changed, expected_version=1)

        expect_true(is_replaced, "replace is done while the version is the expected")
        expect(await store.get("attempt"), changed, "the new record is there")

    @check
    async def test_another_version_replaces_nothing(self, store: Store) -> None:
        """Somebody else has changed it: what was read before is out of date."""
        await store.insert(record(version=5))

        for expected in (4, 6, 0, -1):
            changed = record(version=expected + 1, document="new")
            is_replaced = await store.replace(changed, expected_version=expected)
            expect_false(is_replaced, "replace is refused for another version")
            expect(await store.get("attempt"), record(version=5), "nothing is changed")

    @check
    async def test_a_missing_record_is_not_replaced(self, store: Store) -> None:
        """A purged attempt must not rise again."""
        is_replaced = await store.replace(record(version=2), expected_version=1)

        expect_false(is_replaced, "replace is refused when there is no record")
        expect(await store.get("attempt"), None, "and makes none")

    @check
    async def test_one_of_many_replacements_wins(self, store: Store) -> None:
        """A code that is typed twice at the same time is used once."""
        await store.insert(record(version=0))
        for version in range(ROUNDS):
            rivals = [
                record(version=version + 1, document=str(n)) for n in range(TASKS)
            ]
            won = await together(
                store.replace(rival, expected_version=version) for rival in rivals
            )
            winners = [
                rival for rival, is_won in zip(rivals, won, strict=True) if is_won
            ]
            expect(len(winners), 1, "one of many replacements of a version wins")
            expect(await store.get("attempt"), winners[0], "the winner's is kept")

    @check
    async def test_replacing_one_record_leaves_the_others(self, store: Store) -> None:
        """An attempt is nobody else's business."""
        await store.insert(record("other", document="kept"))
        await store.insert(record())

        await store.replace(record(version=2, document="new"), expected_version=1)

        expect(await store.get("other"), record("other", document="kept"), "it stays")

    @check
    async def test_a_worker_finds_what_it_looks_after(self, store: Store) -> None:
        """A process that starts again goes on with its attempts."""
        own = [record(f"own {n}", worker="a") for n in range(3)]
        for each in [*own, record("b's", worker="b"), record("rest", worker=None)]:
            await store.insert(each)

        live = sorted(await store.live("a"), key=lambda each: each.attempt_id)

        expect(live, own, "live returns the records of that worker")
        expect(list(await store.live("nobody")), [], "another one has none")

    @check
    async def test_a_record_follows_its_worker(self, store: Store) -> None:
        """What another process took over, or what is at rest, is left alone."""
        await store.insert(record("taken", worker="a"))
        await store.insert(record("ended", worker="a"))
        taken = record("taken", version=2, worker="b")
        await store.replace(taken, expected_version=1)
        await store.replace(record("ended", version=2, worker=None), expected_version=1)

        expect(list(await store.live("a")), [], "the first worker has none left")
        expect(list(await store.live("b")), [taken], "the second has it as it is now")
        expect(list(await store.workers()), ["b"], "only the second has any")

    @check
    async def test_a_refused_change_moves_no_worker(self, store: Store) -> None:
        """An attempt that changed hands in vain would be looked after by nobody."""
        await store.insert(record(worker="a"))
        await store.insert(record(worker="b"))
        await store.replace(record(version=2, worker="c"), expected_version=7)

        expect(list(await store.workers()), ["a"], "the worker is still the first")
        expect(list(await store.live("a")), [record(worker="a")], "and has its record")

    @check
    async def test_each_worker_is_named_once(self, store: Store) -> None:
        """Attempts of processes that died are looked for by this list."""
        expect(list(await store.workers()), [], "a new store has no workers")
        for number in range(6):
            await store.insert(record(f"x{number}", worker=f"w{number % 2}"))
        await store.insert(record("rest", worker=None))

        expect(sorted(await store.workers()), ["w0", "w1"], "each worker is named once")
