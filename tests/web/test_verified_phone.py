from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from callauth import PhoneNumber
from tests.verification.own import Bell, Desk
from tests.verification.world import World

from .sites import Browser, Sites, kind_of


async def _verified(browser: Browser, phone: PhoneNumber, **more: str) -> Any:  # noqa: ANN401 - JSON
    started = await browser.start(phone, **more)
    return (await browser.type(started, "1000")).json()


async def _account(browser: Browser) -> httpx.Response:
    answer = await browser.ask("GET", "/account")
    if answer.status_code != 200:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert "expected" in answer.json()["detail"]
    return answer


async def test_a_route_gets_the_phone_that_was_verified(
    sites: Sites, world: World, bell: Bell
) -> None:
    """By this browser, and no other one."""
    site = await sites.open([bell])
    browser, phone = site.browser(), world.phone()
    await _verified(browser, phone)

    answer = await _account(browser)

    assert (answer.status_code, answer.json()) == (200, {"phone": phone.masked})
    assert (await _account(site.browser())).status_code == 401


async def test_the_latest_phone_counts(sites: Sites, world: World) -> None:
    """A person may change his number."""
    browser = (await sites.open([Bell(world.clock)])).browser()
    phones = [world.phone(), world.phone()]
    for number, phone in enumerate(phones):
        started = await browser.start(phone)
        await browser.type(started, f"{1000 + number}")

    assert (await _account(browser)).json() == {"phone": phones[1].masked}


@pytest.mark.parametrize("end", ["waiting", "cancelled", "failed"])
async def test_a_phone_that_was_not_verified_is_none(
    end: str, sites: Sites, world: World, bell: Bell
) -> None:
    """Whatever has become of it."""
    browser = (await sites.open([bell])).browser()
    started = await browser.start(world.phone())
    if end == "cancelled":
        await browser.cancel(started)
    if end == "failed":
        for _ in range(3):
            await browser.type(started, "9999")

    answer = await _account(browser)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Callauth"


@pytest.mark.parametrize(
    ("verified", "holds"), [({}, 900), ({"holds_seconds": 60.0}, 60)]
)
async def test_a_verified_phone_holds_for_a_while(
    verified: dict[str, Any], holds: int, sites: Sites, world: World, bell: Bell
) -> None:
    """Somebody else may sit before the browser then."""
    browser = (await sites.open([bell], verified=verified)).browser()
    await _verified(browser, world.phone())
    await world.clock.sleep(holds - 1)
    in_time = await _account(browser)
    await world.clock.sleep(1)

    assert in_time.status_code == 200
    assert (await _account(browser)).status_code == 401


@pytest.mark.parametrize(("seconds", "status"), [(899, 200), (900, 401)])
async def test_a_clock_that_was_set_back_prolongs_nothing(
    seconds: int, status: int, sites: Sites, world: World, bell: Bell
) -> None:
    """A little is the other clock of another process."""
    browser = (await sites.open([bell])).browser()
    await _verified(browser, world.phone())

    world.clock.step_wall(timedelta(seconds=-seconds))

    assert (await _account(browser)).status_code == status


async def test_a_phone_is_verified_for_one_purpose(
    sites: Sites, world: World, bell: Bell
) -> None:
    """Who has logged in has not agreed to pay."""
    site = await sites.open(
        [bell], verified={"purpose": "payment"}, purposes=["login", "payment"]
    )
    browser, phone = site.browser(), world.phone()
    await _verified(browser, world.phone())
    refused = await _account(browser)
    started = await browser.start(phone, purpose="payment")
    await browser.type(started, "1001")

    assert started["purpose"] == "payment"
    assert refused.status_code == 401
    assert (await _account(browser)).json() == {"phone": phone.masked}


