"""A check: a coroutine with a store, made an ordinary test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial, update_wrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias, TypeVar

from attrs import asdict

from ..verification.store import Record, Store

T = TypeVar("T")
MakeStore: TypeAlias = Callable[[Path], Store]
OpenStore: TypeAlias = Callable[[], AbstractAsyncContextManager[Store]]
_Coroutine: TypeAlias = Coroutine[Any, Any, T]

# A store that hangs must not hang its tests.
_AT_MOST_SECONDS = 60.0
_SHOWN = 300


class Checks:
    """Know how the store is made that is checked."""

    make_store: MakeStore


def check(
    body: Callable[[Any, Store], _Coroutine[None]],
) -> Callable[[Checks], None]:
    """Turn a coroutine that is given an open store into a test."""

    async def with_store(checks: Checks, open_store: OpenStore) -> None:
        async with open_store() as store:
            await body(checks, store)

    return check_opening(update_wrapper(with_store, body))


def check_opening(
    body: Callable[[Any, OpenStore], _Coroutine[None]],
) -> Callable[[Checks], None]:
    """Turn a coroutine that opens stores, all in one folder, into a test."""

    def run(self: Checks) -> None:
        with TemporaryDirectory(prefix="callauth-") as folder:
            open_store = partial(_opened, self.make_store, Path(folder))
            asyncio.run(_bounded(body(self, open_store)))

    update_wrapper(run, body)
    # pytest would look there for arguments, and find fixtures that are none.
    del run.__dict__["__wrapped__"]
    return run


def expect(found: object, expected: object, rule: str) -> None:
    """Raise AssertionError with the rule unless the two are equal."""
    if found != expected:
        shown = f"got {_shown(found)}, expected {_shown(expected)}"
        raise AssertionError(f"{rule}: {shown}")


def expect_true(found: object, rule: str) -> None:
    """Raise AssertionError with the rule unless it is True."""
    expect(found, expected=True, rule=rule)


def expect_false(found: object, rule: str) -> None:
    """Raise AssertionError with the rule unless it is False."""
    expect(found, expected=False, rule=rule)


async def together(calls: Iterable[_Coroutine[T]]) -> list[T]:
    """Return what the calls return that are made at the same time."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(call) for call in calls]
    return [task.result() for task in tasks]


async def _bounded(body: _Coroutine[None]) -> None:
    async with asyncio.timeout(_AT_MOST_SECONDS):
        await body


def _shown(value: object) -> str:
    # A record does not show its document by itself. Cut, since it may be a megabyte.
    fields = asdict(value) if isinstance(value, Record) else value
    return f"{fields!r:.{_SHOWN}}"


@asynccontextmanager
async def _opened(make_store: MakeStore, folder: Path) -> AsyncIterator[Store]:
    store = make_store(folder)
    await store.open()
    try:
        yield store
    finally:
        await store.aclose()
