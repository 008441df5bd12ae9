from __future__ import annotations

from pathlib import Path

import pytest

from .patch import Patch
from .patches import PATCHES

_PACKAGE = Path(__file__).parents[2] / "callauth"


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.name)
def test_every_planted_bug_has_its_place(patch: Patch) -> None:
    """A patch that no longer fits would plant nothing."""
    text = (_PACKAGE / patch.file).read_text()

    assert text.count(patch.old) == 1
    assert patch.new != patch.old


def test_each_bug_has_a_name_of_its_own() -> None:
    """They are chosen by it."""
    assert len({patch.name for patch in PATCHES}) == len(PATCHES)
