"""Checks of what is in a record: any text, however long or odd."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from attrs import evolve

from ..verification.store import Store
from .check import Checks, check, expect, expect_true
from .samples import NOW, charge, record, room

_CONTROLS = "".join(map(chr, range(0x20)))
_DOCUMENTS = {
    "empty": "",
    "blank": " \t ",
    "controls": f"a{_CONTROLS}\x7fz",
    "latin": "".join(map(chr, range(0x80, 0x100))),
    "line ends": "\r\n\n\r\x85\u2028\u2029\n",
    "outside the basic plane": "\U0001f4de\U0010ffff",
    "right to left": "\u202eabc\u200f\u0645\u0631\u062d\u0628\u0627",
    "not normalised": "e\u0301 \u00e9 \ufeff \ufffe",
    "quotes": "'; DROP TABLE records; -- \" \\ ` %s {0} ? :x $1",
    "number": "007",
    "null": "null",
}
_IDS = (
    "", " ", " a", "a ", "a", "A", "ä", "a\u0308", "a\x00b", "a\x00c", "a\n", "%", "_",
    "*", "a*", "?", "a:b", "a/b", "../a", "{a}", "'", '"', "1", "01", "1.0", "None",
    "x" * 1000, "\U0001f4de",
)  # fmt: skip
_MOMENTS = (
    datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    datetime(2026, 1, 1, 3, tzinfo=timezone(timedelta(hours=3))),
    datetime(2038, 1, 19, 3, 14, 8, 123_457, tzinfo=UTC),
    datetime(2106, 2, 7, 6, 28, 16, tzinfo=UTC),
)


class DocumentChecks(Checks):
    """Check that nothing of a record is lost or mixed up."""

    @check
    async def test_any_text_is_a_document(self, store: Store) -> None:
        """A document is opaque: the store must not read anything into it."""
        for name, document in _DOCUMENTS.items():
            await store.insert(record(name, document=document))

        for name, document in _DOCUMENTS.items():
            found = await store.get(name)
            expect(found, record(name, document=document), f"{name}: nothing is lost")

    @check
    async def test_a_document_may_be_large(self, store: Store) -> None:
        """A megabyte is far more than an attempt needs, and must not be cut."""
        for number, letter in enumerate("aя", 1):
            kept = record(version=number, document=letter * 2**20)
            if number == 1:
                await store.insert(kept)
            else:
                await store.replace(kept, expected_version=1)
            expect_true(await store.get("attempt") == kept, "a megabyte is kept whole")

    @check
    async def test_every_id_is_another_one(self, store: Store) -> None:
        """Ids are told apart letter by letter."""
        for number, attempt_id in enumerate(_IDS):
            is_new = await store.insert(record(attempt_id, document=str(number)))
            expect_true(is_new, f"{attempt_id!r:.20} is an id of its own")

        for number, attempt_id in enumerate(_IDS):
            kept = record(attempt_id, document=str(number))
            expect(await store.get(attempt_id), kept, "each id has its own record")

    @check
    async def test_an_id_that_is_no_text_is_unknown(self, store: Store) -> None:
        """A visitor may send half a surrogate pair, and is told that it is unknown."""
        expect(await store.get("\ud83d"), None, "half a pair is the id of nothing")

    @check
    async def test_odd_workers_locks_and_counters_are_names(self, store: Store) -> None:
        """A host's name is not up to us."""
        for name in _IDS:
            await store.insert(record(f"of {name}", worker=name))
            await store.lock(name, name, until=NOW + timedelta(seconds=60), now=NOW)

        expect(
            sorted(await store.workers()), sorted(_IDS), "each worker is another one"
        )
        for name in _IDS:
            held = await store.holder(name, now=NOW)
            expect(held and held.owner, name, "each lock is another one")
            found = await room(store, charge(name, limit=1))
            expect(found, 1, "each counter is another one")

    @check
    async def test_a_moment_is_kept_to_the_microsecond(self, store: Store) -> None:
        """A record that ends a second early is an attempt that is lost."""
        for number, moment in enumerate(_MOMENTS):
            kept = evolve(record(str(number)), purge_at=moment)
            await store.insert(kept)
            expect(await store.get(str(number)), kept, "the moment is the same")

    @check
    async def test_a_version_may_be_large(self, store: Store) -> None:
        """Nobody says how often an attempt is changed."""
        await store.insert(record(version=2**40))

        is_replaced = await store.replace(
            record(version=2**40 + 1), expected_version=2**40
        )

        expect_true(is_replaced, "versions go beyond 32 bits")
