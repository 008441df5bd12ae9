"""HangupCause: why a call ended, as telephone exchanges name it."""

from __future__ import annotations

from attrs import field, frozen

from ..errors import ConfigurationError

_LONGEST_NAME = 64


@frozen
class HangupCause:
    """Hold the name of a cause after ITU-T Q.850, such as ``NO_ANSWER``.

    The set is open: a name that nobody has seen before is kept as it came.
    """

    name: str = field()

    @name.validator
    def _is_short_and_printable(self, _: object, value: str) -> None:
        short = 0 < len(value) <= _LONGEST_NAME
        if not (short and value.isascii() and value.isprintable()):
            raise ConfigurationError(
                f"expected a cause of 1 to {_LONGEST_NAME} printable ASCII characters"
            )

    @property
    def shows_caller_id(self) -> bool:
        """Whether the phone was certainly reached and showed the calling number.

        After a missed call these are no failures: the pin can be typed, and calling
        again would only ring twice. False says that it is not known.
        """
        return self.name in _SHOWN

    def __str__(self) -> str:
        return self.name


_SHOWN = frozenset({"NORMAL_CLEARING", "NO_ANSWER", "USER_BUSY"})
