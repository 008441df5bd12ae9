"""What a bulk run costs, against what a script would do, in one run.

Each figure is of a process of its own, pinned to one processor; the sandbox that is
asked over HTTP has the other one. Ratios are the medians of interleaved rounds. Over
HTTP callauth opens a connection for each call, so that no answer is taken for that of
another person; the scripts keep theirs. Everything goes to
``benchmarks/results/bulk.json``; it takes some minutes and needs Linux.
"""

from __future__ import annotations

import json
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bulk_runs import SANDBOX_CHANNEL, numbers
from figures import conditions

_HERE = Path(__file__).parent
_RESULTS = _HERE / "results" / "bulk.json"
_MANY, _HTTP, _LINES = 100_000, 2_000, 10_000_000
_AT_ONCE = 1000
_ROUNDS = 3
_PACKAGES = ("httpx", "aiohttp", "uvicorn")
_COST = "microseconds of CPU each"


def run(name: str, *arguments: object) -> dict[str, float]:
    """Return what one run prints."""
    script = str(_HERE / "bulk_runs.py")
    command = [*_pinned_to(0), sys.executable, script, name, *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def ledger_figures(folder: Path) -> dict[str, object]:
    """Measure runs with and without a ledger on a disk, and going on."""
    with_ledger, without = [], []
    for number in range(_ROUNDS):
        path = folder / f"{number}.db"
        with_ledger.append(run("in_process", _MANY, path))
        without.append(run("in_process", _MANY, "none"))
    overhead = [
        a[_COST] / b[_COST] - 1 for a, b in zip(with_ledger, without, strict=True)
    ]
    return {
        "numbers per second, ledger included": _median(
            [each["numbers per second"] for each in with_ledger]
        ),
        "megabytes at most": _median(
            [each["megabytes at most"] for each in with_ledger]
        ),
        "CPU of the ledger over that without one": _median(overhead),
        "seconds of the command that goes on after 100,000 rows": resumed(
            folder, folder / "0.db"
        ),
    }


def resumed(folder: Path, ledger: Path) -> float:
    """Measure the whole command that goes on with one more number."""
    listed = folder / "resumed.txt"
    listed.write_text("\n".join(numbers(_MANY + 1)))
    out = folder / "resumed.jsonl"
    files = [str(listed), "--ledger", str(ledger), "--out", str(out)]
    channel = SANDBOX_CHANNEL.partition(" ")[0]
    options = ["--channel", channel, "--sandbox", "--speed", "1000", "--quiet"]
    began = time.perf_counter()
    subprocess.run([*_pinned_to(0), "callauth", "bulk", *files, *options], check=True)
    seconds = time.perf_counter() - began
    assert len(out.read_text().splitlines()) == _MANY + 1
    return float(f"{seconds:.3g}")


def dry_run(folder: Path) -> dict[str, object]:
    """Measure the memory of a dry run over ten million lines."""
    path = folder / "lines.txt"
    with path.open("w") as lines:
        lines.writelines(f"8 999 {number:07}\n" for number in range(_LINES))
    command = ["callauth", "bulk", str(path), "--channel", "flash_call:callpass"]
    subprocess.run([*command, "--dry-run"], check=True, capture_output=True)
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {"lines": _LINES, "megabytes at most": most / 1024}


def over_http(folder: Path) -> dict[str, float]:
    """Measure runs over HTTP against what a script would do."""
    ratios: dict[str, list[float]] = {"httpx": [], "aiohttp": []}
    with _served() as base_url:
        for number in range(_ROUNDS):
            arguments = (_HTTP, _AT_ONCE, base_url)
            ours = run("over_http", *arguments, folder / f"http{number}.db")
            for name, found in ratios.items():
                theirs = run(f"by_hand_{name}", *arguments)
                found.append(theirs[_COST] / ours[_COST])
    return {
        f"numbers per CPU second over those of {name} by hand": _median(found)
        for name, found in ratios.items()
    }


@contextmanager
def _served() -> Iterator[str]:
    command = [*_pinned_to(1), "callauth", "sandbox", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            for line in server.stdout:
                found = re.search(r"CALLAUTH_CALLPASS_BASE_URL=(\S+)", line)
                if found:
                    yield found[1]
                    break
        finally:
            server.terminate()


def _pinned_to(processor: int) -> list[str]:
    return ["taskset", "-c", str(processor)]


def _median(values: list[float]) -> float:
    return float(f"{statistics.median(values):.3g}")


def main() -> None:
    found: dict[str, object] = {"conditions": conditions(_PACKAGES)}
    # A dry run first, since the most memory of any child counts.
    parts = {
        "a dry run": dry_run,
        "in process": ledger_figures,
        "over HTTP": over_http,
    }
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        for name, measure in parts.items():
            found[name] = measure(Path(folder))
            print(name, json.dumps(found[name], indent=2), flush=True)
    _RESULTS.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
