"""The entry point, which works without any extra: then it says what to install."""

from __future__ import annotations

import sys

_EXTRAS = ("click", "rich")


def main() -> None:
    """Run the command line and leave the process with its exit code."""
    try:
        from .commands import callauth  # noqa: PLC0415 - needs the extra cli
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRAS:
            raise
        sys.stderr.write(
            'callauth: the command line needs an extra: pip install "callauth[cli]"\n'
        )
        sys.exit(2)
    callauth(prog_name="callauth")
