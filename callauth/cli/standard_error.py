"""Standard error: whoever reads it may leave, and a run of calls goes on without him.

In ``callauth bulk … 2>&1 | tee log`` one Ctrl-C ends both, so that nothing can be told
just when placed calls are to be finished.
"""

from __future__ import annotations

import sys
from contextlib import suppress

import click
import rich.console

from .silence import silence


def say(text: str) -> None:
    """Write a line, if it can be written."""
    try:
        click.echo(text, err=True)
    except OSError:
        _silence()


class StderrConsole(rich.console.Console):
    """Write to stderr, and take nothing for mark-up."""

    def __init__(self) -> None:
        super().__init__(stderr=True, markup=False, highlight=False, emoji=False)

    def on_broken_pipe(self) -> None:
        """Write nothing any more; rich would end the process."""
        _silence()

    def say(self, text: str) -> None:
        """Write a line, if it can be written."""
        try:
            self.print(text, soft_wrap=True)
        except OSError:
            _silence()


def _silence() -> None:
    # A stand-in for stderr may have no descriptor.
    with suppress(OSError):
        silence(sys.stderr)
