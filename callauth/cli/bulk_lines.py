"""Lines: files and pipes that are written to while somebody may read them."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from ..errors import ConfigurationError, StoreError
from .silence import silence

_FOR_THE_OWNER_ONLY = 0o600


class Lines:
    """Write lines, each at once; they hold whole numbers, so for the owner only.

    ``is_closed`` says that nobody reads any more.

    Raises ConfigurationError for a file that cannot be written, StoreError when that
    fails later.
    """

    def __init__(self, path: Path | None, *, appends: bool = False) -> None:
        self.is_closed = False
        self._path = path
        self._file: TextIO = (
            sys.stdout if path is None else _opened(path, appends=appends)
        )

    def write(self, text: str) -> None:
        """Write text that ends with its line."""
        if self.is_closed:
            return
        try:
            self._file.write(text)
            self._file.flush()
        except BrokenPipeError:
            self._silence()
        except OSError as error:
            # Some tools print the local variables of an error.
            del text
            raise StoreError(
                f"expected room for what is written, got {_name(error)}"
            ) from None

    def close(self) -> None:
        """Close the file; standard output stays open."""
        self.is_closed = True
        if self._path is not None:
            # What could not be written was told when it was.
            with suppress(OSError):
                self._file.close()

    def _silence(self) -> None:
        self.is_closed = True
        silence(self._file)


def _opened(path: Path, *, appends: bool) -> TextIO:
    flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if appends else os.O_TRUNC)
    try:
        binary = os.fdopen(os.open(path, flags, _FOR_THE_OWNER_ONLY), "wb")
    except OSError as error:
        raise ConfigurationError(
            f"expected a file that can be written, got {_name(error)}"
        ) from None
    return TextIOWrapper(
        binary, encoding="utf-8", errors="backslashreplace", newline=""
    )


def _name(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, type(error).__name__)
