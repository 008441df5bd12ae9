"""Rooms: folders on a disk that can be made full, and folders nobody may write to."""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

_SIZE = "600k"
_NOBODY = 65534


class Room(Protocol):
    """A folder on a disk that has an end."""

    @property
    def folder(self) -> Path:
        """Where to keep something."""

    def fill(self) -> None:
        """Leave no room."""

    def free(self) -> None:
        """Give the room back."""


class SmallDisk:
    """A file system in memory, filled to the last byte: ENOSPC."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        with suppress(OSError), (self.folder / "filler").open("ab", buffering=0) as it:
            while it.write(bytes(1024)):
                pass

    def free(self) -> None:
        (self.folder / "filler").unlink(missing_ok=True)


class Limited:
    """A limit on the size of files, which this process may not pass: EFBIG."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, self._limits[1]))

    def free(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)


@contextmanager
def small_disk() -> Iterator[Room | None]:
    """Mount a small disk; None where that is not allowed."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", folder]
        try:
            is_mounted = subprocess.run(mount, capture_output=True, check=False)
        except OSError:
            yield None
            return
        if is_mounted.returncode:
            yield None
            return
        try:
            yield SmallDisk(Path(folder))
        finally:
            subprocess.run(["umount", folder], check=True)


@contextmanager
def limited(folder: Path) -> Iterator[Room]:
    """Limit the size of files."""
    room = Limited(folder)
    try:
        yield room
    finally:
        room.free()


@contextmanager
def readable_only(path: Path) -> Iterator[None]:
    """Let nobody write to the file and its folder, this process neither."""
    folder = path.parent
    modes = {each: each.stat().st_mode for each in (path, folder)}
    user = os.geteuid()
    path.chmod(0o444)
    folder.chmod(0o555)
    if user == 0:
        # Root may write whatever the mode says.
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)
        for each, mode in modes.items():
            each.chmod(mode)
