"""A disk that refuses: a clear error, and nothing that was acknowledged is lost."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from attrs import define, field

from callauth import (
    Attempt,
    AttemptId,
    ConfigurationError,
    Confirmed,
    Pending,
    PhoneNumber,
    SQLiteStore,
    StoreError,
    Verifier,
)
from callauth.verification import Store
from tests.support.canaries import current
from tests.support.refusals import refused
from tests.verification.stepped import SteppedStore

from .application import ShiftedClock
from .bell import PIN, WRONG_PIN, Bell, with_bell
from .lives import ALL_IS_OVER_SECONDS
from .rooms import Room, limited, readable_only, small_disk

T = TypeVar("T")

PHONE = PhoneNumber("+79991234567")


@pytest.fixture(params=["a small disk", "a limit"])
def room(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Room]:
    with ExitStack() as stack:
        if request.param == "a limit":
            yield stack.enter_context(limited(tmp_path))
            return
        disk = stack.enter_context(small_disk())
        if disk is None:
            pytest.skip("mounting is not allowed here")
        yield disk


@define(eq=False)
class Filling:
    """Fill the disk at one step."""

    room: Room
    step: int
    count: int = 0

    async def __call__(self, work: Awaitable[T]) -> T:
        self.count += 1
        if self.count == self.step:
            self.room.fill()
        return await work


@define(eq=False)
class Story:
    """Verify one person, until the store fails."""

    bell: Bell = field(factory=Bell)
    told: list[Attempt] = field(factory=list)
    errors: list[StoreError] = field(factory=list)

    async def tell(self, store: Store, room: Room, *, stays_full: bool) -> None:
        """Go on in the same process, unless the disk stays full."""
        with self._noting():
            async with with_bell(store, self.bell) as verifier:
                with self._noting():
                    await self._verify(verifier)
                if not stays_full:
                    room.free()
                    await self.go_on(verifier)
        room.free()

    async def _verify(self, verifier: Verifier) -> None:
        attempt = await verifier.start(PHONE)
        self.told.append(attempt)
        await verifier.submit(attempt.id, WRONG_PIN)
        await verifier.submit(attempt.id, PIN)

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except StoreError as error:
            current().watch(error)
            self.errors.append(error)

    async def go_on(self, verifier: Verifier) -> None:
        """Type the pin, unless that was done."""
        for attempt in self.told:
            found = await verifier.get(attempt.id)
            if isinstance(found.outcome, Pending):
                await verifier.submit(attempt.id, PIN)
            assert isinstance((await verifier.get(attempt.id)).outcome, Confirmed)


async def ended(path: Path) -> list[Attempt]:
    """Return all attempts when all time is over, after one more that is confirmed."""
    store = SQLiteStore(path)
    bell = Bell(clock=ShiftedClock(ALL_IS_OVER_SECONDS))
    async with with_bell(store, bell) as verifier:
        attempt_ids = (await store.changes(0)).attempt_ids
        for text in attempt_ids:
            await verifier.wait(AttemptId(text))
        attempt = await verifier.start(PHONE)
        assert isinstance(await verifier.submit(attempt.id, PIN), Confirmed)
        return [await verifier.get(AttemptId(text)) for text in attempt_ids]


@pytest.mark.parametrize("stays_full", [False, True])
async def test_a_disk_that_fills_at_any_step_loses_nothing(
    room: Room, *, stays_full: bool
) -> None:
    """What was acknowledged can be finished when there is room again."""
    whole = Filling(room, step=0)
    assert await failures(room, whole, stays_full=stays_full) == 0
    times = [
        await failures(room, Filling(room, step), stays_full=stays_full)
        for step in range(1, whole.count + 1)
    ]
    assert sum(times) > whole.count / 2


async def failures(room: Room, filling: Filling, *, stays_full: bool) -> int:
    """Return how often the store failed, which must not have cost anything else."""
    path = room.folder / "callauth.db"
    story = Story()
    store = SteppedStore(SQLiteStore(path), filling)
    await story.tell(store, room, stays_full=stays_full)
    async with with_bell(SQLiteStore(path), story.bell) as verifier:
        await story.go_on(verifier)
    assert not any(isinstance(each.outcome, Pending) for each in await ended(path))
    assert len(story.bell.rung) <= 1
    assert len(story.errors) <= 1
    for file in path.parent.glob(path.name + "*"):
        file.unlink()
    return len(story.errors)


async def test_a_full_disk_is_told_as_such(room: Room) -> None:
    """The message names what is missing, and no file."""
    room.fill()
    with refused(StoreError, match="expected (room on the disk|a disk that works)"):
        async with with_bell(SQLiteStore(room.folder / "callauth.db")):
            pass


@pytest.fixture
async def kept() -> AsyncIterator[tuple[Path, Attempt]]:
    """Keep one attempt that waits for its pin."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "callauth.db"
        async with with_bell(SQLiteStore(path)) as verifier:
            attempt = await verifier.start(PHONE)
        yield path, attempt


async def can_be_finished(path: Path, attempt: Attempt) -> bool:
    async with with_bell(SQLiteStore(path)) as verifier:
        return isinstance(await verifier.submit(attempt.id, PIN), Confirmed)


async def test_a_newer_schema_is_refused_and_left_alone(
    kept: tuple[Path, Attempt],
) -> None:
    """An old process must not write what a newer one will misread."""
    path, attempt = kept
    with closing(sqlite3.connect(path)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {version + 1}")
    with refused(ConfigurationError, match=f"schema <= {version}, got {version + 1}"):
        async with with_bell(SQLiteStore(path)):
            pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    assert await can_be_finished(path, attempt)


async def test_a_file_that_cannot_be_written_is_refused(
    kept: tuple[Path, Attempt],
) -> None:
    """Before anybody is called, and not by their first wrong pin."""
    path, attempt = kept
    with readable_only(path), refused(ConfigurationError, match="written"):
        async with with_bell(SQLiteStore(path)):
            pass
    assert await can_be_finished(path, attempt)
