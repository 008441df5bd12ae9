"""Progress: what is seen while the demo runs, on a terminal and in a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import anyio
from attrs import define, field
from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ..transport.clock import SystemClock
from ..transport.port import Clock
from .console import Console
from .outcome_tables import COLOURS, WIDE, WORDS, count_cell
from .performance import Performance
from .tally import OUTCOMES, Finished

_TICK_SECONDS = 0.1
_LINE_SECONDS = 3.0
_BAR_WIDTH = 20
_FIRST = "the first calls are being placed"


@define(eq=False)
class Progress:
    """Show how far a performance is."""

    console: Console
    performance: Performance
    clock: Clock = field(factory=SystemClock)
    _began: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._began = self.clock.monotonic()

    async def accompany(self) -> None:
        """Run the performance and show it; end it when nobody reads any more."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._show_or_end, group.cancel_scope)
            await self.performance.run()
            group.cancel_scope.cancel()

    async def show(self) -> None:
        """Show it until nobody reads: moving bars on a terminal, else lines."""
        if self.console.is_terminal:
            await self._move()
        else:
            await self._print_lines()

    async def _show_or_end(self, performing: anyio.CancelScope) -> None:
        await self.show()
        performing.cancel()

    async def _move(self) -> None:
        with Live(
            console=self.console,
            get_renderable=self._picture,
            auto_refresh=False,
            transient=True,
        ) as live:
            while not self.console.is_closed:
                live.refresh()
                await self.clock.sleep(_TICK_SECONDS)

    async def _print_lines(self) -> None:
        while not self.console.is_closed:
            await self.clock.sleep(_LINE_SECONDS)
            self.console.print(self._line())

    def _line(self) -> str:
        finished = self.performance.finished
        counts = Counter(type(ended.result) for ended in finished)
        parts = [f"{counts[each]} {WORDS[each]}" for each in OUTCOMES if counts[each]]
        total = len(self.performance.parts)
        ended = f"{len(finished)} of {total} done: {', '.join(parts)}"
        return (
            f"{self._seconds():3.0f} s  {ended if parts else _FIRST}{self._waiting()}"
        )

    def _picture(self) -> Group:
        return Group(
            _bars(self.performance, width=self.console.width),
            Text(f"\n{self._clocks()}", "dim"),
        )

    def _clocks(self) -> str:
        sandbox = self.performance.sandbox.ledger.elapsed()
        requests = self.performance.requests
        return (
            f"{self._seconds():.0f} s here, {sandbox:.0f} s in the sandbox, "
            f"{requests:,} requests{self._waiting()}"
        )

    def _waiting(self) -> str:
        """Tell why nothing seems to happen when only those are left who do nothing."""
        waiting = self.performance.waiting
        if not waiting:
            return ""
        return f"; {waiting} neither type nor dial, until their time is over"

    def _seconds(self) -> float:
        return self.clock.monotonic() - self._began


def _bars(performance: Performance, *, width: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 0, 0, 1))
    table.add_column("flow", no_wrap=True)
    if width >= WIDE:
        table.add_column("")
    for heading in ("done", *(WORDS[outcome] for outcome in OUTCOMES)):
        table.add_column(heading, justify="right", no_wrap=True)
    for kind in dict.fromkeys(part.kind for part in performance.parts):
        total = sum(part.kind == kind for part in performance.parts)
        ended = [each for each in performance.finished if each.kind == kind]
        bar = ProgressBar(total=total, completed=len(ended), width=_BAR_WIDTH)
        done = Text(f"{len(ended)}/{total}")
        table.add_row(
            kind.title, *([bar] if width >= WIDE else []), done, *_ends(ended)
        )
    return table


def _ends(ended: Sequence[Finished]) -> list[Text]:
    counts = Counter(type(each.result) for each in ended)
    return [count_cell(counts[outcome], COLOURS[outcome]) for outcome in OUTCOMES]
