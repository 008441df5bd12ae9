"""Moments as they are kept: whole microseconds since 1970 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def kept(moment: datetime) -> int:
    """Return the moment as it is kept, to the microsecond."""
    return (moment - _EPOCH) // _MICROSECOND


def restored(microseconds: int) -> datetime:
    """Return the moment again, in UTC."""
    return _EPOCH + microseconds * _MICROSECOND
