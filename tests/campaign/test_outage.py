from __future__ import annotations

import pytest

from .outage import (
    TRY_SECONDS,
    Trouble,
    answers_every_fourth,
    outage,
    turns_away,
)

# The starts after the outage come every tenth of a second.
_ROUNDING_SECONDS = 0.2


async def test_a_provider_that_is_down_is_left_alone() -> None:
    """It is not helped by retries, nor by one request per start."""
    report = await outage(seconds=20, starts_per_second=1000)

    assert report.requests == report.requests_before_opening == 5
    assert report.arrivals == 20_000


@pytest.mark.parametrize(
    "trouble", [answers_every_fourth, turns_away(1)], ids=["failed", "429"]
)
async def test_retries_are_few_where_the_breaker_sees_no_outage(
    trouble: Trouble,
) -> None:
    """Three of four requests fail, yet never five in a row: only the budget helps."""
    report = await outage(seconds=60, starts_per_second=100, trouble=trouble)

    assert report.openings == []
    assert 1.0 < report.requests_per_arrival <= 1.10


async def test_a_provider_that_hangs_is_left_alone_after_the_first_time_outs() -> None:
    """Until then nobody can know, so all that arrives meanwhile is sent."""
    report = await outage(seconds=25, starts_per_second=100, hangs=True)

    assert 0 < report.requests_before_opening <= TRY_SECONDS * 100 + 5
    assert report.requests == report.requests_before_opening
    assert report.full_after_seconds <= 5.0


async def test_a_long_outage_is_probed_ever_more_rarely() -> None:
    """One request at a time; here it ends just after one, the worst moment."""
    report = await outage(seconds=3451, starts_per_second=10)

    assert report.openings[:6] == [30.0, 60.0, 120.0, 240.0, 300.0, 300.0]
    assert report.requests == 5 + len(report.openings) - 1
    assert 295.0 < report.recovered_after_seconds <= 300.0 + _ROUNDING_SECONDS


@pytest.mark.parametrize("seconds", [1.0, 15.0, 29.0])
async def test_a_short_outage_is_over_30_seconds_later_at_the_latest(
    seconds: float,
) -> None:
    """The breaker asks again 30 seconds after it opened."""
    report = await outage(seconds=seconds, starts_per_second=100)

    assert report.openings == [30.0]
    assert report.recovered_after_seconds <= 30.0 - seconds + _ROUNDING_SECONDS


@pytest.mark.parametrize("seconds", [20.0, 200.0])
async def test_all_starts_are_answered_5_seconds_after_the_first(
    seconds: float,
) -> None:
    """One good answer is proof enough; nobody is sent away for longer."""
    report = await outage(seconds=seconds, starts_per_second=20)

    assert report.full_after_seconds <= 5.0
