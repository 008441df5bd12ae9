"""Run the examples of the README and of the docstrings, as they stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from sybil import Sybil
from sybil.integration.pytest import SybilItem
from sybil.parsers.markdown import PythonCodeBlockParser
from sybil.parsers.rest import DocTestParser

_ROOT = Path(__file__).parents[2]


class Examples:
    """A plugin of pytest, since a conftest cannot collect outside its folder."""

    pytest_collect_file = staticmethod(
        (
            Sybil(
                parsers=[PythonCodeBlockParser()], path=str(_ROOT), pattern="README.md"
            )
            + Sybil(
                parsers=[DocTestParser()],
                path=str(_ROOT / "callauth"),
                pattern="**/*.py",
            )
        ).pytest()
    )

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the examples of one text in one process: each goes on from the last."""
        for item in items:
            if isinstance(item, SybilItem):
                item.add_marker(pytest.mark.xdist_group(item.path.name))
