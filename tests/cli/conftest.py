"""The file of numbers that most runs of ``callauth bulk`` are given."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from callauth.sandbox import Answer

from .bulk_runs import listed
from .bulk_samples import people


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    """Three who answer."""
    return listed(tmp_path / "numbers.txt", *islice(people(Answer.ANSWERS), 3))
