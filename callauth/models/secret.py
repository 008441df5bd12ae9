"""Secret: text that must never be shown by accident."""

from __future__ import annotations

import hmac
from typing import NoReturn

from ..errors import ConfigurationError


class Secret:
    """Hold a secret text that ``repr``, ``str``, ``format`` and pickle never show.

    >>> Secret("N73JXNJvWRWyYeGTL2WF8V2SGX9Airn3")
    Secret(•••)

    Raises ConfigurationError when the text is blank or is no text.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        if not isinstance(text, str) or not text.strip():
            blank = isinstance(text, str)
            # A traceback that shows local variables must not show the text.
            del text
            raise ConfigurationError(
                f"expected a secret text, got {'a blank' if blank else 'no text'}"
            )
        self._text = text

    @classmethod
    def of(cls, value: str | Secret) -> Secret:
        """Return the value as a Secret, whichever it was."""
        if isinstance(value, Secret):
            return value
        try:
            return cls(value)
        except ConfigurationError as error:
            refusal = error.bare()
            del value
        raise refusal

    def reveal(self) -> str:
        """Return the text itself; the name makes every use easy to find."""
        return self._text

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self), _bytes(other))

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(•••)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled or copied")


def _bytes(secret: Secret) -> bytes:
    # The error of a lone surrogate would hold the text.
    return secret.reveal().encode("utf-8", "surrogatepass")
