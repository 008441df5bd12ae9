"""What 100,000 live attempts cost in one process, and how late they end.

Half of them wait for a pin, half for a call, through two channels that cost nothing.
On the machine's clock the pins live no longer than it takes to start them all, and end
at that pace; on a clock that jumps, everything lives and ends in its time, until the
machine is suspended and the rest is over at one moment.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import statistics
import time
from collections.abc import Iterable
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
PINS = LIVE // 2
_FIRST = 79_000_000_000
_STARTERS = 50
_LAST_CHECK = timedelta(seconds=LAST_CHECK_SECONDS)
_PROBES = 2_000
# The first pins end when the last ones have surely been started.
_LONGER = 1.8
_LONGEST_PIN_SECONDS = 600.0
_STARTS_PER_SECOND = 5_000
_POLL = PollSchedule(
    first_seconds=60.0, growth=1.0, longest_seconds=60.0, checks_per_second=5_000.0
)
_QUIET_SECONDS = 75.0
_SUSPENDED_SECONDS = 60.0
_LOOK_EVERY = 1_000
_NAP_SECONDS = 0.05


@frozen
class Call:
    pin: Pin
    sent_at: datetime


@define
class Flash:
    """Place calls that ring nobody."""

    ends: Ends
    name: str = "flash"
    method: Method = Method.FLASH_CALL
    digits: int = 4
    ring_seconds: float = 30.0
    cost: int = 0
    is_ready: bool = True

    async def ring(self, phone: PhoneNumber, _key: IdempotencyKey) -> Call:
        now = self.ends.clock.now()
        self.ends.due[phone] = now + self.ends.pin_lives
        return Call(Pin("0777"), now)


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
    pin_lives: timedelta
    due: dict[PhoneNumber, datetime] = field(factory=dict)
    late: list[float] = field(factory=list)
    most_tasks: int = 0

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
            await self.clock.sleep(_NAP_SECONDS)

    def p99(self) -> float:
        """Return the seconds that no more than one of a hundred was late."""
        return statistics.quantiles(self.late, n=100)[98]


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


async def _real() -> Found:
    pace = await _seconds_per_start()
    lives = min(_LONGER * PINS * pace + 5.0, _LONGEST_PIN_SECONDS)
    ends = Ends(SystemClock(), timedelta(seconds=lives))
    found: Found = {}
    async with _verifier(ends, Reverse(ends)) as verifier:
        empty = _resident()
        await _start(verifier, ends.clock, range(PINS, LIVE))
        began = time.monotonic()
        await _start(verifier, ends.clock, range(PINS))
        found["pins that start, and later end, per second"] = PINS / (
            time.monotonic() - began
        )
        found["alive at once"] = LIVE - len(ends.late)
        found["bytes per attempt"] = (_resident() - empty) / LIVE
        found["tasks while all live"] = ends.look()
        await ends.wait(PINS)
        found["p99 seconds late"] = ends.p99()
        found["most tasks at any moment"] = ends.most_tasks
    return found


async def _virtual() -> Found:
    ends = Ends(clock := ManualClock(), timedelta(seconds=120))
    reverse = Reverse(ends)
    found: Found = {}
    async with _verifier(ends, reverse) as verifier:
        mixed = [number for pin in range(PINS) for number in (pin, PINS + pin)]
        pause = _STARTERS / _STARTS_PER_SECOND
        await _start(verifier, clock, mixed, pause_seconds=pause)
        found["tasks while all live"] = ends.look()
        checks, began = reverse.checks, time.process_time()
        await clock.sleep(_QUIET_SECONDS)
        spent, checks = time.process_time() - began, reverse.checks - checks
        found["CPU seconds per 1,000 checks"] = 1_000 * spent / checks
        await ends.wait(PINS)
        found["p99 seconds late"] = ends.p99()
        found["most tasks at any moment"] = ends.most_tasks
        clock.suspend(_SUSPENDED_SECONDS)
        began = time.process_time()
        await ends.wait(LIVE)
        found["most tasks after a suspend that half of them outlived"] = ends.most_tasks
        found["CPU seconds until those have ended"] = time.process_time() - began
    return found


async def _seconds_per_start() -> float:
    ends = Ends(SystemClock(), timedelta(seconds=_LONGEST_PIN_SECONDS))
    async with _verifier(ends, Reverse(ends)) as verifier:
        began = time.monotonic()
        await _start(verifier, ends.clock, range(_PROBES))
        return (time.monotonic() - began) / _PROBES


async def _start(
    verifier: Verifier,
    clock: Clock,
    numbers: Iterable[int],
    *,
    pause_seconds: float = 0.0,
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


def _verifier(ends: Ends, reverse: Reverse) -> Verifier:
    return Verifier(
        [Flash(ends), reverse],
        policy=VerificationPolicy(pin_seconds=ends.pin_lives.total_seconds()),
        poll=_POLL,
        hooks=[ends.hook],
        clock=ends.clock,
    )


def _phone(number: int) -> PhoneNumber:
    return PhoneNumber(f"+{_FIRST + number}")


def _resident() -> int:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
