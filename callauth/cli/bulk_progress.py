"""Progress of a bulk run, on stderr: it moves on a terminal, and is lines in a file."""

from __future__ import annotations

import sys

from attrs import define, field
from rich.columns import Columns
from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.text import Text

from ..bulk import Summary
from ..bulk.wording import name
from ..transport.clock import SystemClock
from ..transport.port import Clock
from .bulk_figures import COLOURS, Speedometer, Terms, duration
from .standard_error import StderrConsole

_TICK_SECONDS = 0.2
_LINE_SECONDS = 5.0
_BAR_WIDTH = 30
_FIRST = "nothing has ended yet"


@define(eq=False)
class BulkProgress:
    """Show how far a run is, until it is cancelled."""

    meter: Speedometer
    clock: Clock = field(factory=SystemClock)
    shares_terminal: bool = False
    _console: StderrConsole = field(factory=StderrConsole, init=False)
    _began: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._began = self.clock.monotonic()

    @property
    def terms(self) -> Terms:
        """What the figures mean."""
        return self.meter.terms

    async def show(self) -> None:
        """Show it: moving on a terminal that gets no results, elsewhere as lines."""
        if self._console.is_terminal and not self.shares_terminal:
            await self._move()
        else:
            await self._print_lines()

    def say(self, text: str) -> None:
        """Print a line, above what moves."""
        self._console.say(text)

    async def _move(self) -> None:
        with Live(
            console=self._console,
            get_renderable=self._picture,
            auto_refresh=False,
            transient=True,
            # Results may go through a pipe, and rich would take them to the terminal.
            redirect_stdout=False,
        ) as live:
            while True:
                live.refresh()
                await self.clock.sleep(_TICK_SECONDS)

    async def _print_lines(self) -> None:
        self.meter.sample()
        while True:
            await self.clock.sleep(_LINE_SECONDS)
            self.say(self.line())

    def line(self) -> str:
        """Return how it stands, in one line."""
        summary = self.meter.sample()
        ends = self.terms.ended(summary)
        counts = ", ".join(f"{n:,} {name(state)}" for state, n in ends.items())
        parts = [f"{_done(self.terms, summary)}: {counts}" if ends else _FIRST]
        return "; ".join(
            [f"{self._seconds():3.0f} s  {parts[0]}", *self._rest(summary)]
        )

    def _picture(self) -> Group:
        summary = self.meter.sample()
        ends = self.terms.ended(summary)
        total = summary.rows if summary.is_read_whole else None
        counts = Text("  ").join(
            Text(f"{name(state)} {n:,}", COLOURS.get(state, ""))
            for state, n in ends.items()
        )
        return Group(
            Columns([_bar(sum(ends.values()), total), _done(self.terms, summary)]),
            counts if ends else Text(_FIRST),
            Text("; ".join([duration(self._seconds()), *self._rest(summary)]), "dim"),
        )

    def _rest(self, summary: Summary) -> list[str]:
        under_way = self.terms.under_way(summary)
        rest = [f"{under_way:,} under way"]
        if summary.stopped is not None:
            rest.append("no new calls")
        else:
            rest.append(f"{self.meter.calls_per_second:.1f} calls/s")
        if (spent := self.terms.spent(summary)) is not None:
            rest.append(spent)
        if (left := self.meter.seconds_left) is not None:
            rest.append(f"{duration(left)} left")
        return rest

    def _seconds(self) -> float:
        return self.clock.monotonic() - self._began


def shares_terminal(*, to_stdout: bool) -> bool:
    """Say whether results and progress would be written over each other."""
    return to_stdout and sys.stdout.isatty()


def _bar(completed: int, total: int | None) -> ProgressBar:
    """Return a bar, one that only shows that it goes on while no end is known."""
    return ProgressBar(
        total=total, completed=completed, width=_BAR_WIDTH, pulse=total is None
    )


def _done(terms: Terms, summary: Summary) -> str:
    done = sum(terms.ended(summary).values())
    if summary.is_read_whole:
        return f"{done:,} of {summary.rows:,} done"
    return f"{done:,} done of {summary.rows:,} read so far"
