"""The results of the calls as a table, for whoever waits for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from calls_client import BURST, COST, MEMORY, RATE
from calls_goals import Judged
from calls_runs import SENDS, SYSTEM_CALLS

_FIGURES = (RATE, COST, MEMORY, BURST, SYSTEM_CALLS, SENDS)
_VERDICTS = {True: "reached", False: "missed", None: "not measured"}
_NAME_WIDTH = 18


def lines(
    medians: Mapping[str, Mapping[str, Mapping[str, object]]],
    judged: Iterable[Judged],
    left_out: Mapping[str, str],
) -> Iterator[str]:
    """Return what to print: a part for each setting, the goals, and who is missing."""
    for at_once, clients in medians.items():
        yield f"\n{at_once}"
        yield from _part(clients)
    yield "\ngoals: what was found, the same by CPU alone, what is wanted"
    for goal in judged:
        values = f"{_short(goal.found):>7} {_short(goal.by_cpu):>7}"
        verdict = _VERDICTS[goal.is_reached]
        yield f"{verdict:13}{values}  {goal.wanted}: {goal.figure}"
    for name, reason in left_out.items():
        yield f"\nleft out: {name}: {reason}"


def _part(clients: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    figures = [
        name for name in _FIGURES if any(name in each for each in clients.values())
    ]
    for number, name in enumerate(figures, start=1):
        yield f"  ({number}) {name}"
    yield " " * _NAME_WIDTH + "".join(
        f"{f'({n})':>11}" for n in range(1, len(figures) + 1)
    )
    for name, found in clients.items():
        values = "".join(f"{_short(found.get(figure)):>11}" for figure in figures)
        yield f"{name:{_NAME_WIDTH}}{values}"


def _short(value: object) -> str:
    return f"{value:,g}" if isinstance(value, float) else "-"
