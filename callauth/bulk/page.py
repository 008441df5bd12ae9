"""Page: the figures of a ledger as one page of HTML, which loads and runs nothing."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from .figures import Figures
from .job import Job
from .markup import document, element
from .row import RowState
from .sections import causes, ends, shares, steps, unknown
from .style import STYLE
from .wording import count, job_line, money, share

_TITLE = "Bulk verification"


def page(figures: Figures, job: Job | None, *, shows_numbers: bool = False) -> str:
    """Return the page; numbers are masked unless it ``shows_numbers``."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        # It could load nothing even if a value broke out of its place.
        element(
            "meta",
            http_equiv="Content-Security-Policy",
            content="default-src 'none'; style-src 'unsafe-inline'",
        ),
        element("title", _TITLE),
        element("style", STYLE),
    )
    main = element(
        "main",
        element("h1", _TITLE),
        element("p", job_line(job)),
        _key_figures(figures),
        *shares(figures),
        *ends(figures),
        *steps(figures),
        *causes(figures),
        *unknown(figures, shows_numbers=shows_numbers),
    )
    return document(element("html", head, element("body", main), lang="en"))


def _key_figures(figures: Figures) -> Element:
    confirmed = share(figures.counts[RowState.CONFIRMED], figures.rows)
    spent = figures.spent
    shown = {
        "rows": count(figures.rows),
        "confirmed": confirmed,
        "unknown": count(figures.counts[RowState.UNKNOWN]),
        "calls": count(figures.calls),
        "spent": "not known" if spent is None else money(spent),
    }
    pairs = (
        element("div", element("dt", name), element("dd", value))
        for name, value in shown.items()
    )
    return element("dl", *pairs)
