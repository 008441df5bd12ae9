"""Plant every bug in a copy of its own and run the tests that must see it.

``python -m tests.mutants`` prints one line per bug and fails when one was not found.
``python -m tests.mutants drain`` plants those whose names have that word.

Each set of tests runs without a bug first: where it is not green then, it would find
anything. A bug that makes the tests last for ever is not found, since nobody says so.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from .patch import Patch
from .patches import PATCHES
from .runs import Colour, colour_of

_WORDS = {
    Colour.RED: "found ",
    Colour.GREEN: "MISSED",
    Colour.TIMED_OUT: "TIMED OUT",
    Colour.BROKEN: "NOT TESTED",
}


def chosen(words: Sequence[str]) -> list[Patch]:
    """Return all bugs, or those with one of the words in their names.

    Raises SystemExit when there are none, since that would pass for success.
    """
    found = [
        patch
        for patch in PATCHES
        if not words or any(word in patch.name for word in words)
    ]
    if not found:
        raise SystemExit("no planted bug has one of these words in its name")
    return found


def require_green(patches: Sequence[Patch]) -> None:
    """Raise SystemExit unless all their tests pass while there is no bug."""
    for tests in dict.fromkeys(patch.tests for patch in patches):
        colour = colour_of(tests)
        if colour is not Colour.GREEN:
            names = " ".join(tests)
            raise SystemExit(f"without a bug: {colour.name} instead of GREEN: {names}")


def main() -> int:
    """Plant the bugs one by one, and say of each whether it was found."""
    patches = chosen(sys.argv[1:])
    require_green(patches)
    missed = 0
    for patch in patches:
        colour = colour_of(patch.tests, patch)
        missed += colour is not Colour.RED
        print(f"{_WORDS[colour]}  {patch.name}", flush=True)
    print(f"{len(patches) - missed} of {len(patches)} planted bugs found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
