"""Plant every bug in a copy of its own and run the tests that must see it.

``python -m tests.mutants`` prints one line per bug and fails when one was not found.
``python -m tests.mutants drain`` plants those whose names have that word.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .patches import PATCHES, Patch

_ROOT = Path(__file__).parents[2]
_COPIED = ("callauth", "tests", "pyproject.toml", "README.md")
_TESTS_FAILED = 1
_LONGEST_SECONDS = 600


def is_found(patch: Patch) -> bool:
    """Say whether the tests fail when the bug is there."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in _COPIED:
            _copy(_ROOT / name, copy / name)
        _plant(patch, copy / "callauth" / patch.file)
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        try:
            run = subprocess.run(
                [*command, *patch.tests],
                cwd=copy,
                capture_output=True,
                check=False,
                timeout=_LONGEST_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return True
    return run.returncode == _TESTS_FAILED


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


def main() -> int:
    """Plant all bugs, or those with one of the words in their names."""
    words = sys.argv[1:]
    chosen = [
        patch
        for patch in PATCHES
        if not words or any(word in patch.name for word in words)
    ]
    missed = 0
    for patch in chosen:
        found = is_found(patch)
        missed += not found
        print(f"{'found ' if found else 'MISSED'}  {patch.name}", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} planted bugs found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
