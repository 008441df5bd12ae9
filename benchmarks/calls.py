"""What a call costs over HTTP, against what other clients cost, in one run.

nginx answers CallPass's question how a call ended, from one processor; each client asks
from the other one, in a process of its own. callauth has all its features on, the
others are as they come. The rounds are interleaved, a figure is the median of them, and
a ratio that of the ratios of each round. Everything goes to
``benchmarks/results/calls.json``; it takes up to 10 minutes, two processors and Linux,
and installs nginx, wrk and strace when it may.

A burst is 100 calls started together over a client that is open and has no connection
yet, in a process that has made thousands of calls; its time ends with the last answer.
Calls and sends to the system are counted one call at a time, over a connection that is
there.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TypeAlias

import calls_server
import calls_table
from calls_client import RATE
from calls_goals import GOALS, MANY, MORE, ONE, OVER_TLS, TRACED, Samples
from calls_peers import LeftOut
from calls_runs import CEILING, NAMES, ceiling, run, traced
from calls_server import Served
from figures import conditions

Found: TypeAlias = dict[str, float]
Measure: TypeAlias = Callable[[str, Served], Found]

_RESULTS = Path(__file__).parent / "results" / "calls.json"
_ROUNDS = 5
_SECONDS = 0.5
_PACKAGES = (
    "callauth",
    "httptools",
    "pyreqwest",
    "aiohttp",
    "httpx2",
    "httpx",
    "openai",
    "prelude-python-sdk",
    "pytelefonipapi",
    "anyio",
)


def settings(seconds: float) -> Mapping[str, Measure]:
    """Return what is measured in every round, by how many calls are at once."""

    def measure(
        name: str,
        served: Served,
        *,
        at_once: int,
        work: str = "rate",
        tls: bool = False,
    ) -> Found:
        if name == CEILING:
            return ceiling(served, at_once, tls=tls)
        return run(name, served, work, at_once, seconds, tls=tls)

    return {
        ONE: partial(measure, at_once=1),
        MANY: partial(measure, at_once=32, work="rate_and_burst"),
        MORE: partial(measure, at_once=256),
        OVER_TLS: partial(measure, at_once=32, tls=True),
    }


def measured(
    names: Iterable[str], served: Served, rounds: int, seconds: float
) -> Samples:
    """Return what every client finds in every round."""
    samples: dict[str, dict[str, list[Mapping[str, float]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for number in range(rounds):
        for at_once, measure in settings(seconds).items():
            print(f"round {number + 1}, {at_once}", file=sys.stderr)
            for name in names:
                samples[at_once][name].append(measure(name, served))
    for name in names:
        if name != CEILING:
            samples[TRACED][name].append(traced(name, served))
    return samples


def present(names: Iterable[str], served: Served) -> tuple[list[str], dict[str, str]]:
    """Return which clients can be measured, and why the others cannot."""
    there, left_out = [], {}
    for name in names:
        try:
            if name != CEILING:
                run(name, served, "some", 1)
        except LeftOut as error:
            left_out[name] = str(error)
        else:
            there.append(name)
    return there, left_out


def summary(samples: Samples) -> dict[str, dict[str, dict[str, object]]]:
    """Return the median of each figure, and the spread of the rates."""
    return {
        at_once: {name: _medians(rounds) for name, rounds in clients.items()}
        for at_once, clients in samples.items()
    }


def _medians(rounds: list[Mapping[str, float]]) -> dict[str, object]:
    medians: dict[str, object] = {
        figure: _short(statistics.median(found[figure] for found in rounds))
        for figure in rounds[0]
    }
    rates = [found[RATE] for found in rounds if RATE in found]
    if rates:
        medians["lowest and highest"] = [_short(min(rates)), _short(max(rates))]
    return medians


def _short(value: float) -> float:
    return float(f"{value:.3g}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("clients", nargs="*", metavar="CLIENT", help=", ".join(NAMES))
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    parser.add_argument("--seconds", type=float, default=_SECONDS, help="for each")
    options = parser.parse_args()
    names = options.clients or NAMES
    unknown = set(names) - set(NAMES)
    if unknown:
        parser.error(f"expected clients out of {', '.join(NAMES)}")
    calls_server.require_programs()
    at_first = conditions(
        _PACKAGES,
        **calls_server.versions(),
        **{"rounds": options.rounds, "seconds each": options.seconds},
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        calls_server.served(Path(folder)) as served,
    ):
        there, left_out = present(names, served)
        samples = measured(there, served, options.rounds, options.seconds)
    medians = summary(samples)
    judged = [goal.judged(samples) for goal in GOALS]
    print("\n".join(calls_table.lines(medians, judged, left_out)))
    found = {
        "conditions": at_first,
        "left out": left_out,
        "at once": medians,
        "goals": [asdict(each) for each in judged],
    }
    # Some clients in some rounds are for trying out.
    if not options.clients and options.rounds >= _ROUNDS:
        _RESULTS.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
