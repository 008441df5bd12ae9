"""Outcome tables: what the demo ends with, as rich draws it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..models.outcome import Confirmed, Expired, Rejected, Unknown
from .numbers import RefusedLine
from .result import Refused, Result
from .tally import OUTCOMES, Finished, Reason, Row, Verdict, reasons, rows

WIDE = 92
_NOT_CONFIRMED = "numbers that were not confirmed, and why"
_NO_NUMBERS = "lines that are no numbers to call: refused before anything was sent"

WORDS: Mapping[type[Result], str] = MappingProxyType(
    {
        Confirmed: "confirmed",
        Rejected: "rejected",
        Expired: "expired",
        Unknown: "unknown",
        Refused: "refused",
    }
)
COLOURS: Mapping[type[Result], str] = MappingProxyType(
    {
        Confirmed: "green",
        Rejected: "red",
        Expired: "yellow",
        Unknown: "magenta",
        Refused: "blue",
    }
)


def outcome_table(finished: Sequence[Finished], *, width: int) -> RenderableType:
    """Return a row per flow: how its numbers ended, how fast, how many rings."""
    is_wide = width >= WIDE
    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 0, 0, 1 if is_wide else 0),
    )
    table.add_column("flow", no_wrap=True)
    if is_wide:
        table.add_column("numbers", justify="right")
    for outcome in OUTCOMES:
        table.add_column(WORDS[outcome], justify="right")
    for heading in ("p50 s", "p95 s", "rings"):
        table.add_column(heading, justify="right", no_wrap=True)
    lines = rows(finished)
    for line in lines:
        if line is lines[-1]:
            table.add_section()
        table.add_row(*_cells(line, is_wide=is_wide))
    return table


def reason_table(finished: Iterable[Finished]) -> RenderableType:
    """Return what came instead of confirmations, and in which flows."""
    table = _plain_table()
    for reason in reasons(finished):
        table.add_row(
            Text(WORDS[reason.outcome], COLOURS[reason.outcome]),
            Text(str(reason.numbers), justify="right"),
            reason.reason,
            Text(_flows(reason), "dim"),
        )
    return _titled(_NOT_CONFIRMED, table)


def refused_table(lines: Iterable[RefusedLine]) -> RenderableType:
    """Return the lines of the list that are no numbers, masked, with the reason."""
    table = _plain_table()
    for line in lines:
        shown = Text(line.text, no_wrap=True)
        table.add_row(Text(f"line {line.number}", no_wrap=True), shown, line.reason)
    return _titled(_NO_NUMBERS, table)


def verdict_line(verdict: Verdict) -> RenderableType:
    """Return the two numbers that must be 0."""
    return Text(str(verdict), "bold green" if verdict.is_good else "bold red")


def count_cell(number: int, colour: str) -> Text:
    """Return a number in its colour, dim when it is 0."""
    return Text(str(number), colour if number else "dim")


def _cells(line: Row, *, is_wide: bool) -> list[RenderableType]:
    counts = [count_cell(line.counts.get(each, 0), COLOURS[each]) for each in OUTCOMES]
    return [
        line.title,
        *([str(line.numbers)] if is_wide else []),
        *counts,
        _seconds(line.p50),
        _seconds(line.p95),
        count_cell(line.rings, ""),
    ]


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _flows(reason: Reason) -> str:
    return ", ".join(f"{title} {number}" for title, number in reason.flows.items())


def _plain_table() -> Table:
    return Table(box=None, show_header=False, padding=(0, 2, 0, 0))


def _titled(title: str, table: Table) -> RenderableType:
    # A title of the table's own would be wrapped to the table's width.
    return Group(Text(title, "bold"), table)
