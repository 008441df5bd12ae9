"""Silence: for a stream that nobody reads any more."""

from __future__ import annotations

import os
from typing import TextIO


def silence(stream: TextIO) -> None:
    """Let what is written go nowhere, also what Python still writes when it ends.

    Raises OSError for a stream without a descriptor.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    finally:
        os.close(nowhere)
