"""Kill many times: ``python -m tests.verification.kills 20000``."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

from .cycles import kill_cycles

_FINDINGS = 20


def main() -> int:
    """Run so many cycles by chance."""
    parser = argparse.ArgumentParser(prog="kills", description=__doc__)
    parser.add_argument("cycles", type=int)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    tally = asyncio.run(kill_cycles(options.cycles, options.seed))
    seconds = time.monotonic() - began
    for finding in tally.broken[:_FINDINGS]:
        sys.stderr.write(f"  {finding}\n")
    sys.stdout.write(
        f"{tally.runs:,} cycles, {tally.faults:,} kills, {len(tally.broken)} broken "
        f"(seed {options.seed}, {seconds:,.0f} s)\n"
    )
    return 1 if tally.broken else 0


if __name__ == "__main__":
    sys.exit(main())
