from __future__ import annotations

import re
import sys
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callauth.errors import ConfigurationError
from callauth.models import qr
from tests.support.refusals import refused

_LINK = "tel:+79644115786"
_HARMLESS = {
    "svg": {"width", "height", "viewBox"},
    "g": {"transform"},
    "path": {"fill", "stroke", "d"},
}


@given(st.text(min_size=1, max_size=40))
def test_the_picture_holds_shapes_and_nothing_else(text: str) -> None:
    """No script, style or address of elsewhere: a strict page would refuse it."""
    for element in ET.fromstring(qr.svg(text)).iter():
        assert element.attrib.keys() <= _HARMLESS[element.tag]
        assert element.text is None


@pytest.mark.parametrize("alien", ["<?", "<!", "xmlns", "href", "url(", "\n"])
def test_the_picture_can_stand_inside_a_page(alien: str) -> None:
    """An XML declaration in the middle of HTML is an error."""
    picture = qr.svg(_LINK)

    assert picture.startswith("<svg ")
    assert picture.endswith("</svg>")
    assert alien not in picture


def test_the_picture_can_be_scaled() -> None:
    """Without its viewBox CSS would cut it off."""
    root = ET.fromstring(qr.svg(_LINK))

    assert root.attrib == {
        "width": "116px",
        "height": "116px",
        "viewBox": "0 0 116 116",
    }


def test_the_picture_is_black_on_white_up_to_its_edge() -> None:
    """Cameras want four light blocks around it, also on a dark page."""
    ground, blocks = ET.fromstring(qr.svg(_LINK)).iter("path")

    assert ground.attrib == {"fill": "#fff", "d": "M0 0h29v29h-29z"}
    assert blocks.attrib["stroke"] == "#000"
    assert blocks.attrib["d"].startswith("M4 4.5h7")


def test_the_picture_has_the_blocks_of_the_rows() -> None:
    """A page and a terminal show the same code."""
    rows = qr.rows(_LINK, border=0)
    strokes = re.findall(r"h([0-9]+)", qr.svg(_LINK).rpartition(' d="')[2])

    assert sum(map(int, strokes)) == sum(map(sum, rows))


def test_the_rows_are_a_square_inside_a_light_border() -> None:
    """The corner has the square that cameras look for."""
    rows = qr.rows(_LINK, border=2)

    assert {len(rows), *map(len, rows)} == {21 + 2 * 2}
    assert rows[0] == rows[1] == [False] * 25
    assert rows[2][:10] == [False] * 2 + [True] * 7 + [False]


@pytest.mark.parametrize("draw", [qr.svg, lambda text: qr.rows(text, border=2)])
def test_a_qr_code_needs_the_extra(
    draw: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who did not install it is told its name."""
    monkeypatch.setitem(sys.modules, "segno", None)

    with refused(ConfigurationError, match=r"expected the extra callauth\[qr\]"):
        draw(_LINK)
