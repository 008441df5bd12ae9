"""What a million pending waits cost, with the poller and with a task each, in one run.

The poller makes 10,000 checks a second through a transport that answers from memory,
the tasks a tenth of that, since with more the loop would not keep up. Printed are the
bytes of a wait, the CPU of a check over that of the call itself, how late checks and
expiries come while full garbage collections go on, and the longest stall of the loop,
those collections included; and the ratio of the poller to the tasks: under 1 is less.
Each scenario has a process of its own. Everything goes to
``benchmarks/results/poller.json``; it takes 4 minutes, 3 GB and Linux.

A wait is what is followed by the text of its id: 85 bytes of it are that text. Somebody
who awaits ``Poller.wait`` has a task and a future besides, which are not the poller's.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import poller_waits as waits
from figures import conditions, line
from poller_waits import Begins, Found

_RESULTS = Path(__file__).parent / "results" / "poller.json"
_PACKAGES = ("anyio", "attrs", "cattrs")
_SCENARIOS = {"checks": waits.checked, "expiries without a check": waits.expired}


def alone(scenario: Callable[[Begins], Found], begins: Begins) -> Found:
    """Return what is found in a process that has used no memory before."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(scenario, begins).result()


def compare(name: str, scenario: Callable[[Begins], Found]) -> dict[str, Found]:
    """Print and return what is found with the poller, with tasks, and the ratio."""
    poller, tasks = alone(scenario, waits.by_poller), alone(scenario, waits.by_tasks)
    print(f"{name} (poller, a task each, ratio)")
    ratios = {}
    for what, value in poller.items():
        ratios[what] = value / tasks[what] if tasks[what] else float("nan")
        print(f"  {what}: {value:.3g} {tasks[what]:.3g} {ratios[what]:.3g}")
    return {
        "poller": _rounded(poller),
        "a task each": _rounded(tasks),
        "ratio": _rounded(ratios),
    }


def main() -> None:
    logging.disable(logging.CRITICAL)
    under = conditions(_PACKAGES, waits=waits.WAITS)
    found: dict[str, object] = {"conditions": under}
    print(line(under))
    for name, scenario in _SCENARIOS.items():
        found[name] = compare(name, scenario)
    _RESULTS.write_text(json.dumps(found, indent=2) + "\n")


def _rounded(found: Found) -> Found:
    return {what: float(f"{value:.3g}") for what, value in found.items()}


if __name__ == "__main__":
    main()
