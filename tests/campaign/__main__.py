"""Keep every promise a great many times: ``python -m tests.campaign``.

It prints one line per promise, with its number and its seed, and writes all of them to
``benchmarks/results/campaign.json``. With the names of promises, or a word of them, it
keeps only those, and leaves the results of the others as they are. A hundredth of it
does ``--share 0.01``, which writes nothing unless ``--write PATH`` says where.

All processors work at once, on whatever comes next; what is found names its part and
the seed of that.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

from attrs import asdict, evolve, frozen

from tests.support.tally import Tally

from .pieces import Piece
from .promises import PROMISES

_ROOT = Path(__file__).parents[2]
_RESULTS = _ROOT / "benchmarks" / "results" / "campaign.json"
_APART = 10_000_000
_SHOWN = 5


@frozen(kw_only=True)
class Kept:
    """Hold one promise, how often it was put to the test, and what was measured.

    ``seconds`` is the time that all processes together worked for it.
    """

    promise: str
    commit: str | None = None
    share: float = 1.0
    times: int
    runs: int
    broken: int
    seed: int
    seconds: float
    notes: list[str]

    def __str__(self) -> str:
        notes = "".join(f"; {note}" for note in self.notes)
        return (
            f"{self.promise}: {self.times:,} times, {self.broken} broken "
            f"(seed {self.seed}, {self.seconds:,} s of work){notes}"
        )


@frozen
class _Done:
    tally: Tally
    seconds: float


def kept(names: list[str], share: float, seed: int) -> Iterator[Kept]:
    """Put these promises to the test, all processors at once; return each when done."""
    # Asked before results are written, which would make it a dirty one.
    commit = _commit()
    # One more than there are processors, since work on sockets waits half of its time.
    with ProcessPoolExecutor((os.cpu_count() or 1) + 1) as pool:
        started = {
            name: [
                pool.submit(_work, name, piece) for piece in _pieces(name, share, seed)
            ]
            for name in names
        }
        for name, parts in started.items():
            yield evolve(_gathered(name, parts, seed), commit=commit, share=share)


def _pieces(name: str, share: float, seed: int) -> list[Piece]:
    _, parts = PROMISES[name]
    return [
        Piece(share=share, seed=seed + number * _APART, number=number, parts=parts)
        for number in range(parts)
    ]


def _work(name: str, piece: Piece) -> _Done:
    began = time.monotonic()
    work, _ = PROMISES[name]
    tally = asyncio.run(work(piece))
    where = f"part {piece.number}, its seed {piece.seed}"
    tally.broken = [f"{name}, {where}: {finding}" for finding in tally.broken]
    return _Done(tally, time.monotonic() - began)


def _gathered(name: str, parts: list[Future[_Done]], seed: int) -> Kept:
    whole, seconds = Tally(), 0.0
    for part in parts:
        done = part.result()
        whole.add(done.tally)
        seconds += done.seconds
    for finding in whole.broken[:_SHOWN]:
        print(f"  {finding}", file=sys.stderr)
    if whole.doubled:
        whole.notes.append(f"{whole.doubled:,} of them twice before the next turn")
    if whole.again:
        whole.notes.append(f"{whole.again:,} repeated alone, late in a crowd")
    whole.notes += [f"{times:,} {kind}" for kind, times in sorted(whole.kinds.items())]
    return Kept(
        promise=name,
        times=whole.faults,
        runs=whole.runs,
        broken=len(whole.broken),
        seed=seed,
        seconds=round(seconds, 1),
        notes=whole.notes,
    )


def main() -> int:
    """Keep all promises, or the named ones."""
    options = _options()
    names = [
        name
        for name in PROMISES
        if not options.promises or any(word in name for word in options.promises)
    ]
    if not names:
        raise SystemExit("no promise has one of these words in its name")
    target = options.write or (_RESULTS if options.share == 1 else None)
    broken = 0
    for each in kept(names, options.share, options.seed):
        broken += each.broken
        print(each, flush=True)
        # After each, since the whole takes long and may be cut off.
        if target is not None:
            _write(target, each)
    return 1 if broken else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="campaign", description=__doc__)
    parser.add_argument("--share", type=_share, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, metavar="PATH")
    parser.add_argument("promises", nargs="*", metavar="PROMISE")
    return parser.parse_args()


def _share(text: str) -> float:
    share = float(text)
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError("expected a share above 0, up to 1")
    return share


def _write(target: Path, each: Kept) -> None:
    """Write it down in the place of an earlier result for the same promise."""
    target.parent.mkdir(parents=True, exist_ok=True)
    rows = json.loads(target.read_text())["promises"] if target.exists() else []
    by_name = {row["promise"]: row for row in rows} | {each.promise: asdict(each)}
    document = {
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "promises": [by_name[name] for name in PROMISES if name in by_name],
    }
    target.write_text(json.dumps(document, indent=2) + "\n")


def _commit() -> str | None:
    """Return the commit that was put to the test, None outside a repository."""
    git = shutil.which("git")
    if git is None:
        return None
    run = subprocess.run(
        [git, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout.strip() or None


if __name__ == "__main__":
    sys.exit(main())
