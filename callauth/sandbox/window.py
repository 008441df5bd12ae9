"""A window of time, both of whose edges belong to it."""

from __future__ import annotations

# Moments are sums of floats: a call at exactly second 120 must not fall out of its
# window by the rounding of a sum.
_ROUNDING = 1e-6


def within(start: float, moment: float, seconds: float) -> bool:
    """Say whether the moment is at most that many seconds after the start."""
    return -_ROUNDING <= moment - start <= seconds + _ROUNDING
