"""When to ask again: the delays of polling, without a clock."""

from __future__ import annotations

from attrs import frozen

from ..errors import ConfigurationError
from .retry import is_positive


@frozen(kw_only=True)
class PollSchedule:
    """Say how often the provider is asked about one pending attempt, and about all.

    The first check comes after ``first_seconds``, each later pause is ``growth`` times
    the one before, up to ``longest_seconds``, give or take the part ``jitter``. All
    attempts of a client together make at most ``checks_per_second`` and have at most
    ``checks_in_flight`` on the way.

    Raises ConfigurationError unless everything is positive, ``growth`` is at least 1
    and ``jitter`` below 1.
    """

    first_seconds: float = 1.0
    growth: float = 1.3
    longest_seconds: float = 5.0
    jitter: float = 0.1
    checks_per_second: float = 50.0
    checks_in_flight: int = 20

    def __attrs_post_init__(self) -> None:
        rates = (self.first_seconds, self.longest_seconds, self.checks_per_second)
        if not all(is_positive(rate) for rate in rates):
            raise ConfigurationError("expected a PollSchedule of positive numbers")
        is_growing = is_positive(self.growth) and self.growth >= 1
        is_steady = self.jitter == 0 or (is_positive(self.jitter) and self.jitter < 1)
        is_whole = type(self.checks_in_flight) is int and self.checks_in_flight >= 1
        if not (is_growing and is_steady and is_whole):
            raise ConfigurationError(
                "expected growth from 1, jitter from 0 to below 1, checks from 1"
            )

    def delay_seconds(self, checks: int, chance: float) -> float:
        """Return the pause after that many checks; ``chance`` is from 0 to 1.

        With the defaults about 1, 1.3, 1.7, 2.2, 2.9, 3.7, 4.8, 5, 5 … seconds.
        """
        try:
            pause = self.first_seconds * float(self.growth) ** checks
        except OverflowError:
            pause = self.longest_seconds
        pause = min(self.longest_seconds, pause)
        return pause * (1 + self.jitter * (2 * chance - 1))
