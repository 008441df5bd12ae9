"""What 100,000 live attempts cost in one process, and how late they end.

Half of them wait for a pin, half for a call, through two channels that cost nothing.
On the machine's clock a part of the pins ends at an even pace and the rest all at one
moment; on a clock that jumps, everything lives and ends as it would within minutes.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from attrs import define, field, frozen

from callauth import (
    Clock,
    IdempotencyKey,
    ManualClock,
    Method,
    NumberLease,
    PhoneNumber,
    Pin,
    PollSchedule,
    SystemClock,
    VerificationPolicy,
    Verifier,
)
from callauth.models.lease import LAST_CHECK_SECONDS
from callauth.verification.events import AttemptEnded, VerificationEvent

Found: TypeAlias = dict[str, float]

LIVE = 100_000
# Ending at an even pace; 100,000 that live for 120 s are 833 a second.
EVEN, EVEN_PER_SECOND = 10_000, 1_000
PINS = LIVE // 2
_FIRST = 79_000_000_000
_STARTERS = 50
_PIN = timedelta(seconds=120)
_LONG_PIN = timedelta(seconds=600)
_LAST_CHECK = timedelta(seconds=LAST_CHECK_SECONDS)
# The pins begin to end when all have surely been started.
_LONGER = 1.25
_STARTS_PER_SECOND = 5_000
_POLL = PollSchedule(
    first_seconds=60.0, growth=1.0, longest_seconds=60.0, checks_per_second=5_000.0
)
_QUIET_SECONDS = 75.0
_LOOK_EVERY = 1_000
_NAP_SECONDS = 0.01


@frozen
class Call:
    pin: Pin
    sent_at: datetime


@define
class Flash:
    """Place calls that were sent at any moment we like."""

    sent_at: Callable[[PhoneNumber], datetime]
    name: str = "flash"
    method: Method = Method.FLASH_CALL
    digits: int = 4
    ring_seconds: float = 30.0
    cost: int = 0
    is_ready: bool = True

    async def ring(self, phone: PhoneNumber, _key: IdempotencyKey) -> Call:
        return Call(Pin("0777"), self.sent_at(phone))


@define
class Reverse:
    """Lease numbers that nobody dials; count how often that is asked."""

    ends: Ends
    name: str = "reverse"
    cost: int = 0
    is_ready: bool = True
    tells_once: bool = False
    checks: int = 0

    async def lease(self, phone: PhoneNumber, _webhook: str | None) -> NumberLease:
        lease = NumberLease.from_sent_at(
            number=PhoneNumber("+74951234567"),
            user=phone,
            lease_id=int(phone.msisdn),
            sent_at=self.ends.clock.now(),
        )
        self.ends.due[phone] = lease.expires_at + _LAST_CHECK
        return lease

    async def check(self, _lease: NumberLease) -> PhoneNumber | None:
        self.checks += 1
        return None


@define(eq=False)
class Ends:
    """Note how late each attempt ended, and how many tasks there were."""

    clock: Clock
    due: dict[PhoneNumber, datetime] = field(factory=dict)
    late: list[float] = field(factory=list)
    most_tasks: int = 0
    longest_stop: float = 0.0

    def hook(self, event: VerificationEvent) -> None:
        if not isinstance(event, AttemptEnded):
            return
        late = self.clock.now() - self.due.pop(event.phone)
        self.late.append(late.total_seconds())
        if len(self.late) % _LOOK_EVERY == 0:
            self.look()

    def look(self) -> int:
        tasks = len(asyncio.all_tasks()) - 1
        self.most_tasks = max(self.most_tasks, tasks)
        return tasks

    async def wait(self, ended: int) -> None:
        while len(self.late) < ended:
            woken_at = self.clock.monotonic() + _NAP_SECONDS
            await self.clock.sleep(_NAP_SECONDS)
            stop = self.clock.monotonic() - woken_at
            self.longest_stop = max(self.longest_stop, stop)

    def p99(self, ended: int) -> float:
        """Return how late the last but one of a hundred was, of the first ``ended``."""
        return statistics.quantiles(self.late[:ended], n=100)[98]


def measure() -> tuple[Found, Found]:
    """Return what is found on the machine's clock, and on one that jumps.

    Each has a process of its own, where nothing else has used memory before, and both
    run at the same time: on two processors they hardly disturb each other.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        real = pool.submit(on_the_machines_clock)
        virtual = pool.submit(on_a_jumping_clock)
        return real.result(), virtual.result()


