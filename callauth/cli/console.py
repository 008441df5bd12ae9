"""Console: rich's, made for pipes as well as for terminals."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper

import rich.console

from .silence import silence

_WIDTH_OF_A_FILE = 100


class Console(rich.console.Console):
    """Write to stdout; a reader who leaves early silences it.

    ``is_closed`` then says that nobody reads any more. Text goes out as it is: nothing
    in it is taken for mark-up.
    """

    def __init__(self) -> None:
        is_file = not sys.stdout.isatty() and "COLUMNS" not in os.environ
        super().__init__(
            width=_WIDTH_OF_A_FILE if is_file else None,
            markup=False,
            highlight=False,
            emoji=False,
        )
        self.is_closed = False
        if isinstance(sys.stdout, TextIOWrapper):
            # A terminal without Unicode shows question marks instead of a traceback.
            sys.stdout.reconfigure(errors="replace")

    def on_broken_pipe(self) -> None:
        """Write nothing any more, neither now nor when Python ends."""
        self.quiet = True
        self.is_closed = True
        silence(sys.stdout)
