from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from callauth import PhoneNumber, Sandbox
from callauth.cli.web.demo import WebDemo
from callauth.sandbox.http import Scope
from tests.support.canaries import Canaries

_URL = "http://127.0.0.1:8901"


@pytest.fixture
async def demo() -> AsyncIterator[WebDemo]:
    """Give a demo that is open at an address that nobody listens to."""
    made = WebDemo()
    async with made.opened(_URL):
        yield made


@pytest.fixture
async def browser(demo: WebDemo) -> AsyncIterator[httpx.AsyncClient]:
    """Give what asks it, without a socket."""
    transport = httpx.ASGITransport(demo.asgi())
    async with httpx.AsyncClient(transport=transport, base_url=_URL) as client:
        yield client


@pytest.fixture
def sandbox(demo: WebDemo) -> Sandbox:
    """Give the sandbox of the demo."""
    return demo.sandbox


@pytest.mark.parametrize("path", ["/", "/demo.js", "/callauth-verify.js"])
async def test_the_demo_has_the_files_of_both(
    path: str, browser: httpx.AsyncClient
) -> None:
    """Its own, and those of the element, under the same policy."""
    answer = await browser.get(path)

    assert answer.status_code == 200
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/nothing"),
        ("POST", "/"),
        ("GET", "/other/verifications/1"),
        ("PUT", "/flash/verifications"),
        ("DELETE", "/phone"),
    ],
)
async def test_there_is_nothing_else(
    verb: str, path: str, browser: httpx.AsyncClient
) -> None:
    """A wrong path is not an error of the server."""
    assert (await browser.request(verb, path)).status_code == 404


@pytest.mark.parametrize("host", ["localhost:8901", "evil.example"])
async def test_another_name_is_sent_to_the_address(
    host: str, browser: httpx.AsyncClient
) -> None:
    """Cookies belong to one name, and no page of a site may read the phone by its."""
    answer = await browser.get("/phone", headers={"Host": host})

    assert (answer.status_code, answer.headers["Location"]) == (307, _URL)


async def test_a_phone_that_nobody_called_is_blank(browser: httpx.AsyncClient) -> None:
    """It gets its number with the first call."""
    assert (await browser.get("/phone")).json() == {
        "number": None,
        "call": None,
        "calls": [],
        "dial": None,
        "answers": "answers",
    }


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("POST", "/phone/calls", {"number": "89991234567", "from": "own"}),
        ("POST", "/phone/calls", {"number": "89991234567"}),
        ("PUT", "/phone", {"answers": "never"}),
        ("PUT", "/phone", {"answers": None}),
    ],
)
async def test_what_a_phone_cannot_do_is_refused(
    verb: str, path: str, body: dict[str, str], browser: httpx.AsyncClient
) -> None:
    """The first of them, since it has no number yet."""
    answer = await browser.request(verb, path, json=body)

    assert answer.status_code == 400
    assert answer.json().keys() == {"error"}


async def test_a_form_of_another_site_dials_nothing(
    browser: httpx.AsyncClient, sandbox: Sandbox, canaries: Canaries
) -> None:
    """A page elsewhere can send a form, and no JSON."""
    await browser.post(
        "/telefonip/verifications", json={"phone": canaries.text_phone()}
    )
    number = (await browser.get("/phone")).json()["dial"]

    answer = await browser.post(
        "/phone/calls",
        content=f'{{"number": "{number}", "from": "own"}}',
        headers={"Content-Type": "text/plain"},
    )

    assert answer.status_code == 400
    assert sandbox.ledger.received("reverse_auth_phone_check") == []


@pytest.mark.parametrize("number", ["12", "call me"])
async def test_no_number_is_no_call(
    number: str, browser: httpx.AsyncClient, canaries: Canaries
) -> None:
    """The phone says so."""
    await browser.post(
        "/telefonip/verifications", json={"phone": canaries.text_phone()}
    )

    for caller in ("own", "another"):
        words = {"number": number, "from": caller}
        assert (await browser.post("/phone/calls", json=words)).status_code == 400


@pytest.mark.parametrize(
    ("caller", "state"), [("own", "verified"), ("another", "failed")]
)
async def test_the_phone_dials(
    caller: str, state: str, browser: httpx.AsyncClient, canaries: Canaries
) -> None:
    """The verification that waits for it hears of it."""
    wanted = {"phone": canaries.phone().e164}
    started = (await browser.post("/telefonip/verifications", json=wanted)).json()
    number = (await browser.get("/phone")).json()["dial"]

    await browser.post("/phone/calls", json={"number": number, "from": caller})

    path = f"/telefonip/verifications/{started['id']}"
    found = (await browser.get(f"{path}?wait=25")).json()
    assert found["state"] == state
    assert started["challenge"]["number"] == number
    events = (await browser.get(f"{path}/events")).text
    assert f'"state":"{state}"' in events


async def test_every_flow_begins_with_its_own_way(
    browser: httpx.AsyncClient, demo: WebDemo, canaries: Canaries
) -> None:
    """And has the three others to fall back on."""
    methods = {}
    for flow in demo.verifiers:
        wanted = {"phone": canaries.phone().e164}
        started = (await browser.post(f"/{flow}/verifications", json=wanted)).json()
        methods[flow] = started["method"]
        assert started["next"] is not None

    assert methods == {
        "flash": "flash_call",
        "robot": "voice_otp",
        "telefonip": "reverse_call",
        "nerotech": "reverse_call",
    }


async def test_nothing_is_answered_before_the_address_is_known() -> None:
    """Whom a cookie is for depends on it."""
    sent = []

    async def send(message: Scope) -> None:
        sent.append(message)

    async def receive() -> Scope:
        return {"type": "http.disconnect"}

    await WebDemo().asgi()({"type": "http"}, receive, send)

    assert sent == []


async def test_the_phone_of_the_latest_call_is_shown(
    browser: httpx.AsyncClient, canaries: Canaries
) -> None:
    """Whichever number was typed on the page."""
    phones: list[PhoneNumber] = [canaries.phone(), canaries.phone()]
    for flow, phone in zip(("flash", "telefonip"), phones, strict=True):
        await browser.post(f"/{flow}/verifications", json={"phone": phone.e164})

    shown = (await browser.get("/phone")).json()

    assert re_digits(shown["number"]) == phones[1].e164
    assert shown["call"] is None


def re_digits(text: str) -> str:
    """Return a number without what makes it easy to read."""
    return "".join(each for each in text if each in "+0123456789")
