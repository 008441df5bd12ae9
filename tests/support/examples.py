"""Run the examples of the README and of the docstrings, as they stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser
from sybil.parsers.rest import DocTestParser
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

_ROOT = Path(__file__).parents[2]


class _TextByText(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Keep the examples of one text in one process: each goes on from the last."""

    def _split_scope(self, nodeid: str) -> str:
        path, _, name = nodeid.partition("::")
        return path if name.startswith("line:") else nodeid


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

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(
        self, config: pytest.Config, log: Producer
    ) -> LoadScopeScheduling:
        """Give every other test to whichever process is free."""
        return _TextByText(config, log)
