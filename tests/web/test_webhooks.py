from __future__ import annotations

import random
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest

from callauth import AttemptId, PhoneNumber, ReverseCall
from callauth.sandbox import Subscriber, WebhookSent
from tests.verification.own import Desk
from tests.verification.world import World

from .sites import Browser, Site, Sites, kind_of


async def _started(site: Site, phone: PhoneNumber) -> tuple[Browser, Any, str]:
    """Return the browser, what it has started, and the path of its webhook."""
    browser = site.browser()
    started = await browser.start(phone)
    attempt = await site.verifier.get(AttemptId(started["id"]))
    url = site.verifier.webhook_url(attempt)
    return browser, started, url.removeprefix("https://app.example")


def _query(lease_id: object, success: str = "True", phone: str = "89000000000") -> str:
    return f"?success={success}&phone={phone}&id={lease_id}"


@pytest.mark.parametrize("verb", ["GET", "POST"])
async def test_a_webhook_makes_us_ask_the_provider(
    verb: str, sites: Sites, world: World, desk: Desk
) -> None:
    """Whatever it says itself, so that the page is told at once."""
    site = await sites.open([desk])
    phone = world.phone()
    browser, started, path = await _started(site, phone)
    desk.dial(phone)
    began = world.clock.monotonic()

    answer = await site.browser().ask(verb, path + _query(1, success="False"))

    assert (answer.status_code, answer.content) == (200, b"")
    assert (await browser.state(started, wait=25))["state"] == "verified"
    assert world.clock.monotonic() == began


async def test_telefonip_finds_the_webhook(sites: Sites, world: World) -> None:
    """Through the whole way: it calls the URL that it was given."""
    # Not a canary: the provider writes it into a URL, and servers log those.
    phone = PhoneNumber("+79991234567")
    world.sandbox.network.subscribers[phone] = Subscriber(dials_after_seconds=3.5)
    site = await sites.open([ReverseCall(world.telefonip)])
    world.sandbox._webhooks._sender = _provider(site)
    browser = site.browser()
    started = await browser.start(phone)

    verified = await browser.state(started, wait=25)

    await world.clock.sleep(1)
    (sent,) = world.sandbox.ledger.entries(WebhookSent)
    assert (verified["state"], sent.status) == ("verified", 200)


def _provider(site: Site) -> Callable[[str], Coroutine[Any, Any, int]]:
    async def fetch(url: str) -> int:
        wire = site.wire("192.0.2.1")
        answer = await wire.handle_async_request(httpx.Request("GET", url))
        return answer.status_code

    return fetch


_FORGED = [
    "",
    "?",
    "?success=True",
    "?success=True&success=False&phone=89000000000&id=1",
    _query("x"),
    _query("1/../2"),
    _query(10**30),
    _query(2),
    _query(1, success="maybe"),
    _query(1, phone="0"),
    _query(1) + "&more=1",
    _query(1) + "&x=" + "a" * 3000,
    "?%ff%fe=%00",
]


@pytest.mark.parametrize("query", _FORGED)
async def test_a_forged_webhook_changes_nothing(
    query: str, sites: Sites, world: World, desk: Desk
) -> None:
    """Its sender learns nothing, either."""
    site = await sites.open([desk])
    browser, started, path = await _started(site, world.phone())
    before = await browser.state(started)

    answer = await site.browser().ask("GET", path + query)

    assert (answer.status_code, answer.content) == (200, b"")
    assert desk.checks <= 1
    assert await browser.state(started) == before


@pytest.mark.parametrize("host", ["[", "a]b", "x?success=True#", ""])
async def test_a_webhook_may_name_any_host(
    host: str, sites: Sites, world: World, desk: Desk
) -> None:
    """FastAPI of the oldest release that is served cannot read a URL with that."""
    site = await sites.open([desk])
    _, _, path = await _started(site, world.phone())
    program = site.browser()

    answer = await program.ask("GET", path + _query(1), headers={"Host": host})

    await world.clock.sleep(0.5)
    assert (answer.status_code, desk.checks) == (200, 1)


async def test_a_replayed_webhook_asks_once_a_second(
    sites: Sites, world: World, desk: Desk
) -> None:
    """Whatever it is sent with."""
    site = await sites.open([desk])
    browser, started, path = await _started(site, world.phone())
    program = site.browser()

    answers = [await program.ask("POST", path + _query(1)) for _ in range(20)]

    await world.clock.sleep(0.5)
    assert {each.status_code for each in answers} == {200}
    assert desk.checks == 1
    assert (await browser.state(started))["state"] == "waiting"


async def test_a_webhook_is_answered_before_the_provider_is_asked(
    sites: Sites, world: World
) -> None:
    """However long that takes: its sender waits for nobody, and learns nothing."""
    desk = Desk(world.clock, check_seconds=4)
    site = await sites.open([desk])
    phone = world.phone()
    browser, started, path = await _started(site, phone)
    desk.dial(phone)
    began = world.clock.monotonic()

    await site.browser().ask("GET", path + _query(1))

    assert world.clock.monotonic() == began
    assert (await browser.state(started, wait=25))["state"] == "verified"
    assert world.clock.monotonic() == began + 4


async def test_a_path_that_was_guessed_is_unknown(
    sites: Sites, world: World, desk: Desk
) -> None:
    """And asks nobody, whatever comes with it."""
    site = await sites.open([desk])
    _, started, path = await _started(site, world.phone())
    chance = random.Random(1)
    stranger = site.browser()
    for _ in range(50):
        place = chance.randrange(path.rindex("/") + 1, len(path))
        other = chance.choice("0123456789abcdefABCDEF-_.")
        guess = path[:place] + other + path[place + 1 :]
        if guess != path:
            answer = await stranger.ask("GET", guess + _query(1))
            assert kind_of(answer) == (404, "not-found")
    bare = f"/verification-webhooks/{started['id']}"
    assert kind_of(await stranger.ask("GET", bare)) == (404, "not-found")
    assert desk.checks == 0
