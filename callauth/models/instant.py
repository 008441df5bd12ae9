"""An instant: a datetime that knows its time zone."""

from __future__ import annotations

from datetime import datetime

from ..errors import ConfigurationError

# The clocks of two machines that share something may differ this much.
SKEW_SECONDS = 5.0


def aware(value: datetime) -> datetime:
    """Return the instant unchanged.

    Raises ConfigurationError when it has no time zone, since a naive time cannot be
    compared with the moment a number expires.
    """
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ConfigurationError("expected a datetime with a time zone")
    return value
