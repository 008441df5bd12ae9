"""One client in a process of its own, so that its CPU and its memory are its own.

``python benchmarks/calls_client.py NAME BASE_URL AUTHORITY WORK ARGUMENTS`` prints one
JSON object.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import resource
import ssl
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

from calls_peers import PEERS, Call, Calls, LeftOut, Open, Trust

Found: TypeAlias = dict[str, float]

RATE = "calls per second"
COST = "microseconds of CPU per call"
MEMORY = "megabytes at most"
BURST = "milliseconds until the last of 100 starts"
_WARM_SECONDS = 0.15
_WARM_CALLS = 50
_BURST = 100
_BURSTS = 3


class Client:
    """Open the client that was asked for, as often as need be."""

    def __init__(self, make: Open, base_url: str, trust: Trust | None) -> None:
        self._make = make
        self._base_url = base_url
        self._trust = trust

    async def rate(self, at_once: str, seconds: str) -> Found:
        """Keep that many calls on the way for so long, once it is warm."""
        async with self._make(self._base_url, self._trust) as calls:
            await _together(calls.ask, int(at_once), _WARM_SECONDS)
            began, cpu = time.perf_counter(), _cpu_seconds()
            made = await _together(calls.ask, int(at_once), float(seconds))
            return {
                RATE: made / (time.perf_counter() - began),
                COST: (_cpu_seconds() - cpu) / made * 1e6,
                MEMORY: _most_megabytes(),
            }

    async def rate_and_burst(self, at_once: str, seconds: str) -> Found:
        """Measure bursts as well, each over a client without any connection yet."""
        found = await self.rate(at_once, seconds)
        # The first one loads what only a start needs.
        bursts = [await self._burst() for _ in range(1 + _BURSTS)][1:]
        return {**found, BURST: statistics.median(bursts)}

    async def some(self, count: str) -> Found:
        """Make so many calls, one at a time, for those who count from outside."""
        async with self._make(self._base_url, self._trust) as calls:
            for _ in range(_WARM_CALLS + int(count)):
                await calls.ask()
        return {}

    async def _burst(self) -> float:
        async with self._make(self._base_url, self._trust) as calls:
            began = time.perf_counter()
            await asyncio.gather(*(_one(calls) for _ in range(_BURST)))
            return (time.perf_counter() - began) * 1000


async def _one(calls: Calls) -> None:
    await calls.start()


async def _together(call: Call, at_once: int, seconds: float) -> int:
    made = 0
    ends = time.perf_counter() + seconds

    async def caller() -> None:
        nonlocal made
        while time.perf_counter() < ends:
            await call()
            made += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(caller())
    return made


def _cpu_seconds() -> float:
    # Of all threads.
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _most_megabytes() -> float:
    # Not ru_maxrss, which includes that of the process that started this one.
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


def _trust(authority: str) -> Trust | None:
    if authority == "none":
        return None
    context = ssl.create_default_context(cafile=authority)
    return Trust(Path(authority), context)


def main() -> None:
    logging.disable(logging.CRITICAL)
    name, base_url, authority, work, *arguments = sys.argv[1:]
    client = Client(PEERS[name], base_url, _trust(authority))
    measure: Callable[..., Awaitable[Found]] = getattr(client, work)

    async def measured() -> Found:
        return await measure(*arguments)

    try:
        print(json.dumps(asyncio.run(measured())), flush=True)
    except (LeftOut, ModuleNotFoundError) as error:
        print(json.dumps({"left out": str(error)}), flush=True)
    # pyreqwest may abort while the interpreter ends, with the figures made already.
    os._exit(0)


if __name__ == "__main__":
    main()
