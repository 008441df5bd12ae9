from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console, RenderableType

from callauth.cli.kinds import INCOMING
from callauth.cli.numbers import RefusedLine
from callauth.cli.outcome_tables import (
    outcome_table,
    reason_table,
    refused_table,
    verdict_line,
)
from callauth.cli.tally import Verdict
from tests.support.canaries import Canaries

from .test_tally import WRONG, YES, ended


def drawn(table: RenderableType, *, width: int = 100) -> list[str]:
    console = Console(file=StringIO(), width=width)
    with console.capture() as capture:
        console.print(table)
    return [line.rstrip() for line in capture.get().splitlines()]


@pytest.mark.parametrize(
    ("width", "headings"),
    [
        (
            100,
            "flow numbers confirmed rejected expired unknown refused p50 s p95 s rings",
        ),
        (80, "flow confirmed rejected expired unknown refused p50 s p95 s rings"),
    ],
)
def test_the_table_fits_its_terminal(
    canaries: Canaries, width: int, headings: str
) -> None:
    """No heading is cut, neither in a wide nor in a usual window."""
    lines = drawn(outcome_table([ended(canaries, YES)], width=width), width=width)

    assert lines[0].split() == headings.split()
    assert max(map(len, lines)) <= width


def test_a_flow_without_confirmations_has_no_times(canaries: Canaries) -> None:
    """A nought would look fast."""
    lines = drawn(outcome_table([ended(canaries, WRONG)], width=100))

    assert lines[2].split() == ["CallPass", "sync", *"101000--1"]


def test_a_reason_names_its_flows(canaries: Canaries) -> None:
    """It shows where to look."""
    finished = [ended(canaries, WRONG), ended(canaries, WRONG, kind=INCOMING)]

    lines = drawn(reason_table(finished))

    assert lines[1].split(maxsplit=2) == [
        "rejected",
        "2",
        "3 wrong codes  CallPass sync 1, NeroTech incoming 1",
    ]


def test_what_was_typed_is_not_taken_for_markup() -> None:
    """A list may hold anything."""
    line = RefusedLine(number=3, text="[red]•", reason="expected digits")

    assert drawn(refused_table([line]))[1] == "line 3  [red]•  expected digits"


@pytest.mark.parametrize("verdict", [Verdict(0, 0), Verdict(1, 0)])
def test_the_verdict_stands_alone(verdict: Verdict) -> None:
    """Scripts look for this line."""
    assert drawn(verdict_line(verdict)) == [
        f"rings twice: {verdict.rings_twice}, false verifications: 0"
    ]
