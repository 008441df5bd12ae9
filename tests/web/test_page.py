from __future__ import annotations

import re

import pytest

from callauth.web.page import SECURITY_POLICY, STATIC

from .sites import Sites, kind_of

_FILES = sorted(path.name for path in STATIC.iterdir())
# How one file names another.
_REFERENCE = re.compile(r"""(?:src|href)="([\w-]+\.\w+)"|["']\./([\w-]+\.js)["']""")


@pytest.mark.parametrize("name", ["", *_FILES])
async def test_the_page_and_its_files_are_served(name: str, sites: Sites) -> None:
    """Under a policy that forbids all they do not need, and with no guessing."""
    browser = (await sites.open()).browser()

    answer = await browser.ask("GET", f"/verification/{name}")

    assert answer.status_code == 200
    assert answer.content == (STATIC / (name or "index.html")).read_bytes()
    assert answer.headers["Content-Security-Policy"] == SECURITY_POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "name", ["page.py", "other.js", "..%2Fpage.py", "%2e%2e/page.py", "static/page.js"]
)
async def test_nothing_else_is_served(name: str, sites: Sites) -> None:
    """A name is looked up, and never made a path of."""
    browser = (await sites.open()).browser()

    answer = await browser.ask("GET", f"/verification/{name}")

    assert answer.status_code == 404


async def test_an_unknown_file_is_a_problem(sites: Sites) -> None:
    """As all that is not found."""
    browser = (await sites.open()).browser()

    answer = await browser.ask("GET", "/verification/other.js")

    assert kind_of(answer) == (404, "not-found")


def test_what_the_files_refer_to_is_there() -> None:
    """Without a build step nothing else would notice."""
    texts = [path.read_text("utf-8") for path in STATIC.iterdir()]
    named = {
        name for text in texts for pair in _REFERENCE.findall(text) for name in pair
    }

    assert named - {""} <= set(_FILES)
    assert {"callauth-verify.js", "page.css", "texts.js"} <= named


@pytest.mark.parametrize("name", [each for each in _FILES if each.endswith(".js")])
def test_a_module_can_be_read(name: str) -> None:
    """Hand-written, of one noun, and free of what a strict policy refuses."""
    text = (STATIC / name).read_text("utf-8")

    assert len(text.splitlines()) < 400
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|eval\(", text)
