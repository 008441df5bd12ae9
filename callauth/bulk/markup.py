"""Markup: elements of a page, whose texts and attributes are always escaped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias
from xml.etree.ElementTree import Element, tostring

Child: TypeAlias = str | Element


def element(tag: str, *children: Child, **attributes: str) -> Element:
    """Return an element; ``aria_label`` becomes aria-label, ``class_`` class."""
    names = {name.rstrip("_").replace("_", "-"): name for name in attributes}
    made = Element(tag, {name: attributes[key] for name, key in names.items()})
    for child in children:
        if isinstance(child, Element):
            made.append(child)
        elif len(made):
            made[-1].tail = (made[-1].tail or "") + child
        else:
            made.text = (made.text or "") + child
    return made


def table(
    caption: str, headings: Iterable[Child], lines: Iterable[Iterable[Child]]
) -> Element:
    """Return a table that scrolls by itself when it is wider than the page.

    The first cell of each line is its heading.
    """
    heads = (element("th", heading, scope="col") for heading in headings)
    made = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *heads)),
        element("tbody", *map(_row, lines)),
    )
    return element(
        "div", made, class_="scroll", role="region", aria_label=caption, tabindex="0"
    )


def document(root: Element) -> str:
    """Return the text of a whole page."""
    return f"<!doctype html>\n{tostring(root, encoding='unicode', method='html')}\n"


def _row(line: Iterable[Child]) -> Element:
    heading, *cells = line
    return element(
        "tr",
        element("th", heading, scope="row"),
        *(element("td", cell) for cell in cells),
    )
