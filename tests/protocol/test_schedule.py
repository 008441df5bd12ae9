from __future__ import annotations

import math
from typing import Any, cast

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from callauth.errors import ConfigurationError
from callauth.protocol.schedule import PollSchedule
from tests.support.refusals import refused


def test_the_pauses_grow_up_to_the_longest() -> None:
    """Most people call within seconds, and nobody should be asked about for ever."""
    pauses = [round(PollSchedule().delay_seconds(n, 0.5), 1) for n in range(9)]

    assert pauses == [1.0, 1.3, 1.7, 2.2, 2.9, 3.7, 4.8, 5.0, 5.0]


@pytest.mark.parametrize(("chance", "pause"), [(0.0, 0.9), (0.5, 1.0), (1.0, 1.1)])
def test_a_pause_is_spread_by_a_tenth(chance: float, pause: float) -> None:
    """A thousand attempts must not be asked about in one moment."""
    assert PollSchedule().delay_seconds(0, chance) == pytest.approx(pause)


def test_without_jitter_the_pause_is_exact() -> None:
    """Simulations want it so."""
    schedule = PollSchedule(jitter=0, growth=1, first_seconds=2)

    assert {schedule.delay_seconds(n, n / 9) for n in range(10)} == {2.0}


@pytest.mark.parametrize("growth", [1.3, 2000.0, 1e300])
@pytest.mark.parametrize("checks", [100, 101, 10**9])
def test_a_pause_is_bounded_after_any_number_of_checks(
    checks: int, growth: float
) -> None:
    """A power overflows long before the lease ends."""
    assert PollSchedule(growth=growth).delay_seconds(checks, 0.5) == 5.0


@pytest.mark.parametrize(
    "name", ["first_seconds", "longest_seconds", "checks_per_second"]
)
@pytest.mark.parametrize("value", [0.0, -1.0, math.inf, math.nan])
def test_a_rate_is_a_positive_number(name: str, value: float) -> None:
    """Zero would be a storm, infinity a silence."""
    with refused(ConfigurationError, match="positive numbers"):
        evolve(PollSchedule(), **cast("Any", {name: value}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("growth", 0.99),
        ("growth", -1.0),
        ("growth", math.nan),
        ("jitter", -0.1),
        ("jitter", 1.0),
        ("jitter", math.nan),
        ("checks_in_flight", 0),
        ("checks_in_flight", -1),
    ],
)
def test_another_schedule_is_refused(name: str, value: float) -> None:
    """A pause that shrinks to nothing is a storm."""
    with refused(ConfigurationError, match="growth from 1"):
        evolve(PollSchedule(), **cast("Any", {name: value}))


@given(
    st.builds(
        PollSchedule,
        first_seconds=st.floats(1e-3, 1e3),
        growth=st.floats(1, 1e6),
        longest_seconds=st.floats(1e-3, 1e3),
        jitter=st.floats(0, 0.99),
    ),
    st.integers(0, 10**6),
    st.floats(0, 1),
)
def test_every_pause_is_positive_and_bounded(
    schedule: PollSchedule, checks: int, chance: float
) -> None:
    """Whatever the schedule: no storm and no silence."""
    longest = schedule.longest_seconds * (1 + schedule.jitter)

    pause = schedule.delay_seconds(checks, chance)

    assert 0 < pause <= longest * (1 + 1e-9)
