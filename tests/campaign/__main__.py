"""Keep every promise a great many times: ``python -m tests.campaign``.

It prints one line per promise, with its number and its seed, and writes them to
``benchmarks/results/campaign.json``. ``--share 0.01`` does a hundredth of it. Each
promise is worked on by as many processes as there are processors, in parts; the seed
of a part is printed with what it found.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from attrs import asdict, frozen

from .bodies import broken
from .cancels import ACTS, every_turn
from .hostility import hostile_trials
from .outage import outage
from .runs import Tally, by_chance, pairs_of_faults, single_faults
from .sockets import over_sockets
from .storm import storm

_RESULTS = Path(__file__).parents[2] / "benchmarks" / "results" / "campaign.json"
_PARTS = 20
_RECOVERY_SECONDS = 300.0

Part: TypeAlias = Callable[[float, int], Coroutine[Any, Any, Tally]]


@frozen(kw_only=True)
class Kept:
    """Hold one promise and how often it was put to the test."""

    promise: str
    times: int
    runs: int
    broken: int
    seed: int
    seconds: float


async def faults_in_process(share: float, seed: int) -> Tally:
    """Inject faults by chance, 950,000 in all."""
    tally = Tally()
    while tally.faults < 950_000 * share / _PARTS:
        tally.add(await by_chance(seed + tally.runs))
    return tally


async def faults_on_sockets(share: float, seed: int) -> Tally:
    """Inject faults by chance over real HTTP, 50,000 in all."""
    return await over_sockets(int(50_000 * share / _PARTS), seed)


async def systematic_faults(share: float, seed: int) -> Tally:
    """Inject every fault at every step, and pairs of them."""
    tally = await single_faults()
    tally.add(await pairs_of_faults(every=max(1, int(seed % 7 + 7 / share))))
    return tally


async def bodies(share: float, seed: int) -> Tally:
    """Read mutated answers, 20,000,000 in all."""
    count = int(20_000_000 * share / _PARTS)
    return Tally(runs=count, faults=count, broken=list(broken(count, seed)))


async def cancels(share: float, seed: int) -> Tally:
    """Cancel at every turn, 480,000 times in all."""
    tally = Tally()
    while tally.faults < 480_000 * share / _PARTS:
        for name in ACTS:
            for twice in (False, True):
                tally.add(await every_turn(name, twice=twice, seed=seed + tally.runs))
    return tally


async def storms(share: float, seed: int) -> Tally:
    """Cancel on real sockets, 20,000 times in two storms."""
    return await storm(max(500, int(20_000 * share / 2)), seed)


async def outages(share: float, seed: int) -> Tally:
    """Be without the provider for an hour, at 1,000 starts a second."""
    report = await outage(seconds=3600 * share, starts_per_second=1000)
    tally = Tally(runs=1, faults=report.arrivals)
    if report.requests > 1.10 * report.arrivals:
        tally.broken.append(f"{report.requests} requests for {report.arrivals} starts")
    if report.requests_before_opening != 5:
        tally.broken.append(f"opened after {report.requests_before_opening}")
    if not report.flows_again or report.closed_after_seconds > _RECOVERY_SECONDS:
        tally.broken.append("did not recover")
    return tally


async def hostility(share: float, seed: int) -> Tally:
    """Send every operation to every kind of hostile server, 1,000 times each."""
    return await hostile_trials(max(1, round(1000 * share / _PARTS)), seed)


PROMISES: dict[str, tuple[Part, int]] = {
    "faults by chance, in process": (faults_in_process, _PARTS),
    "faults by chance, on real sockets": (faults_on_sockets, _PARTS),
    "every fault at every step, and pairs": (systematic_faults, 2),
    "mutated answers into every reader": (bodies, _PARTS),
    "cancellations at every turn": (cancels, _PARTS),
    "storms of cancellations on real sockets": (storms, 2),
    "starts in an outage of an hour": (outages, 1),
    "hostile servers against every operation": (hostility, _PARTS),
}


def keep(pool: ProcessPoolExecutor, name: str, share: float, seed: int) -> Kept:
    """Put one promise to the test in all its parts."""
    part, parts = PROMISES[name]
    began = time.monotonic()
    seeds = [seed + number * 10_000_000 for number in range(parts)]
    whole = Tally()
    for tally in pool.map(partial(_work, part, share), seeds):
        whole.add(tally)
    for finding in whole.broken[:5]:
        print(f"  {finding}", file=sys.stderr)
    return Kept(
        promise=name,
        times=whole.faults,
        runs=whole.runs,
        broken=len(whole.broken),
        seed=seed,
        seconds=round(time.monotonic() - began, 1),
    )


def _work(part: Part, share: float, seed: int) -> Tally:
    return asyncio.run(part(share, seed))


def main() -> int:
    """Run all promises, or the named ones."""
    parser = argparse.ArgumentParser(prog="campaign", description=__doc__)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("promises", nargs="*", metavar="PROMISE")
    options = parser.parse_args()
    names = [
        name
        for name in PROMISES
        if not options.promises or any(word in name for word in options.promises)
    ]
    kept = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for name in names:
            kept.append(keep(pool, name, options.share, options.seed))
            last = kept[-1]
            print(
                f"{last.promise}: {last.times:,} times, {last.broken} broken "
                f"(seed {last.seed}, {last.seconds:,} s)",
                flush=True,
            )
            # After each, since the whole takes long and may be cut off.
            _write(kept, options.share)
    return 1 if any(each.broken for each in kept) else 0


def _write(kept: list[Kept], share: float) -> None:
    _RESULTS.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "share": share,
        "promises": [asdict(each) for each in kept],
    }
    _RESULTS.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
