"""Captured output that is scanned while a test reads it."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest

from .canaries import Canaries


class ScannedOutput:
    """Stand in for ``capsys`` or ``capfd``; annotate it as ``CaptureFixture``."""

    def __init__(self, capture: pytest.CaptureFixture[str], canaries: Canaries) -> None:
        self._capture = capture
        self._canaries = canaries

    def readouterr(self) -> tuple[str, str]:
        """Return ``out`` and ``err`` written so far, and scan them."""
        captured = self._capture.readouterr()
        self._canaries.scan(captured.out, "stdout")
        self._canaries.scan(captured.err, "stderr")
        return captured

    def disabled(self) -> AbstractContextManager[None]:
        """Stop capturing for a while."""
        return self._capture.disabled()
