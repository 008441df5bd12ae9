"""Writer: many jobs in one commit.

A commit that is really on the disk takes as long for one job as for a hundred. So jobs
that are put in the same turn of the event loop, or while the thread is busy, are done
in one transaction, and their callers hear of it after its commit.

When a job of several fails, the transaction is rolled back and each is done again in
one of its own, so that a bad job fails alone.
"""

from __future__ import annotations

import asyncio
import sqlite3
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

from attrs import define

from .errors import REFUSED, store_error
from .thread import ConnectionThread, Work

T = TypeVar("T")


@define(eq=False)
class _Job(Generic[T]):
    """Hold what is to be done, and who waits for it."""

    work: Work[T]
    future: asyncio.Future[T]
    is_read: bool


_Jobs: TypeAlias = list[_Job[Any]]
_Outcomes: TypeAlias = list[object]


class Writer:
    """Do the jobs of one event loop in batches.

    A batch begins ``linger_seconds`` after its first job, or so long after the thread
    is free: whoever writes a lot and can wait a little needs fewer commits, and less of
    the processor.
    """

    def __init__(
        self, thread: ConnectionThread, *, linger_seconds: float = 0.0
    ) -> None:
        self._thread = thread
        self._linger_seconds = linger_seconds
        self._loop = asyncio.get_running_loop()
        self._jobs: _Jobs = []
        self._is_busy = False

    def put(self, work: Work[T], *, is_read: bool) -> asyncio.Future[T]:
        """Return the future result of the work.

        Who cancels it does not hear the result; the work may be done all the same.
        """
        self._thread.require_loop()
        if not self._jobs:
            self._hand_over_later()
        job = _Job(work, self._loop.create_future(), is_read)
        self._jobs.append(job)
        return job.future

    def require_loop(self) -> None:
        """Raise ConfigurationError in another event loop."""
        self._thread.require_loop()

    async def aclose(self) -> None:
        """Do what was put, and close the thread."""
        if self._jobs:
            self._start_batch()
        await self._thread.aclose()

    def _hand_over(self) -> None:
        if self._jobs and not self._is_busy:
            self._start_batch()

    def _start_batch(self) -> None:
        jobs, self._jobs = self._jobs, []
        self._is_busy = True
        done = self._thread.call(partial(_outcomes, jobs))
        done.add_done_callback(partial(self._settle, jobs))

    def _settle(self, jobs: _Jobs, done: asyncio.Future[_Outcomes]) -> None:
        self._is_busy = False
        # A defect of ours is told to all, since nobody knows whose it is.
        defect = done.exception()
        outcomes = [defect] * len(jobs) if defect else done.result()
        for job, outcome in zip(jobs, outcomes, strict=True):
            if job.future.done():
                continue
            if isinstance(outcome, BaseException):
                job.future.set_exception(outcome)
            else:
                job.future.set_result(outcome)
        if self._jobs:
            self._hand_over_later()

    def _hand_over_later(self) -> None:
        if self._linger_seconds:
            self._loop.call_later(self._linger_seconds, self._hand_over)
        else:
            # Only once everybody who is awake has put something.
            self._loop.call_soon(self._hand_over)


def _outcomes(jobs: _Jobs, cursor: sqlite3.Cursor) -> _Outcomes:
    """Return the result of each job, or the error that it is to raise."""
    try:
        _begin(jobs, cursor)
    except sqlite3.Error as error:
        return [store_error(error) for _ in jobs]
    try:
        return _results(jobs, cursor)
    except REFUSED as error:
        if len(jobs) == 1:
            return [store_error(error)]
    return [outcome for job in jobs for outcome in _outcomes([job], cursor)]


def _begin(jobs: _Jobs, cursor: sqlite3.Cursor) -> None:
    # Who only reads need not wait for the writers of other processes.
    is_read = all(job.is_read for job in jobs)
    cursor.execute("BEGIN" if is_read else "BEGIN IMMEDIATE")


def _results(jobs: _Jobs, cursor: sqlite3.Cursor) -> list[Any]:
    try:
        results = [job.work(cursor) for job in jobs]
        cursor.execute("COMMIT")
    finally:
        if cursor.connection.in_transaction:
            cursor.execute("ROLLBACK")
    return results
