"""Chart: bars as inline SVG, which stretch with the page.

The drawings hold no text: it would be squeezed with them. What they show stands beside
them, and in a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element

from attrs import frozen

from .markup import element
from .wording import count

_FULL = 100
_GAP = 0.15


@frozen
class Part:
    """Hold one part of a bar: its name, its class in the style, its size."""

    name: str
    style: str
    size: int


@frozen
class Column:
    """Hold one bar of several, and what it is called."""

    name: str
    parts: Sequence[Part]

    @property
    def size(self) -> int:
        """The size of all parts."""
        return sum(part.size for part in self.parts)


def bar(parts: Sequence[Part], *, label: str) -> Element:
    """Return one lying bar of all parts; ``label`` is for those who cannot see it."""
    whole = sum(part.size for part in parts)
    drawing = _drawing("bar", width=_FULL, label=label)
    x = 0.0
    for part in parts:
        if part.size:
            width = _FULL * part.size / whole
            drawing.append(_rectangle(part.style, _told(part), x, 0, width, _FULL))
            x += width
    return drawing


def columns(bars: Sequence[Column], *, label: str) -> Element:
    """Return standing bars side by side, the tallest as high as the drawing."""
    tallest = max((each.size for each in bars), default=0) or 1
    drawing = _drawing("columns", width=len(bars), label=label)
    for place, each in enumerate(bars):
        y = float(_FULL)
        for part in each.parts:
            height = _FULL * part.size / tallest
            y -= height
            if part.size:
                told = f"{each.name}: {_told(part)}"
                x = place + _GAP / 2
                drawing.append(_rectangle(part.style, told, x, y, 1 - _GAP, height))
    return drawing


def legend(parts: Iterable[Part]) -> Element:
    """Return which colour is what."""
    return element(
        "ul",
        *(element("li", swatch(part.style), part.name) for part in parts),
        class_="legend",
    )


def swatch(style: str) -> Element:
    """Return a spot of the colour of a style."""
    drawing = element(
        "svg", class_="swatch", viewBox="0 0 1 1", aria_hidden="true", focusable="false"
    )
    drawing.append(element("rect", class_=style, width="1", height="1"))
    return drawing


def _drawing(style: str, *, width: int, label: str) -> Element:
    return element(
        "svg",
        class_=style,
        role="img",
        aria_label=label,
        viewBox=f"0 0 {width} {_FULL}",
        preserveAspectRatio="none",
    )


def _rectangle(
    style: str, told: str, x: float, y: float, width: float, height: float
) -> Element:
    return element(
        "rect",
        # A browser shows it to whoever points there.
        element("title", told),
        class_=style,
        x=_length(x),
        y=_length(y),
        width=_length(width),
        height=_length(height),
    )


def _told(part: Part) -> str:
    return f"{part.name} {count(part.size)}"


def _length(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")
