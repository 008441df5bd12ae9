"""What a verification costs, and what 100,000 live ones do, in one run.

Verifications per second through a sandbox in process are printed as ratios over bare
client calls on the same sandbox, with 1, 32 and 256 at once; writes of SQLiteStore over
the same store with one commit for each write. Every round measures both sides anew.
Under 1 means slower. The live attempts have two processes of their own. Everything
goes to ``benchmarks/results/verifier.json``; it takes 2 minutes and needs Linux.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import tempfile
from pathlib import Path

import verifier_live as live
import verifier_rates as rates
from figures import conditions, line, spread

_RESULTS = Path(__file__).parent / "results" / "verifier.json"
_PACKAGES = ("anyio", "attrs", "cattrs")


def ratios() -> dict[str, dict[int, dict[str, float]]]:
    """Print and return the lowest, the median and the highest of each ratio."""
    found: dict[str, dict[int, dict[str, float]]] = {}
    for name, by_at_once in rates.measure().items():
        print(f"{name} (min median max)")
        found[name] = {}
        for at_once, measured in by_at_once.items():
            summary = spread(measured)
            print(f"{at_once:4} at once:", *summary.values())
            found[name][at_once] = summary
    return found


def live_attempts() -> dict[str, dict[str, float]]:
    """Print and return what so many live attempts cost and how they end."""
    names = ("on the machine's clock", "on a clock that jumps")
    return {
        name: _shown(f"{live.LIVE:,} live attempts {name}", found)
        for name, found in zip(names, live.measure(), strict=True)
    }


def main() -> None:
    logging.disable(logging.CRITICAL)
    folder = Path(tempfile.gettempdir()).resolve()
    under = conditions(
        _PACKAGES,
        **{
            "sqlite": sqlite3.sqlite_version,
            "file system of SQLiteStore": rates.filesystem(folder),
        },
    )
    found: dict[str, object] = {"conditions": under}
    print(line(under))
    found["ratios"] = ratios()
    found["live"] = live_attempts()
    _RESULTS.write_text(json.dumps(found, indent=2) + "\n")


def _shown(name: str, found: dict[str, float]) -> dict[str, float]:
    print(name)
    rounded = {what: float(f"{value:.3g}") for what, value in found.items()}
    for what, value in rounded.items():
        print(f"  {what}: {value:g}")
    return rounded


if __name__ == "__main__":
    main()