async def test_a_caller_id_may_not_be_enough(
    sites: Sites, world: World, desk: Desk, bell: Bell
) -> None:
    """It can be forged, and a route may want a code."""
    site = await sites.open([desk, bell], verified={"assurance": "code"})
    browser, phone = site.browser(), world.phone()
    started = await browser.start(phone)
    desk.dial(phone)
    await browser.state(started, wait=25)
    weak = await _account(browser)
    started = await browser.start(phone, method="flash_call")
    await browser.type(started, "1000")

    assert weak.status_code == 403
    assert (await _account(browser)).status_code == 200


async def test_what_was_purged_is_verified_no_more(
    sites: Sites, world: World, bell: Bell
) -> None:
    """The cookie outlives it."""
    long = {"holds_seconds": 1e6}
    browser = (await sites.open([bell], verified=long)).browser()
    await _verified(browser, world.phone())
    await world.clock.sleep(86_400)
    # The default store purges with the next start.
    await browser.start(world.phone())

    assert (await _account(browser)).status_code == 401


async def test_the_cookie_is_kept_from_scripts_and_other_sites(
    sites: Sites, world: World, bell: Bell
) -> None:
    """And from other hosts of the domain, by its name."""
    browser = (await sites.open([bell])).browser()

    answer = await browser.ask("POST", "/verifications", {"phone": world.phone().e164})

    name, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert name.startswith("__Host-callauth=")
    assert sorted(attributes) == [
        "HttpOnly",
        "Max-Age=86400",
        "Path=/",
        "SameSite=Lax",
        "Secure",
    ]
    assert answer.headers["Location"] == f"verifications/{answer.json()['id']}"


async def test_without_https_the_cookie_has_a_plain_name(
    sites: Sites, world: World, bell: Bell
) -> None:
    """Browsers refuse the other one on a developer's machine."""
    url = "http://localhost:8000"
    site = await sites.open([bell], public_url=url)
    browser = site.browser(base_url=url, origin=url)

    started = await browser.start(world.phone())

    assert [*browser.client.cookies] == ["callauth"]
    assert (await browser.type(started, "1000")).json()["state"] == "verified"


async def test_a_planted_cookie_hides_no_other(
    sites: Sites, world: World, bell: Bell
) -> None:
    """Another host of the domain can plant one where there is no https."""
    site = await sites.open([bell])
    browser = site.browser()
    started = await browser.start(world.phone())
    (value,) = dict(browser.client.cookies).values()
    planted = f"__Host-callauth=x; other=1; __Host-callauth={value}"

    state = await site.browser(cookie=planted).state(started)

    assert state["id"] == started["id"]


@pytest.mark.parametrize("blank", ["\u2000", "\u00a0", "\u0085", "\u3000"])
async def test_a_name_with_a_blank_is_another_one(
    blank: str, sites: Sites, world: World, bell: Bell
) -> None:
    """Browsers let every host of the domain plant it, and send it to all of them."""
    site = await sites.open([bell])
    browser = site.browser()
    started = await browser.start(world.phone())
    (value,) = dict(browser.client.cookies).values()
    planted = f"{blank}__Host-callauth={value}".encode()

    answer = await site.browser().ask(
        "GET", f"/verifications/{started['id']}", headers=[(b"Cookie", planted)]
    )

    assert kind_of(answer) == (404, "not-found")


async def test_a_bearer_handle_takes_the_place_of_the_cookie(
    sites: Sites, world: World, bell: Bell
) -> None:
    """For apps, and for pages of another origin, which the application allows."""
    site = await sites.open([bell], bearer=True)
    program, phone = site.browser(origin="https://pages.example"), world.phone()
    answer = await program.ask("POST", "/verifications", {"phone": phone.e164})
    started = answer.json()

    headers = {"authorization": f"Bearer {started['handle']}"}
    owner = site.browser(origin="https://pages.example", **headers)

    assert "Set-Cookie" not in answer.headers
    assert (
        await program.ask("GET", f"/verifications/{started['id']}")
    ).status_code == (404)
    assert (await owner.type(started, "1000")).json()["state"] == "verified"
    assert (await _account(owner)).json() == {"phone": phone.masked}
    assert (await _account(program)).status_code == 401
