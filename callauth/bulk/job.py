"""Job: what a ledger belongs to: the numbers that were read, and the channel."""

from __future__ import annotations

import hashlib

from attrs import field, frozen

from ..errors import ConfigurationError


@frozen(kw_only=True)
class Job:
    """Hold how far the source of a job has been read, and a digest of that part.

    A source that is read again must begin with the same texts.
    """

    channel: str
    read: int = 0
    digest: str = field(factory=lambda: Digest().text)
    duplicates: int = 0
    is_read_whole: bool = False

    def require(self, channel: str) -> None:
        """Raise ConfigurationError unless it is a job of this channel."""
        if channel != self.channel:
            # As text of a program, since anybody may have written the file.
            clause = f"expected the channel {self.channel!a} of this ledger's job"
            raise ConfigurationError(f"{clause}, got {channel!a}")


class Digest:
    """Sum up texts one after the other."""

    def __init__(self) -> None:
        self._sum = hashlib.sha256()

    def add(self, text: str) -> None:
        """Add one text."""
        spelled = text.encode("utf-8", "surrogatepass")
        self._sum.update(b"%d:" % len(spelled) + spelled)

    @property
    def text(self) -> str:
        """The digest of all texts so far."""
        return self._sum.hexdigest()
