"""Ending: what is told when a bulk run is over, and its exit code."""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text

from ..bulk import RowState, StopReason, Summary
from ..bulk.wording import name
from .bulk_figures import COLOURS, Terms, counted, duration
from .standard_error import StderrConsole, say

ALL_SETTLED, SOME_OPEN, STOPPED = 0, 1, 3
_TO_LOOK_AT = (RowState.UNKNOWN, RowState.REFUSED)
_GOES_ON = "The same command goes on."
_WHY = {
    StopReason.ASKED: _GOES_ON,
    StopReason.BUDGET: "The next call would cost more than --budget. With a larger one "
    "the same command goes on.",
    StopReason.ACCOUNT: "The provider refuses the account. Look at the credentials and "
    f"the balance. {_GOES_ON}",
    StopReason.SOURCE: f"The rest of the source cannot be read. {_GOES_ON}",
}


def exit_code(summary: Summary, terms: Terms) -> int:
    """Return 0 when all is settled, 1 with unknown or refused ones, 3 when stopped."""
    if is_stopped(summary, terms):
        return STOPPED
    return SOME_OPEN if any(map(summary.counts.get, _TO_LOOK_AT)) else ALL_SETTLED


def is_stopped(summary: Summary, terms: Terms) -> bool:
    """Say whether something is left to do; a stop at the very end leaves nothing."""
    done = sum(terms.ended(summary).values())
    is_done = summary.is_read_whole and done == summary.rows
    return summary.stopped is not None and not is_done


def tell(summary: Summary, terms: Terms) -> None:
    """Tell on stderr how it ended."""
    console = StderrConsole()
    if console.is_terminal:
        console.print(_table(summary, terms))
    else:
        say(_line(summary, terms))
    say(f"{_calls(summary, terms)}.")


def tell_stop(summary: Summary) -> None:
    """Tell on stderr why it stopped, and what to do."""
    assert summary.stopped is not None  # noqa: S101 - whoever asks has looked
    say(f"callauth: stopped before the end. {_WHY[summary.stopped]}")


def _table(summary: Summary, terms: Terms) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("state")
    table.add_column("numbers", justify="right")
    table.add_column("share", justify="right")
    for state, number in _counts(summary, terms).items():
        share = f"{number / summary.rows:.1%}"
        table.add_row(Text(name(state), COLOURS.get(state, "")), f"{number:,}", share)
    table.add_section()
    table.add_row("all", f"{summary.rows:,}", "")
    return table


def _line(summary: Summary, terms: Terms) -> str:
    found = _counts(summary, terms).items()
    counts = ", ".join(f"{number:,} {name(state)}" for state, number in found)
    return f"{counted(summary.rows, 'number')}: {counts or 'none'}"


def _counts(summary: Summary, terms: Terms) -> dict[RowState, int]:
    """Return the ended ones first."""
    left = {state: n for state, n in summary.counts.items() if n > 0}
    return {**terms.ended(summary), **left}


def _calls(summary: Summary, terms: Terms) -> str:
    where = " of the sandbox" if terms.is_played else ""
    parts = [f"{counted(summary.called, 'call')} in {duration(summary.seconds)}{where}"]
    if summary.duplicates:
        parts.append(f"{counted(summary.duplicates, 'duplicate')} left out")
    if (spent := terms.spent(summary)) is not None:
        parts.append(spent)
    return "; ".join(parts)
