from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from callauth import AttemptId
from callauth.web.handle import Handles
from tests.verification.own import Bell
from tests.verification.world import World

from .sites import PUBLIC_URL, Browser, Sites, kind_of

_ASK: list[Callable[[Browser, dict[str, Any]], Any]] = [
    lambda browser, of: browser.ask("GET", f"/verifications/{of['id']}"),
    lambda browser, of: browser.ask("GET", f"/verifications/{of['id']}?wait=25"),
    lambda browser, of: browser.events(of),
    lambda browser, of: browser.type(of, "1000"),
    lambda browser, of: browser.next(of),
    lambda browser, of: browser.cancel(of),
]


@pytest.mark.parametrize("ask", _ASK)
async def test_nobody_else_gets_at_a_verification(
    ask: Callable[[Browser, dict[str, Any]], Any],
    sites: Sites,
    world: World,
    bell: Bell,
) -> None:
    """Somebody else's is as unknown as one that never was, with any cookie or none."""
    site = await sites.open([bell])
    owner, other, nobody = (site.browser() for _ in range(3))
    started = await owner.start(world.phone())
    await other.start(world.phone())
    forged = site.browser(cookie=_forged(world, started["id"]))
    began = world.clock.monotonic()

    answers = [await ask(each, started) for each in (other, nobody, forged)]
    guessed = await ask(owner, {"id": "A" * 22})

    assert {each.text for each in answers} == {guessed.text}
    assert kind_of(guessed) == (404, "not-found")
    assert world.clock.monotonic() == began
    assert (await owner.state(started))["state"] == "waiting"


def _forged(world: World, attempt_id: str) -> str:
    handles = Handles(world.canaries.secret())
    return f"__Host-callauth={handles.sign([AttemptId(attempt_id)])}"


async def test_each_character_of_a_handle_counts(
    sites: Sites, world: World, bell: Bell
) -> None:
    """Also those of the ids, and how many there are."""
    handles = Handles(sites.secret)
    one, two = AttemptId("a" * 22), AttemptId("b" * 22)
    handle = handles.sign([one, two])
    assert handles.read(handle) == [one, two]

    for place in range(len(handle)):
        for other in "Ab.-é\n":
            changed = handle[:place] + other + handle[place + 1 :]
            assert changed == handle or handles.read(changed) == ()
        assert handles.read(handle[:place] + handle[place + 1 :]) == ()
    assert handles.read(handles.sign([one])[23:]) == ()
    assert handles.read("") == ()


_FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "https://app.example.evil.example"},
    {"origin": "http://app.example"},
    {"origin": "https://app.example:8443"},
    {"origin": "null"},
    {"sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "same-site"},
    {"origin": PUBLIC_URL, "sec_fetch_site": "cross-site"},
]


@pytest.mark.parametrize("headers", _FOREIGN)
async def test_another_site_changes_nothing(
    headers: dict[str, str], sites: Sites, world: World, bell: Bell
) -> None:
    """Whatever a browser sends along with it."""
    site = await sites.open([bell])
    browser = site.browser()
    started = await browser.start(world.phone())
    await world.clock.sleep(60)
    foreign = site.browser(**headers)
    foreign.client.cookies = browser.client.cookies

    answers = [
        await foreign.ask("POST", "/verifications", {"phone": world.phone().e164}),
        await foreign.type(started, "1000"),
        await foreign.next(started),
        await foreign.cancel(started),
    ]

    assert [kind_of(each) for each in answers] == [(403, "cross-site")] * 4
    assert len(bell.rung) == 1
    assert (await browser.state(started))["challenge"]["tries_left"] == 3


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": PUBLIC_URL, "sec_fetch_site": "same-origin"},
        {"origin": "https://APP.example"},
        {"sec_fetch_site": "none"},
        {},
    ],
)
async def test_our_own_pages_are_served(
    headers: dict[str, str], sites: Sites, world: World, bell: Bell
) -> None:
    """And programs, which tell no origin."""
    browser = (await sites.open([bell])).browser(**headers)

    started = await browser.start(world.phone())

    assert (await browser.type(started, "1000")).json()["state"] == "verified"
