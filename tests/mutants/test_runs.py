from __future__ import annotations

from tests.support.refusals import refused

from .__main__ import chosen, require_green
from .patch import Patch
from .patches import PATCHES
from .runs import Colour, colour_of

_TESTS = ("tests/models/test_values.py",)
_SHOWN = next(patch for patch in PATCHES if patch.name == "numbers are shown whole")


def _patch(*tests: str) -> Patch:
    return Patch(name="none", file="errors.py", old="root", new="foot", tests=tests)


def test_only_failing_tests_have_found_a_bug() -> None:
    """A path that is wrong, or a machine that is slow, would find every bug."""
    assert colour_of(_TESTS) is Colour.GREEN
    assert colour_of(_SHOWN.tests, _SHOWN) is Colour.RED
    assert colour_of(("tests/nowhere.py",)) is Colour.BROKEN
    assert colour_of(_TESTS, longest_seconds=0.01) is Colour.TIMED_OUT


def test_no_bug_is_planted_before_its_tests_are_green() -> None:
    """Tests that fail anyway find everything."""
    with refused(SystemExit, match="BROKEN instead of GREEN: tests/nowhere"):
        require_green([_patch(*_TESTS), _patch("tests/nowhere.py")])


def test_a_word_that_no_bug_has_is_no_success() -> None:
    """Otherwise a slip of the finger would find all of them."""
    assert [patch.name for patch in chosen(["drain"])] == ["no drain"]
    with refused(SystemExit):
        chosen(["no such bug"])