def on_the_machines_clock() -> Found:
    """Return how late pins end while everything else lives on."""
    return asyncio.run(_real())


def on_a_jumping_clock() -> Found:
    """Return what checks cost, and how late pins and calls end."""
    return asyncio.run(_virtual())


async def _real() -> dict[str, float]:
    ends = Ends(SystemClock())
    flash = Flash(lambda phone: ends.due[phone] - _LONG_PIN)
    found: dict[str, float] = {}
    async with _verifier(ends, flash, Reverse(ends), _LONG_PIN) as verifier:
        empty, began = _resident(), time.monotonic()
        await _start(verifier, ends.clock, range(PINS, LIVE), 0.0)
        took = timedelta(seconds=time.monotonic() - began)
        first_end = ends.clock.now() + _LONGER * took
        ends.due.update({_phone(pin): first_end + _later(pin) for pin in range(PINS)})
        await _start(verifier, ends.clock, range(PINS), 0.0)
        if ends.late or ends.clock.now() > first_end:
            raise RuntimeError("expected a machine that starts them all in time")
        found["bytes per attempt"] = (_resident() - empty) / LIVE
        found["tasks while all live"] = ends.look()
        await ends.wait(EVEN)
        found["most tasks, pins ending evenly"] = ends.most_tasks
        found["p99 seconds late, pins ending evenly"] = ends.p99(EVEN)
        found["longest stop of the event loop, seconds"] = ends.longest_stop
        await ends.wait(PINS)
        found["most tasks, pins ending at one moment"] = ends.most_tasks
        found["longest stop then, seconds"] = ends.longest_stop
        found["seconds for them all"] = max(ends.late)
    return found


async def _virtual() -> dict[str, float]:
    ends = Ends(clock := ManualClock())
    reverse = Reverse(ends)

    def sent_at(phone: PhoneNumber) -> datetime:
        ends.due[phone] = clock.now() + _PIN
        return clock.now()

    found: dict[str, float] = {}
    async with _verifier(ends, Flash(sent_at), reverse, _PIN) as verifier:
        mixed = [number for pin in range(PINS) for number in (pin, PINS + pin)]
        await _start(verifier, clock, mixed, _STARTERS / _STARTS_PER_SECOND)
        found["tasks while all live"] = ends.look()
        checks, began = reverse.checks, time.process_time()
        await clock.sleep(_QUIET_SECONDS)
        spent, checks = time.process_time() - began, reverse.checks - checks
        found["CPU seconds per 1,000 checks"] = 1_000 * spent / checks
        await ends.wait(LIVE)
        found["most tasks at any moment"] = ends.most_tasks
        found["p99 seconds late"] = ends.p99(LIVE)
    return found


async def _start(
    verifier: Verifier, clock: Clock, numbers: Iterable[int], pause_seconds: float
) -> None:
    left = iter(numbers)

    async def starter() -> None:
        for number in left:
            method = Method.FLASH_CALL if number < PINS else Method.REVERSE_CALL
            await verifier.start(_phone(number), method=method)
            await clock.sleep(pause_seconds)

    async with asyncio.TaskGroup() as group:
        for _ in range(_STARTERS):
            group.create_task(starter())


def _verifier(ends: Ends, flash: Flash, reverse: Reverse, pin: timedelta) -> Verifier:
    return Verifier(
        [flash, reverse],
        policy=VerificationPolicy(pin_seconds=pin.total_seconds()),
        poll=_POLL,
        hooks=[ends.hook],
        clock=ends.clock,
    )


def _phone(number: int) -> PhoneNumber:
    return PhoneNumber(f"+{_FIRST + number}")


def _later(pin: int) -> timedelta:
    """Return how long after the first pin this one ends."""
    seconds = pin / EVEN_PER_SECOND
    return timedelta(seconds=min(seconds, EVEN / EVEN_PER_SECOND + 1.0))


def _resident() -> int:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
