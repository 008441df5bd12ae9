"""Runs: the tests in a copy of the project, with a bug or without one."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from enum import Enum
from pathlib import Path

from .patch import Patch

_ROOT = Path(__file__).parents[2]
_COPIED = ("callauth", "tests", "pyproject.toml", "README.md")
_LONGEST_SECONDS = 600.0


class Colour(Enum):
    """Say how a run of tests ended; the first two values are pytest's own."""

    GREEN = 0
    RED = 1
    BROKEN = "nothing was tested"
    TIMED_OUT = "timed out"


def colour_of(
    tests: tuple[str, ...],
    patch: Patch | None = None,
    *,
    longest_seconds: float = _LONGEST_SECONDS,
) -> Colour:
    """Return how the tests end, with the bug if there is one.

    Raises SystemExit when the bug has no place any more.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in _COPIED:
            _copy(_ROOT / name, copy / name)
        if patch is not None:
            _plant(patch, copy / "callauth" / patch.file)
        return _run(tests, copy, longest_seconds)


def _run(tests: tuple[str, ...], copy: Path, longest_seconds: float) -> Colour:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    try:
        run = subprocess.run(
            [*command, *tests],
            cwd=copy,
            capture_output=True,
            check=False,
            timeout=longest_seconds,
        )
    except subprocess.TimeoutExpired:
        return Colour.TIMED_OUT
    is_known = run.returncode in (Colour.GREEN.value, Colour.RED.value)
    return Colour(run.returncode) if is_known else Colour.BROKEN


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def _plant(patch: Patch, file: Path) -> None:
    text = file.read_text()
    if text.count(patch.old) != 1:
        raise SystemExit(f"{patch.name}: the place is not found once in {patch.file}")
    file.write_text(text.replace(patch.old, patch.new))
