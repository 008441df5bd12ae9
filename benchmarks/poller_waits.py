"""A million pending waits, with the poller and with one asyncio task each.

A wait is known by the text of a call id and has no other object of its own; this text
is in what it weighs. Each check goes through a whole ``Runner.settle`` to a transport
that answers from memory. Half of the checks are the last of a wait that ends then, and
another wait takes its place, so that there are always a million.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import statistics
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from attrs import define, field

from callauth import PollSchedule, Response, RetryPolicy, Secret, SystemClock
from callauth.client.events import Event, Hooks
from callauth.client.poller import Done, Poller
from callauth.client.runner import Runner
from callauth.client.tasks import Tasks
from callauth.models.lease import LATE_SECONDS
from callauth.protocol import callpass
from callauth.protocol.callpass import StatusReply
from callauth.protocol.message import Operation, Request

Found: TypeAlias = dict[str, float]

WAITS = 1_000_000
PER_SECOND = 10_000
# Half of the checks are planned by the schedule, half are the last ones.
_LASTS_SECONDS = 2 * WAITS / PER_SECOND
_SCHEDULE = PollSchedule(
    first_seconds=_LASTS_SECONDS / 2,
    growth=1.0,
    longest_seconds=_LASTS_SECONDS / 2,
    jitter=0.999,
    checks_per_second=2.0 * PER_SECOND,
    checks_in_flight=1_000,
)
# One check in ten seconds: everything is over before there is a turn for it.
_NO_TURNS = PollSchedule(
    first_seconds=_LASTS_SECONDS, longest_seconds=_LASTS_SECONDS, checks_per_second=0.1
)
_QUIET_SECONDS = 8.0
_COLLECTED_SECONDS = 12.0
_COLLECT_EVERY_SECONDS = 3.0
_DIRECT = 10_000
_FIRST_SECONDS = 10.0
# As the poller does: a timer may ring a moment early.
_EARLY_SECONDS = 0.01
_NAP_SECONDS = 0.005
_BEAT_SECONDS = 0.002
_CALL_ID = "{:08x}-26df-43d2-856f-2ae05d6f86c6"
_ASKED = _CALL_ID.format(0)
_BODY = (
    f'{{"status":"success","data":{{"callid":"{_ASKED}","result":"NORMAL_CLEARING"}}}}'
).encode()


class FromMemory:
    """Answer every request at once."""

    async def send(self, _: Request, *, timeout_seconds: float) -> Response:
        del timeout_seconds
        return Response(status=200, headers={}, body=_BODY)

    async def aclose(self) -> None:
        """Have nothing to close."""


@define(eq=False)
class Asker:
    """Ask about any of the waits, note how late that is, and begin another one.

    ``last_checks_at`` is there to measure with, and so is not weighed.
    """

    runner: Runner
    operation: Operation[StatusReply]
    begin: Callable[[str, float], object] = lambda *_: None
    close: Callable[[], object] = lambda: None
    begins_anew: bool = True
    slowness: float = 1.0
    now: Callable[[], float] = SystemClock().monotonic
    last_checks_at: array[float] = field(factory=lambda: array("d", bytes(8 * WAITS)))
    checks: int = 0
    late: array[float] = field(factory=lambda: array("d"))

    async def ask(self) -> None:
        """Ask once, as the checks do."""
        await self.runner.settle(self.operation, only_once=True)

    async def check(self, key: str, *, is_last: bool) -> Done[None] | None:
        """Ask, and end with the last check."""
        self.checks += 1
        if is_last:
            number = int(key[:8], 16)
            self.late.append(self.now() - self.last_checks_at[number])
            await self.ask()
            if self.begins_anew:
                self.begin_one(number, _LASTS_SECONDS * self.slowness)
            return Done(None)
        await self.ask()
        return None

    def over(self, key: str) -> None:
        """End without a check."""
        number = int(key[:8], 16)
        self.late.append(self.now() - self.last_checks_at[number] - LATE_SECONDS)
        span = self.slowness * WAITS / PER_SECOND
        self.begin_one(number, span - LATE_SECONDS)

    def begin_one(self, number: int, seconds: float) -> None:
        """Begin a wait whose last check is due in so many seconds."""
        last = self.now() + seconds
        self.last_checks_at[number] = last
        self.begin(_CALL_ID.format(number), last)


Begins: TypeAlias = Callable[[Asker, PollSchedule], None]


def by_poller(asker: Asker, schedule: PollSchedule) -> None:
    """Let one poller follow them all."""
    clock = SystemClock()
    poller = Poller(clock, schedule, Tasks("callpass", clock))

    def begin(key: str, last_check_at: float) -> None:
        poller.follow(asker, key, last_check_at=last_check_at)

    asker.begin, asker.close = begin, poller.close


def by_tasks(asker: Asker, schedule: PollSchedule) -> None:
    """Let each sleep in a task of its own; there nothing limits the checks.

    There are a tenth of them: with 10,000 a second the loop does not keep up.
    """
    asker.slowness = 10.0
    loop = asyncio.get_running_loop()
    # The loop itself holds a task only weakly.
    running: set[asyncio.Task[None]] = set()

    async def check(key: str, last_check_at: float) -> None:
        done, checks = None, 0
        while done is None:
            delay = schedule.delay_seconds(checks, random.random()) * asker.slowness
            await asyncio.sleep(min(delay, last_check_at - asker.now()))
            checks += 1
            is_last = asker.now() >= last_check_at - _EARLY_SECONDS
            done = await asker.check(key, is_last=is_last)

    async def expire(key: str, last_check_at: float) -> None:
        await asyncio.sleep(last_check_at + LATE_SECONDS - asker.now())
        asker.over(key)

    wait = expire if schedule is _NO_TURNS else check

    def begin(key: str, last_check_at: float) -> None:
        task = loop.create_task(wait(key, last_check_at))
        running.add(task)
        task.add_done_callback(running.discard)

    def close() -> None:
        asker.begin = lambda *_: None
        for task in running:
            task.cancel()

    asker.begin, asker.close = begin, close


def checked(begins: Begins) -> Found:
    """Return what waits weigh, and what checks of them cost and how late they come."""
    return asyncio.run(_checked(begins))


def expired(begins: Begins) -> Found:
    """Return how late waits end for which there was no turn to check them."""
    return asyncio.run(_expired(begins))


async def _checked(begins: Begins) -> Found:
    asker = _asker()
    begins(asker, _SCHEDULE)
    rows, at_a_pace = [await _in_a_row(asker)], await _at_a_pace(asker)
    found = await _begin(asker, _LASTS_SECONDS)
    asker.begins_anew = False
    checks, spent = asker.checks, time.process_time()
    await asyncio.sleep(_QUIET_SECONDS)
    spent, checks = time.process_time() - spent, asker.checks - checks
    asker.begins_anew = True
    rows.append(await _in_a_row(asker))
    # Meanwhile nothing else had a turn.
    await asyncio.sleep(_FIRST_SECONDS / 2)
    in_a_row = statistics.mean(rows)
    found["checks per second"] = checks / _QUIET_SECONDS
    found["CPU µs per check"] = each = 1e6 * spent / checks
    found["CPU µs of the call itself, in a row"] = in_a_row
    found["CPU µs of the call itself, at this pace"] = at_a_pace
    found["CPU µs per check over the call in a row"] = each - in_a_row
    found["CPU µs per check over the call at this pace"] = each - at_a_pace
    return found | await _with_collections(asker)


async def _expired(begins: Begins) -> Found:
    asker = _asker()
    begins(asker, _NO_TURNS)
    found = await _begin(asker, WAITS / PER_SECOND)
    return found | await _with_collections(asker)


def _asker() -> Asker:
    clock = SystemClock()
    account = callpass.Account(Secret("a-token-of-the-benchmark"))
    hooks: Hooks[Event] = Hooks(())
    runner = Runner(FromMemory(), clock, RetryPolicy(), hooks)
    return Asker(runner, callpass.get_call_password_status(account, _ASKED))


async def _in_a_row(asker: Asker) -> float:
    """Return the CPU µs of a call that is awaited directly, again and again."""
    began = time.process_time()
    for _ in range(_DIRECT):
        await asker.ask()
    return 1e6 * (time.process_time() - began) / _DIRECT


async def _at_a_pace(asker: Asker) -> float:
    """Return the CPU µs of a call when one task makes as many a second as a poller."""
    began, spent, calls = time.monotonic(), time.process_time(), 0
    while calls < 2 * _DIRECT:
        await asyncio.sleep(_NAP_SECONDS)
        while calls < PER_SECOND * (time.monotonic() - began):
            await asker.ask()
            calls += 1
    return 1e6 * (time.process_time() - spent) / calls


async def _begin(asker: Asker, span: float) -> Found:
    """Begin them all in one go, and give the loop time to make up for that."""
    empty, began = _resident(), time.monotonic()
    for number in range(WAITS):
        seconds = span * asker.slowness * random.random()
        asker.begin_one(number, _FIRST_SECONDS + seconds)
    took = time.monotonic() - began
    await asyncio.sleep(_FIRST_SECONDS)
    weight = (_resident() - empty) / WAITS
    # The collection just now held everything up.
    await asyncio.sleep(_COLLECT_EVERY_SECONDS)
    return {"seconds to begin them": took, "bytes per wait": weight}


async def _with_collections(asker: Asker) -> Found:
    """Return how late things come while full garbage collections go on."""
    loop = asyncio.get_running_loop()
    del asker.late[:]
    stalls = array("d")

    def beat(due: float) -> None:
        now = loop.time()
        stalls.append(now - due)
        loop.call_at(now + _BEAT_SECONDS, beat, now + _BEAT_SECONDS)

    beat(loop.time())
    collections = []
    until = loop.time() + _COLLECTED_SECONDS
    while loop.time() < until:
        await asyncio.sleep(_COLLECT_EVERY_SECONDS)
        began = loop.time()
        gc.collect()
        collections.append(loop.time() - began)
    asker.close()
    percentiles = statistics.quantiles(asker.late, n=100)
    return {
        "ends per second": len(asker.late) / _COLLECTED_SECONDS,
        "seconds late, p50": percentiles[49],
        "seconds late, p99": percentiles[98],
        "seconds of a full collection": max(collections),
        "longest stall in seconds": max(stalls),
    }


def _resident() -> int:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
