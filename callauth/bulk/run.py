"""BulkRun: verifies a whole source of numbers, and can be killed at any moment.

Each number is written down as being called before it is, and as placed before anybody
hears of it. What a dead process was calling is unknown and not called again, unless
its key makes that safe.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from math import inf
from types import TracebackType
from typing import Self

import anyio
from anyio.streams.memory import MemoryObjectSendStream

from ..client.edge import sealed
from ..client.pace import Pace
from ..errors import (
    AuthenticationFailed,
    ConfigurationError,
    InsufficientFunds,
    StoreError,
)
from ..models.lease import NumberLease
from ..models.phone import PhoneNumber
from ..models.pin import Pin
from ..transport.clock import SystemClock
from ..transport.port import Clock
from .caller import BulkChannel, caller_of
from .dialler import Dialler
from .feed import Feed
from .job import Job
from .ledger import Ledger, worked_on
from .loader import Loader
from .memory import MemoryLedger
from .result import BulkResult
from .row import FREE, Row, RowState
from .source import Source, batches
from .summary import StopReason, Summary

# How many queued numbers may wait in the ledger before more are read.
_AHEAD = 10_000
_RESULTS_AHEAD = 1000
_UNREADY_SECONDS = 1.0
_ROUNDED = 1 + 1e-9


class BulkRun:
    """Call every number of the source once, ``concurrency`` of them at a time.

    Those that an earlier run has placed are followed besides.

    ``source`` is a path (.csv, .jsonl, .ndjson, otherwise a number in each line), "-"
    for standard input, a NumberFile, or numbers from anywhere. ``channel`` is a
    FlashCall, a VoiceOtp or a ReverseCall. With the ``ledger`` of an earlier run it
    goes on where that ended, whatever ended it; without one it is kept in memory.
    ``rate_per_second`` and ``checks_per_second`` limit what is sent, all tries counted.
    ``budget`` needs ``cost_per_call`` and stops it before the calls cost more.
    ``on_lease`` is told each number to dial as soon as it exists, and once more by a
    run that goes on. ``clock`` is that of the client. Of the channel only its client
    and its ring are used.

    The client's own ``poll`` limits the checks, too: give it a PollSchedule that keeps
    up with ``concurrency``, or ends of calls become unknown. The run opens the ledger
    and closes it.

    Iterate over it for the results, in the order in which they come. ``stop`` calls
    nobody any more and finishes what was placed. The client stays yours to close, and
    keeps no other pace meanwhile.

    Raises ConfigurationError for anything out of its range, and for a ledger of another
    job.
    """

    @sealed
    def __init__(
        self,
        source: Source,
        channel: BulkChannel,
        *,
        ledger: Ledger | None = None,
        concurrency: int = 200,
        rate_per_second: float | None = None,
        checks_per_second: float | None = None,
        cost_per_call: float | None = None,
        budget: float | None = None,
        on_lease: Callable[[NumberLease], object] | None = None,
        clock: Clock | None = None,
    ) -> None:
        if type(concurrency) is not int or concurrency < 1:
            raise ConfigurationError("expected a concurrency of at least 1")
        cost = cost_per_call or 0.0
        if not 0 <= cost < inf or not (budget is None or budget >= 0):
            raise ConfigurationError("expected a cost and a budget of at least 0")
        if budget is not None and cost_per_call is None:
            raise ConfigurationError("expected a cost_per_call with a budget, got none")
        self._caller = caller_of(channel)
        self._channel = channel.name
        self._batches = batches(source)
        self._ledger = MemoryLedger() if ledger is None else ledger
        self._concurrency = concurrency
        self._cost = cost
        self._budget = budget
        self._on_lease = on_lease
        self._clock = clock or SystemClock()
        self._pace = Pace(
            self._clock,
            calls_per_second=rate_per_second,
            checks_per_second=checks_per_second,
        )
        self._dialler = Dialler(self._caller, self._ledger, self._clock)
        self._feed = Feed(self._ledger, self._clock)
        self._told: MemoryObjectSendStream[BulkResult] | None = None
        self._counts: Counter[RowState] = Counter()
        self._loader: Loader | None = None
        self._room = anyio.Event()
        self._called = 0
        self._broken: Exception | None = None
        self._began_at: float | None = None
        self._stopped: StopReason | None = None
        self._task: asyncio.Task[None] | None = None
        self._loading: asyncio.Task[None] | None = None
        self._turns: set[anyio.CancelScope] = set()
        self._is_ending = self._is_awaited = False

    def stop(self, reason: StopReason = StopReason.ASKED) -> None:
        """Call nobody any more; what was placed is finished."""
        if self._stopped is None:
            self._stopped = reason
        self._feed.end()
        if reason is not StopReason.BUDGET:
            # Whoever stands in line with a row has not called anybody yet.
            self._pace.calls.end()
        # At a low rate the next turn may be minutes away.
        for turn in tuple(self._turns):
            turn.cancel()
        if self._loading is not None:
            self._loading.cancel()

    def summary(self) -> Summary:
        """Return how it stands now."""
        job = Job(channel=self._channel) if self._loader is None else self._loader.job
        began = self._began_at
        return Summary(
            counts=dict(self._counts),
            read=job.read,
            duplicates=job.duplicates,
            is_read_whole=job.is_read_whole,
            called=self._called,
            spent=self._spent(),
            seconds=0.0 if began is None else self._clock.monotonic() - began,
            stopped=self._stopped,
        )

    async def aclose(self) -> None:
        """Stop now; the ledger knows where to go on. Calling it again does nothing.

        Raises what ended the run, if that was not told by the iteration.
        """
        if self._task is None or not self._task.done():
            self.stop()
        if self._task is None:
            return
        if not self._is_ending:
            self._task.cancel()
        await asyncio.wait((self._task,))
        if not self._is_awaited and not self._task.cancelled():
            self._is_awaited = True
            self._task.result()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def __aiter__(self) -> AsyncIterator[BulkResult]:
        """Run, and return the results as they come.

        Raises ConfigurationError when it runs already, StoreError.
        """
        if self._task is not None:
            raise ConfigurationError("expected a run that has not begun")
        # In a task of its own: a generator may be left at any moment, and a group of
        # tasks may not.
        told, results = anyio.create_memory_object_stream[BulkResult](_RESULTS_AHEAD)
        self._told = told
        self._task = asyncio.get_running_loop().create_task(self._run())
        # Even when it is cancelled before it begins.
        self._task.add_done_callback(lambda _: told.close())
        async with results:
            async for result in results:
                yield result
                # The rest of what is there, without a turn of the loop for each.
                while results.statistics().current_buffer_used:
                    yield results.receive_nowait()
        self._is_awaited = True
        # Raises what ended it.
        await self._task

    async def _run(self) -> None:
        assert self._told is not None  # noqa: S101 - made just before
        try:
            with worked_on(self._ledger):
                await self._work_on(await self._ledger.open())
        finally:
            self._is_ending = True
            self._told.close()
            await self._batches.aclose()

    async def _work_on(self, job: Job | None) -> None:
        try:
            if job is not None:
                job.require(self._channel)
                # The process that worked on it may have called just now.
                self._pace.begin_later()
            await self._keep_pace(job or Job(channel=self._channel))
        finally:
            # From here on nobody cancels it: what was written is to be kept.
            self._is_ending = True
            await self._ledger.aclose()

    async def _keep_pace(self, job: Job) -> None:
        end = self._caller.client.pace_by(self._pace)
        self._began_at = self._clock.monotonic()
        try:
            self._counts.update(await self._ledger.counts())
            self._loader = Loader(self._ledger, job, now=self._clock.now)
            async with asyncio.TaskGroup() as group:
                self._begin(self._loader, group)
            if self._broken is not None:
                raise self._broken
        except ExceptionGroup as several:
            raise _first(several) from None
        finally:
            self._feed.end()
            end()

    def _begin(self, loader: Loader, group: asyncio.TaskGroup) -> None:
        if self._stopped is not None:
            return
        self._loading = group.create_task(self._load(loader))
        going = group.create_task(self._go_on(loader, group))
        # A run that is stopped before its source is known again touches no row.
        self._loading.add_done_callback(
            lambda _: loader.is_same.is_set() or going.cancel()
        )

    async def _load(self, loader: Loader) -> None:
        try:
            await loader.load(self._batches, self._loaded)
        except StoreError:
            raise
        except Exception as error:
            if not loader.is_same.is_set():
                raise
            # Raised again when all that was placed is finished.
            self._broken = error
            self.stop(StopReason.SOURCE)
        self._feed.more(is_whole=True)

    async def _loaded(self, rows: Sequence[Row], duplicates: int) -> None:
        bad = [row for row in rows if row.is_settled]
        self._counts[RowState.QUEUED] += len(rows) - len(bad) - duplicates
        self._counts[RowState.REFUSED] += len(bad)
        for row in bad:
            await self._tell(BulkResult.of(row))
        self._feed.more(is_whole=False)
        while self._counts[RowState.QUEUED] > _AHEAD:
            self._room = anyio.Event()
            await self._room.wait()

    async def _go_on(self, loader: Loader, group: asyncio.TaskGroup) -> None:
        await loader.is_same.wait()
        for row in await self._ledger.begun():
            if row.state is RowState.CALLING and self._caller.is_keyed:
                # Under its key it rings nobody twice, and it is paid for already.
                self._feed.give(row)
            elif row.state is RowState.CALLING:
                await self._settle(row.state, await self._dialler.lose(row))
            elif row.phone is not None and row.placed is not None:
                self._emit(self._caller.lease(row.phone, row.placed))
                group.create_task(self._follow(row, row.phone))
        for _ in range(self._concurrency):
            group.create_task(self._work())

    async def _work(self) -> None:
        while (row := await self._feed.next()) is not None:
            assert row.phone is not None  # noqa: S101 - a bad text is never queued
            await self._verify(row, row.phone)

    async def _verify(self, row: Row, phone: PhoneNumber) -> None:
        if not await self._may_call(row):
            self._feed.keep()
            return
        self._count(row.state, RowState.CALLING)
        self._called += 1
        try:
            dialled = await self._dialler.dial(row, phone)
        except (AuthenticationFailed, InsufficientFunds):
            self._put_back(row)
            self._feed.keep()
            self.stop(StopReason.ACCOUNT)
            return
        after, placed = dialled.row, dialled.placed
        if dialled.is_open and self._feed.again(after):
            self._put_back(after)
            return
        self._feed.settle(after)
        if dialled.is_open:
            after = await self._dialler.give_up(after)
        if placed is None:
            await self._settle(RowState.CALLING, after)
            return
        self._count(RowState.CALLING, after.state)
        self._emit(placed.lease)
        await self._follow(after, phone, placed.pin)

    def _put_back(self, row: Row) -> None:
        self._called -= 1
        self._count(RowState.CALLING, row.state)

    async def _may_call(self, row: Row) -> bool:
        if not (self._caller.client.is_ready and self._pace.calls.is_free):
            await self._wait_for_turn()
        is_paid = row.state not in FREE
        if not is_paid and self._budget is not None and self._is_too_dear(self._budget):
            self.stop(StopReason.BUDGET)
        return self._stopped is None

    async def _wait_for_turn(self) -> None:
        with anyio.CancelScope() as turn:
            self._turns.add(turn)
            try:
                while not self._caller.client.is_ready:
                    await self._clock.sleep(_UNREADY_SECONDS)
                await self._pace.calls.soon()
            finally:
                self._turns.discard(turn)

    async def _follow(
        self, row: Row, phone: PhoneNumber, pin: Pin | None = None
    ) -> None:
        try:
            settled = await self._dialler.follow(row, phone)
        except (AuthenticationFailed, InsufficientFunds):
            self.stop(StopReason.ACCOUNT)
            return
        await self._settle(row.state, settled, pin)

    async def _settle(self, before: RowState, row: Row, pin: Pin | None = None) -> None:
        self._count(before, row.state)
        await self._tell(BulkResult.of(row, pin))

    async def _tell(self, result: BulkResult) -> None:
        assert self._told is not None  # noqa: S101 - it runs
        try:
            try:
                self._told.send_nowait(result)
            except anyio.WouldBlock:
                await self._told.send(result)
        except anyio.BrokenResourceError:
            # Whoever iterated has left. The ledger knows.
            self.stop()

    def _count(self, before: RowState, after: RowState) -> None:
        self._counts[before] -= 1
        self._counts[after] += 1
        if before is RowState.QUEUED and self._counts[before] <= _AHEAD:
            self._room.set()

    def _spent(self) -> float:
        called = sum(n for state, n in self._counts.items() if state not in FREE)
        return self._cost * called

    def _is_too_dear(self, budget: float) -> bool:
        # Three times 0.1 is a little more than 0.3, as far as a computer knows.
        return self._spent() + self._cost > budget * _ROUNDED

    def _emit(self, lease: NumberLease | None) -> None:
        if lease is None or self._on_lease is None:
            return
        # A number that is shown too late may be somebody else's by now.
        if lease.show_until > self._clock.now():
            self._on_lease(lease)


def _first(several: ExceptionGroup[Exception]) -> Exception:
    # When one fails the others are cancelled, so there is hardly a second.
    error = several.exceptions[0]
    return _first(error) if isinstance(error, ExceptionGroup) else error
