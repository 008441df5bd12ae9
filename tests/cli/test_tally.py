from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callauth.cli.kinds import CALLPASS_SYNC, KINDS, REVERSE, Kind
from callauth.cli.result import Refused, Result
from callauth.cli.tally import (
    Finished,
    Reason,
    Verdict,
    percentile,
    reasons,
    rows,
    verdict,
)
from callauth.models.outcome import Confirmed, Expired, Rejected, Unknown
from tests.support.canaries import Canaries

NOW = datetime(2026, 1, 1, tzinfo=UTC)
YES = Confirmed(at=NOW, assurance="code")
WRONG = Rejected(at=NOW, reason="3 wrong codes")
BLOCKED = Refused(reason="12 BLOCKED_PHONE")


def ended(
    canaries: Canaries,
    result: Result,
    *,
    kind: Kind = CALLPASS_SYNC,
    seconds: float = 1.0,
    rings: int = 1,
    backed: bool = True,
) -> Finished:
    return Finished(
        phone=canaries.phone(),
        kind=kind,
        result=result,
        seconds=seconds,
        rings=rings,
        backed=backed,
    )


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([], 50, None),
        ([7.0], 50, 7.0),
        ([7.0], 95, 7.0),
        ([3.0, 1.0, 2.0], 50, 2.0),
        ([float(n) for n in range(1, 101)], 95, 95.0),
        ([float(n) for n in range(1, 11)], 95, 10.0),
    ],
)
def test_a_percentile_is_one_of_the_values(
    values: list[float], percent: int, expected: float | None
) -> None:
    """A time that nobody needed would be a guess."""
    assert percentile(values, percent) == expected


def test_there_is_a_row_per_flow_and_one_of_all(canaries: Canaries) -> None:
    """A flow without numbers is seen to have none."""
    titles = [row.title for row in rows([ended(canaries, YES)])]

    assert titles == [*(kind.title for kind in KINDS), "all"]


def test_a_row_counts_outcomes_and_rings(canaries: Canaries) -> None:
    """These are the numbers of the demo's table."""
    finished = [ended(canaries, YES), ended(canaries, WRONG, rings=2)]

    row = rows(finished)[0]

    assert (row.numbers, row.rings) == (2, 3)
    assert dict(row.counts) == {type(YES): 1, type(WRONG): 1}


def test_the_times_are_those_of_the_confirmed(canaries: Canaries) -> None:
    """Waiting for someone who never types would hide how fast the others were."""
    late = ended(canaries, Expired(at=NOW), seconds=130.0)

    row = rows([ended(canaries, YES, seconds=4.0), late])[-1]

    assert (row.p50, row.p95) == (4.0, 4.0)


def test_reasons_come_by_outcome_and_frequency(canaries: Canaries) -> None:
    """What was frequent is read first."""
    finished = [
        ended(canaries, YES),
        ended(canaries, BLOCKED),
        ended(canaries, Expired(at=NOW), kind=REVERSE),
        ended(canaries, WRONG),
        ended(canaries, WRONG, kind=REVERSE),
        ended(canaries, Rejected(at=NOW, reason="another number called")),
    ]

    assert reasons(finished) == [
        Reason(
            outcome=Rejected,
            reason="3 wrong codes",
            flows={"CallPass sync": 1, "Telefon-IP": 1},
        ),
        Reason(
            outcome=Rejected, reason="another number called", flows={"CallPass sync": 1}
        ),
        Reason(
            outcome=Expired,
            reason="no call from the number in time",
            flows={"Telefon-IP": 1},
        ),
        Reason(outcome=Refused, reason="12 BLOCKED_PHONE", flows={"CallPass sync": 1}),
    ]


def test_the_verdict_counts_what_must_not_happen(canaries: Canaries) -> None:
    """These two numbers are what the project is for."""
    finished = [
        ended(canaries, YES),
        ended(canaries, YES, rings=2),
        ended(canaries, YES, rings=3, backed=False),
        ended(canaries, WRONG, backed=False),
        ended(canaries, Unknown(at=NOW, reason="answer lost"), rings=0, backed=False),
    ]

    found = verdict(finished)

    assert str(found) == "rings twice: 2, false verifications: 1"
    assert not found.is_good


@pytest.mark.parametrize(
    ("twice", "false", "good"), [(0, 0, True), (1, 0, False), (0, 1, False)]
)
def test_a_verdict_is_good_only_with_two_noughts(
    twice: int, false: int, *, good: bool
) -> None:
    """The exit code of the demo hangs on it."""
    assert Verdict(twice, false).is_good is good
