"""RetryBudget: how many retries a provider's failures may cost.

Each retry costs tokens and each clean success gives one back, so a provider that is
down is met with hardly more requests than arrive.
"""

from __future__ import annotations

_TOKENS = 100.0
_RETRY_COST = 5.0
_TIME_OUT_COST = 10.0
_SUCCESS_GIVES = 1.0


class RetryBudget:
    """Hold 100 tokens; a retry costs 5, or 10 after a time-out."""

    def __init__(self) -> None:
        self._tokens = _TOKENS

    def take(self, *, timed_out: bool) -> bool:
        """Pay for one retry; False when the budget does not allow it."""
        cost = _TIME_OUT_COST if timed_out else _RETRY_COST
        if self._tokens < cost:
            return False
        self._tokens -= cost
        return True

    def give(self) -> None:
        """Note one clean success."""
        if self._tokens < _TOKENS:
            self._tokens = min(_TOKENS, self._tokens + _SUCCESS_GIVES)
