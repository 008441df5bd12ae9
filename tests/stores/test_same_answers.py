from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from callauth.stores import SQLiteStore
from callauth.testing.samples import charge, later, record
from callauth.verification.memory import MemoryStore
from callauth.verification.store import Changes, Record, Store

Ask: TypeAlias = Callable[[Store], Coroutine[Any, Any, object]]

_names = st.sampled_from(["a", "b"])
_workers = st.sampled_from(["v", "w", None])
_moments = st.integers(0, 12).map(lambda tens: later(tens * 10))
_records = st.builds(
    record,
    _names,
    version=st.integers(1, 3),
    document=st.sampled_from(["x", "y"]),
    worker=_workers,
    purge_seconds=st.integers(0, 12).map(lambda tens: tens * 10),
)
_charges = st.lists(
    st.builds(
        charge,
        _names,
        limit=st.sampled_from([None, 1, 3]),
        weight=st.integers(0, 2),
        pauses=st.sampled_from([(), (5.0, 20.0)]),
    ),
    max_size=2,
    unique_by=lambda each: each.counter,
)


def _asking(method: str, /, *arguments: object, **options: object) -> Ask:
    return lambda store: getattr(store, method)(*arguments, **options)


def _ask(
    method: str,
    /,
    *arguments: st.SearchStrategy[Any],
    **options: st.SearchStrategy[Any],
) -> st.SearchStrategy[Ask]:
    return st.builds(_asking, st.just(method), *arguments, **options)


_asks = st.lists(
    st.one_of(
        _ask("insert", _records),
        _ask("get", _names),
        _ask("replace", _records, expected_version=st.integers(1, 3)),
        _ask("live", st.sampled_from(["v", "w"])),
        _ask("workers"),
        _ask("changes", st.integers(-1, 5)),
        _ask("lock", _names, _names, until=_moments, now=_moments),
        _ask("holder", _names, now=_moments),
        _ask("unlock", _names, _names),
        _ask("charge", _charges, now=_moments, enforce=st.booleans()),
        _ask("refund", _charges, at=_moments),
        _ask("purge", now=_moments),
    ),
    max_size=40,
)


@given(_asks)
def test_both_stores_give_the_same_answers(asks: list[Ask]) -> None:
    """What was tried with one store works with the other."""
    with TemporaryDirectory() as folder:
        durable = asyncio.run(_answers(SQLiteStore(Path(folder) / "a.db"), asks))
    transient = asyncio.run(_answers(MemoryStore(), asks))

    assert durable == transient


async def _answers(store: Store, asks: list[Ask]) -> list[object]:
    await store.open()
    try:
        return [_in_order(await ask(store)) for ask in asks]
    finally:
        await store.aclose()


def _in_order(answer: object) -> object:
    if isinstance(answer, Changes):
        return answer.position, sorted(answer.attempt_ids)
    if isinstance(answer, list):
        return sorted(answer, key=_key)
    return answer


def _key(each: Record | str) -> str:
    return each if isinstance(each, str) else each.attempt_id
