"""Sections: the parts of a report's page, each with its heading.

Beside every drawing stands a table with the same figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from xml.etree.ElementTree import Element

from .causes import OTHER, Prefix
from .chart import Column, Part, bar, columns, legend, swatch
from .figures import Figures
from .markup import Child, element, table
from .row import RowState
from .wording import count, moment, name, number, present, share, span

_AS_TABLE = "The same as a table"


def shares(figures: Figures) -> Iterator[Element]:
    """Return how many rows are in each state."""
    yield element("h2", "How the numbers stand")
    states = present(figures.counts)
    if not states:
        yield element("p", "There are no rows.")
        return
    whole = figures.rows
    shown = ", ".join(
        f"{name(state)} {share(figures.counts[state], whole)}" for state in states
    )
    caption = f"Shares of all {count(whole)} rows"
    lines = (
        (
            element("span", swatch(state.value), name(state)),
            count(figures.counts[state]),
            share(figures.counts[state], whole),
        )
        for state in states
    )
    yield element(
        "figure",
        element("figcaption", f"{caption}."),
        bar(_parts(figures.counts), label=f"{caption}: {shown}"),
        table(f"{caption}, by state", ("state", "rows", "share"), lines),
    )
    if figures.bad_texts:
        told = f"{count(figures.bad_texts)} of the refused are texts that are no number"
        yield element("p", f"{told}.")
    if figures.counts[RowState.CALLING]:
        yield element(
            "p",
            "Calling: the process ended while it asked for them. The next run of the "
            "same job settles them.",
        )


def ends(figures: Figures) -> Iterator[Element]:
    """Return what ended when."""
    yield element("h2", "Ends over time")
    spans = figures.ends.spans
    if not spans:
        yield element("p", "Nothing that was called has ended yet.")
        return
    width = span(figures.ends.width)
    tallest = max(each.total for each in spans)
    first, last = spans[0].name, spans[-1].name
    caption = (
        f"Calls that ended, in spans of {width}; the fullest has {count(tallest)}. "
        "Times are UTC."
    )
    label = (
        f"Bars of the calls that ended in each {width} from {first} to {last} UTC, "
        f"at most {count(tallest)}; the table below has them"
    )
    states = present(set(chain.from_iterable(each.counts for each in spans)))
    bars = [Column(each.name, _parts(each.counts)) for each in spans]
    headings = ["from (UTC)", "ended", *map(name, states)]
    lines = (
        (
            each.name,
            count(each.total),
            *(count(each.counts.get(state, 0)) for state in states),
        )
        for each in spans
    )
    yield _figure(
        caption,
        columns(bars, label=label),
        _below(first, last),
        legend(Part(name(state), state.value, 0) for state in states),
        element(
            "details",
            element("summary", _AS_TABLE),
            table(f"Calls that ended, in spans of {width}", headings, lines),
        ),
    )


def steps(figures: Figures) -> Iterator[Element]:
    """Return how long it took."""
    yield element("h2", "Seconds from the call to its end")
    steps = figures.steps
    if not steps:
        yield element("p", "Nothing that was called has ended yet.")
        return
    whole, most = sum(each.count for each in steps), max(each.count for each in steps)
    caption = (
        f"Calls by the seconds they took, in steps of {steps[0].until}; the fullest "
        f"has {count(most)}."
    )
    label = (
        f"Bars of the {count(whole)} calls by the seconds they took, at most "
        f"{count(most)} in one step; the table below has them"
    )
    bars = [Column(str(each), (Part("calls", "all", each.count),)) for each in steps]
    lines = ((str(each), count(each.count), share(each.count, whole)) for each in steps)
    yield _figure(
        caption,
        columns(bars, label=label),
        _below("0 s", str(steps[-1])),
        element(
            "details",
            element("summary", _AS_TABLE),
            table("Calls by seconds", ("seconds", "calls", "share"), lines),
        ),
    )


def causes(figures: Figures) -> Iterator[Element]:
    """Return why, by prefix."""
    yield element("h2", "Causes by operator prefix")
    prefixes = figures.causes.prefixes()
    if not prefixes:
        yield element("p", "Nothing has ended yet.")
        return
    names = figures.causes.names
    styles = {
        name: "other" if name == OTHER else f"cause-{place}"
        for place, name in enumerate(names, start=1)
    }
    yield _figure(
        "Why the numbers ended so, by the first three digits after +7; the "
        f"{count(len(prefixes))} prefixes with most numbers.",
        legend(Part(each, styles[each], 0) for each in names),
        table(
            "Causes by prefix",
            (
                "prefix",
                "numbers",
                "shares",
                *map(_breakable, names),
            ),
            (_line(prefix, styles) for prefix in prefixes),
        ),
    )
    if figures.causes.prefixes_left_out:
        left_out = count(figures.causes.prefixes_left_out)
        yield element("p", f"Prefixes that are not shown: {left_out}.")
    totals = figures.causes.totals
    lines = (
        (each, count(totals[each]), share(totals[each], totals.total()))
        for each in figures.causes.ranked
    )
    yield element(
        "details",
        element("summary", "All causes"),
        table("All causes, whatever the prefix", ("cause", "numbers", "share"), lines),
    )


def unknown(figures: Figures, *, shows_numbers: bool) -> Iterator[Element]:
    """Return the rows that somebody has to look at."""
    yield element("h2", "Unknown rows")
    if not figures.unknown:
        yield element("p", "There are none.")
        return
    yield element(
        "p",
        "An answer was lost: nobody knows how these ended, and a phone may have rung. "
        "They are not called again.",
    )
    lines = (
        (
            str(row.id),
            number(row.phone, is_whole=shows_numbers),
            row.reason,
            moment(row.called_at),
            moment(row.settled_at),
        )
        for row in figures.unknown
    )
    headings = ("row", "number", "reason", "called (UTC)", "settled (UTC)")
    listed = table(f"{count(len(figures.unknown))} unknown rows", headings, lines)
    listed.set("class", "scroll words")
    yield listed
    if figures.unknown_left_out:
        yield element("p", f"Rows left out: {count(figures.unknown_left_out)}.")


def _figure(caption: str, *children: Element) -> Element:
    return element("figure", element("figcaption", caption), *children)


def _below(first: str, last: str) -> Element:
    return element("div", element("span", first), element("span", last), class_="ends")


def _breakable(name: str) -> Element:
    # The names of causes are long, and fit a narrow column only in pieces.
    pieces: list[Child] = []
    for piece in name.split("_"):
        pieces += [piece, "_", element("wbr")]
    return element("span", *pieces[:-2])


def _parts(counts: Mapping[RowState, int]) -> list[Part]:
    return [Part(name(state), state.value, counts[state]) for state in present(counts)]


def _line(prefix: Prefix, styles: Mapping[str, str]) -> list[Child]:
    parts = [Part(each, styles[each], size) for each, size in prefix.counts.items()]
    told = ", ".join(f"{part.name} {share(part.size, prefix.total)}" for part in parts)
    drawing = bar(parts, label=f"{prefix.digits}: {told}")
    numbers = (count(part.size) for part in parts)
    return [prefix.digits, count(prefix.total), drawing, *numbers]
