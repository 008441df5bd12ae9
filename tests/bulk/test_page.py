from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from attrs import evolve

from callauth.bulk.figures import Figures
from callauth.bulk.job import Job
from callauth.bulk.page import page
from callauth.bulk.row import Row, RowState
from callauth.bulk.style import STYLE
from callauth.bulk.wording import STATES
from callauth.models.phone import PhoneNumber
from tests.support.canaries import Canaries

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
JOB = Job(channel="flash_call:callpass", read=12, duplicates=2, is_read_whole=True)
_HOSTILE = "</td><script src=//x.example/a.js>alert(1)</script>\"'&lt;"
_VOID = {"meta", "wbr"}


class Reading(HTMLParser):
    """Read a page as a browser would, and see that every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.opened: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for each, attributes in self.opened if each == tag]


def rows(reason: str = "") -> Iterator[Row]:
    """Return one row of each state, and a bad text."""
    for place, state in enumerate(RowState):
        is_open = state in (RowState.QUEUED, RowState.CALLING)
        yield Row(
            id=place + 1,
            phone=PhoneNumber(f"+7999000000{place}"),
            state=state,
            called_at=None if state is RowState.QUEUED else NOON,
            settled_at=None if is_open else NOON + timedelta(seconds=10 * place),
            reason=reason,
        )
    yield Row(
        id=11, phone=None, text="?", state=RowState.REFUSED, settled_at=NOON, reason="?"
    )


def figures(*found: Row, cost: float | None = None) -> Figures:
    made = Figures(cost_per_call=cost)
    for row in found:
        made.add(row)
    return made


def unknown(phone: PhoneNumber) -> Row:
    return Row(
        id=7,
        phone=phone,
        state=RowState.UNKNOWN,
        called_at=NOON,
        settled_at=NOON,
        reason="AnswerLost",
    )


@pytest.mark.parametrize("found", [list(rows()), []])
def test_the_page_is_well_formed(found: list[Row]) -> None:
    """An empty ledger has one, too."""
    text = page(figures(*found), JOB)

    assert text.startswith('<!doctype html>\n<html lang="en">')
    assert Reading(text).texts


def test_nothing_is_loaded_and_nothing_runs() -> None:
    """It is opened from a disk, and holds what is nobody else's business."""
    text = page(figures(*rows()), JOB)
    reading = Reading(text)

    tags = {tag for tag, _ in reading.opened}
    names = {name for _, attributes in reading.opened for name in attributes}
    assert tags.isdisjoint({"script", "link", "img", "iframe", "object", "use", "a"})
    assert names.isdisjoint({"src", "href", "xlink:href", "style", "data"})
    assert not [name for name in names if name.startswith("on")]
    assert "http" not in text.replace("http-equiv", "")
    assert "url(" not in text
    assert "@import" not in text
    policy = reading.all("meta")[2]
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_every_value_is_escaped() -> None:
    """A reason is a provider's, and a ledger may be anybody's."""
    found = [evolve(row, text=_HOSTILE) for row in rows(_HOSTILE)]
    reading = Reading(page(figures(*found), evolve(JOB, channel=_HOSTILE)))

    plain = Reading(page(figures(*rows("harmless")), JOB))

    assert [tag for tag, _ in reading.opened] == [tag for tag, _ in plain.opened]
    assert reading.texts.count(_HOSTILE) >= 2
    assert any(_HOSTILE in text for text in reading.texts if text.startswith("Channel"))


def test_numbers_are_masked(canaries: Canaries) -> None:
    """A page is passed on."""
    phone = canaries.phone()

    text = page(figures(unknown(phone)), JOB)

    canaries.scan(text, "the page")
    assert phone.masked in Reading(text).texts


def test_numbers_are_shown_to_who_asks_for_them() -> None:
    """Somebody has to look at them."""
    phone = PhoneNumber("+79991234567")

    texts = Reading(page(figures(unknown(phone)), JOB, shows_numbers=True)).texts

    assert "+79991234567" in texts


def test_every_drawing_is_told_in_words() -> None:
    """Not everybody sees it."""
    reading = Reading(page(figures(*rows()), JOB))

    drawings = reading.all("svg")
    told = [each["aria-label"] for each in drawings if each.get("role") == "img"]
    silent = [each for each in drawings if each.get("role") != "img"]
    assert len(told) == 4
    assert all(told)
    assert told[0] is not None
    assert told[0].startswith("Shares of all 11 rows: confirmed 9.1 %, placed 9.1 %")
    assert {each["aria-hidden"] for each in silent} == {"true"}
    assert len(reading.all("figure")) == len(reading.all("figcaption")) == 4


def test_tables_can_be_heard() -> None:
    """A screen reader tells the headings of each cell."""
    reading = Reading(page(figures(*rows()), JOB))

    tables = len(reading.all("table"))
    assert tables == len(reading.all("caption")) == 6
    assert {each["scope"] for each in reading.all("th")} == {"row", "col"}
    regions = [each for each in reading.all("div") if each.get("role") == "region"]
    assert len(regions) == tables
    assert all(each["tabindex"] == "0" and each["aria-label"] for each in regions)


def test_a_drawing_adds_up() -> None:
    """The parts of a lying bar fill it, and stand side by side."""
    reading = Reading(page(figures(*rows()), JOB))

    first = reading.all("rect")[: len(STATES)]

    ends = [float(each["x"] or 0) + float(each["width"] or 0) for each in first]
    begins = [float(each["x"] or 0) for each in first]
    assert begins[0] == 0
    assert begins[1:] == pytest.approx(ends[:-1], abs=0.01)
    assert ends[-1] == pytest.approx(100, abs=0.01)


def test_the_spend_is_told() -> None:
    """So is that nobody knows it."""
    called = [row for row in rows() if row.phone is not None]

    assert "12.00" in Reading(page(figures(*called, cost=1.5), JOB)).texts
    assert "not known" in Reading(page(figures(*called), JOB)).texts


def test_the_rows_left_out_are_counted() -> None:
    """Who reads the list must not take it for all."""
    row = unknown(PhoneNumber("+79991234567"))
    reading = Reading(page(figures(*[row] * 1002), JOB))

    assert "1,000 unknown rows" in reading.texts
    assert "Rows left out: 2." in reading.texts


def test_a_ledger_without_a_job_has_a_page() -> None:
    """The run may have died before it read anything."""
    assert "The ledger belongs to no job yet." in Reading(page(figures(), None)).texts


@pytest.mark.parametrize(
    "style", [*(state.value for state in STATES), "all", "other", "cause-5"]
)
def test_every_drawn_thing_has_a_colour(style: str) -> None:
    """Without one it would be black, and invisible at night."""
    assert f".{style} {{ fill: var(--" in STYLE


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_a_colour_by_day_and_by_night(state: RowState) -> None:
    """One for both would be too pale for one of them."""
    day, night = STYLE.split("@media (prefers-color-scheme: dark)", 1)

    assert f"--{state.value}: #" in day
    assert f"--{state.value}: #" in night
