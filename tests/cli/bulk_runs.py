"""Runs of ``callauth bulk`` against the sandbox, and the results that they write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from click.testing import Result

from .commands import run

CHANNELS = [
    "flash_call:callpass",
    "voice_otp:nerotech",
    "reverse_call:telefonip",
    "reverse_call:nerotech",
]

PLAYED = ("--sandbox", "--speed", "50")


def listed(path: Path, *lines: str) -> Path:
    """Write those lines to a file, and return its path."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def words(numbers: Path, channel: str = CHANNELS[0], *more: str) -> list[str]:
    """Return the command that goes through the file of numbers."""
    ledger, out = numbers.with_name("run.db"), numbers.with_name("out.jsonl")
    files = ["--ledger", str(ledger), "--out", str(out)]
    return ["bulk", str(numbers), "--channel", channel, *files, *more]


def played(numbers: Path, channel: str = CHANNELS[0], *more: str) -> Result:
    """Run it, faster than life."""
    return run(*words(numbers, channel, *PLAYED, *more))


def rows(numbers: Path) -> list[Mapping[str, object]]:
    """Return the results that are written beside the numbers."""
    lines = numbers.with_name("out.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def states(numbers: Path) -> list[str]:
    """Return how they ended, in order of the alphabet."""
    return sorted(str(row["state"]) for row in rows(numbers))
