"""Figure tables: the figures of a ledger, as rich draws them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from types import MappingProxyType

from rich import box
from rich.console import RenderableType
from rich.table import Column, Table
from rich.text import Text

from ..bulk.figures import Figures
from ..bulk.job import Job
from ..bulk.row import RowState
from ..bulk.wording import (
    count,
    job_line,
    moment,
    money,
    name,
    number,
    present,
    share,
    span,
)

_COLOURS: Mapping[RowState, str] = MappingProxyType(
    {
        RowState.CONFIRMED: "green",
        RowState.REJECTED: "red",
        RowState.EXPIRED: "yellow",
        RowState.UNKNOWN: "magenta",
        RowState.REFUSED: "blue",
    }
)
_LONGEST_BAR = 30
# What the other columns of a table with bars need.
_BESIDE_BARS = 40


def parts(
    figures: Figures, job: Job | None, *, shows_numbers: bool, width: int
) -> Iterator[RenderableType]:
    """Return what a console prints one after the other: each table under its title.

    ``width`` is that of the console, in columns.
    """
    longest = max(0, min(_LONGEST_BAR, width - _BESIDE_BARS))
    yield job_line(job)
    yield from _titled("how the numbers stand", _shares(figures, longest))
    if figures.bad_texts:
        yield f"texts that are no number, among the refused: {count(figures.bad_texts)}"
    if figures.counts[RowState.CALLING]:
        yield "calling: the process ended meanwhile; the job's next run settles them"
    spent = "not known, see --cost" if figures.spent is None else money(figures.spent)
    yield f"\ncalls: {count(figures.calls)}, spent: {spent}"
    spans = span(figures.ends.width)
    yield from _titled(f"ends over time, in spans of {spans}", _ends(figures))
    yield from _titled("seconds from the call to its end", _steps(figures, longest))
    yield from _titled("causes", _causes(figures, longest))
    yield from _titled("causes by operator prefix", _prefixes(figures))
    if figures.causes.prefixes_left_out:
        yield f"prefixes that are not shown: {count(figures.causes.prefixes_left_out)}"
    unknown = _unknown(figures, shows_numbers=shows_numbers)
    yield from _titled("unknown rows: a phone may have rung", unknown)
    if figures.unknown_left_out:
        yield f"rows left out: {count(figures.unknown_left_out)}"


def _titled(title: str, table: Table) -> Iterator[RenderableType]:
    yield Text(f"\n{title}", "bold")
    yield table if table.row_count else "none"


def _shares(figures: Figures, longest: int) -> Table:
    table = _table(_left("state"), _right("rows"), _right("share"), _left(""))
    for state in present(figures.counts):
        rows = figures.counts[state]
        colour = _COLOURS.get(state, "")
        table.add_row(
            Text(name(state), colour),
            count(rows),
            share(rows, figures.rows),
            _bar(rows / figures.rows, longest, colour),
        )
    return table


def _ends(figures: Figures) -> Table:
    spans = figures.ends.spans
    states = present(set(chain.from_iterable(each.counts for each in spans)))
    headings = (_right(name(state)) for state in states)
    table = _table(_left("from (UTC)"), _right("ended"), *headings)
    for each in spans:
        counts = (count(each.counts.get(state, 0)) for state in states)
        table.add_row(each.name, count(each.total), *counts)
    return table


def _steps(figures: Figures, longest: int) -> Table:
    table = _table(_left("seconds"), _right("calls"), _right("share"), _left(""))
    steps = figures.steps
    whole = sum(each.count for each in steps)
    most = max((each.count for each in steps), default=0)
    for each in steps:
        table.add_row(
            str(each),
            count(each.count),
            share(each.count, whole),
            _bar(each.count / most, longest),
        )
    return table


def _causes(figures: Figures, longest: int) -> Table:
    table = _table(Column("cause"), _right("numbers"), _right("share"), _left(""))
    totals = figures.causes.totals
    whole = totals.total()
    for cause in figures.causes.ranked:
        table.add_row(
            cause,
            count(totals[cause]),
            share(totals[cause], whole),
            _bar(totals[cause] / whole, longest),
        )
    return table


def _prefixes(figures: Figures) -> Table:
    table = _table(_left("prefix"), _right("numbers"), Column("causes"))
    for prefix in figures.causes.prefixes():
        told = (f"{cause} {count(n)}" for cause, n in prefix.counts.items() if n)
        table.add_row(prefix.digits, count(prefix.total), ", ".join(told))
    return table


def _unknown(figures: Figures, *, shows_numbers: bool) -> Table:
    table = _table(
        _right("row"),
        *map(_left, ("number", "called (UTC)", "settled (UTC)")),
        Column("reason"),
    )
    for row in figures.unknown:
        table.add_row(
            str(row.id),
            number(row.phone, is_whole=shows_numbers),
            moment(row.called_at),
            moment(row.settled_at),
            row.reason,
        )
    return table


def _table(*columns: Column) -> Table:
    return Table(
        *columns,
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=0,
    )


def _left(heading: str) -> Column:
    return Column(heading, no_wrap=True)


def _right(heading: str) -> Column:
    # A heading of two words may take two lines; a number never does.
    return Column(heading, justify="right", overflow="fold")


def _bar(part: float, longest: int, colour: str = "") -> Text:
    return Text("█" * round(longest * part), colour)
