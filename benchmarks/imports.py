"""What it costs to import callauth and to make its first client, beside its peers.

Each import runs in a fresh process, all of them in turn, in rounds; the files are in
the disk's cache and compiled. Ratios are of CPU time in the same round, and under 1
means that callauth is cheaper. Everything goes to ``benchmarks/results/imports.json``;
it takes half a minute and needs Linux.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

from figures import conditions, line, spread

ROUNDS = 9
_RESULTS = Path(__file__).parent / "results" / "imports.json"
_ROOT = Path(__file__).parents[1]
_PACKAGES = ("attrs", "cattrs", "httpx", "openai", "prelude-python-sdk", "twilio")
_OURS = "import callauth"
_OUR_CLIENT = "callauth, first client"
# Importing twilio alone loads little more than its version.
_STATEMENTS = {
    _OURS: "import callauth",
    "import httpx": "import httpx",
    "import openai": "import openai",
    "import prelude": "import prelude_python_sdk",
    "import twilio.rest": "import twilio.rest",
    _OUR_CLIENT: "import callauth; callauth.CallPassClient('-')",
    "callauth, first client over a transport that is given": (
        "import callauth;"
        "callauth.CallPassClient('-', transport=callauth.ScriptedTransport())"
    ),
    "httpx, first client": "import httpx; httpx.AsyncClient()",
    "openai, first client": "import openai; openai.AsyncOpenAI(api_key='-')",
    "prelude, first client": (
        "import prelude_python_sdk; prelude_python_sdk.AsyncPrelude(api_token='-')"
    ),
    "twilio, first client": "import twilio.rest; twilio.rest.Client('-', '-')",
}
# Memory by /proc, since the peak of getrusage is inherited from the parent process.
_PROGRAM = """
import json, resource, sys, time
def pages():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1])
resident = pages()
usage = resource.getrusage(resource.RUSAGE_SELF)
modules, started = len(sys.modules), time.perf_counter()
{statement}
wall = time.perf_counter() - started
after = resource.getrusage(resource.RUSAGE_SELF)
cpu = after.ru_utime + after.ru_stime - usage.ru_utime - usage.ru_stime
print(json.dumps({{
    "CPU ms": cpu * 1e3,
    "ms": wall * 1e3,
    "modules": len(sys.modules) - modules,
    "MB": (pages() - resident) * resource.getpagesize() / 2**20,
}}))
"""


def cost(statement: str) -> dict[str, float]:
    """Return what the statement costs in a fresh process."""
    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(statement=statement)],
        capture_output=True,
        check=True,
        cwd=_ROOT,
    )
    found: dict[str, float] = json.loads(run.stdout)
    return found


def measure() -> dict[str, list[dict[str, float]]]:
    """Return the costs of every statement, one per round."""
    for statement in _STATEMENTS.values():
        cost(statement)  # compiles what is not compiled
    rounds = [
        {name: cost(statement) for name, statement in _STATEMENTS.items()}
        for _ in range(ROUNDS)
    ]
    return {name: [each[name] for each in rounds] for name in _STATEMENTS}


def ratios(
    costs: dict[str, list[dict[str, float]]], ours: str, word: str
) -> dict[str, dict[str, float]]:
    """Return our CPU time over that of each peer of that kind, round by round."""
    peers = [name for name in costs if word in name and not name.startswith("callauth")]
    found = {}
    for peer in peers:
        if peer == ours:
            continue
        pairs = zip(costs[ours], costs[peer], strict=True)
        found[f"{ours} over {peer}"] = spread(
            [a["CPU ms"] / b["CPU ms"] for a, b in pairs]
        )
    return found


def main() -> None:
    under = conditions(_PACKAGES, rounds=ROUNDS)
    print(line(under))
    costs = measure()
    medians = {
        name: {
            what: round(statistics.median(one[what] for one in each), 1)
            for what in each[0]
        }
        for name, each in costs.items()
    }
    for name, figures in medians.items():
        print(f"{name}:", ", ".join(f"{what} {n:g}" for what, n in figures.items()))
    compared = ratios(costs, _OURS, "import ")
    compared |= ratios(costs, _OUR_CLIENT, "first client")
    for name, figures in compared.items():
        print(f"{name} (min median max):", *figures.values())
    found = {"conditions": under, "medians": medians, "CPU ratios": compared}
    _RESULTS.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
