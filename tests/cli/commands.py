"""Commands run in this process and in one of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from click.testing import CliRunner, Result

from callauth.cli.commands import callauth

_SETTINGS = ("CALLAUTH_", "COLUMNS", "FORCE_COLOR", "NO_COLOR", "TERM")


def run(*words: str, typed: str = "", env: Mapping[str, str] | None = None) -> Result:
    """Run one command with that standard input and no settings but those given."""
    unset = {name: None for name in os.environ if name.startswith(_SETTINGS)}
    return CliRunner().invoke(
        callauth, words, input=typed, env={**unset, **(env or {})}
    )


def python(*words: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own."""
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        stdin=subprocess.DEVNULL,
    )
