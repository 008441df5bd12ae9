from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from callauth import MemoryStore, PhoneNumber, VerificationPolicy
from callauth.verification import Record
from tests.verification.own import Bell, Desk
from tests.verification.world import World

from .sites import Browser, Sites

_EVENT = re.compile(
    r"id: ([0-9a-f]{16})\nevent: state\ndata: (\{.*\})\n\n|: waiting\n\n"
)


def _read(text: str) -> list[tuple[str, dict[str, Any]] | None]:
    """Return id and state of each event, None for a heartbeat."""
    start = "retry: 1000\n\n"
    assert text.startswith(start)
    body = text.removeprefix(start)
    assert _EVENT.sub("", body) == ""
    return [
        (found[1], json.loads(found[2])) if found[1] else None
        for found in _EVENT.finditer(body)
    ]


async def _states(browser: Browser, of: dict[str, Any]) -> list[str]:
    answer = await browser.events(of)
    return ["-" if each is None else each[1]["state"] for each in _read(answer.text)]


async def test_the_stream_ends_when_the_call_has_come(
    sites: Sites, world: World
) -> None:
    """The page goes on by itself, and hears that somebody is there meanwhile."""
    desk = Desk(world.clock)
    phone = world.phone()
    browser = (await sites.open([desk])).browser()
    started = await browser.start(phone)
    world.clock.call_later(24.5, lambda: desk.dial(phone))

    assert await _states(browser, started) == ["waiting", "-", "-", "verified"]
    assert (await browser.state(started))["assurance"] == "caller_id"


async def test_the_stream_is_one_that_browsers_understand(
    sites: Sites, world: World, bell: Bell
) -> None:
    """Nor does a proxy keep it back."""
    browser = (await sites.open([bell])).browser()
    started = await browser.start(world.phone())

    answer = await browser.events(started)

    assert answer.headers["Content-Type"].partition(";")[0] == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Accel-Buffering"] == "no"


async def test_a_pin_that_is_typed_elsewhere_ends_the_stream(
    sites: Sites, world: World, bell: Bell
) -> None:
    """Within the moment, by whatever tab."""
    browser = (await sites.open([bell])).browser()
    started = await browser.start(world.phone())
    streaming = asyncio.create_task(_states(browser, started))
    for _ in range(50):
        await asyncio.sleep(0)
    began = world.clock.monotonic()

    await browser.type(started, "1000")

    assert await streaming == ["waiting", "verified"]
    assert world.clock.monotonic() == began


async def test_the_stream_tells_what_has_changed(
    sites: Sites, world: World, bell: Bell
) -> None:
    """Another tab has typed a wrong pin: there is a try less."""
    browser = (await sites.open([bell])).browser()
    started = await browser.start(world.phone())
    streaming = asyncio.create_task(browser.events(started))
    await world.clock.sleep(5)

    await browser.type(started, "9999")

    first, second, *_ = _read((await streaming).text)
    assert first is not None
    assert second is not None
    assert first[0] != second[0]
    assert second[1]["challenge"]["tries_left"] == 2
    assert second[1]["challenge"]["seconds_left"] == 110


async def test_the_stream_ends_after_a_minute(
    sites: Sites, world: World, bell: Bell
) -> None:
    """The browser comes back by itself, and gets the state first."""
    policy = VerificationPolicy(pin_seconds=600)
    browser = (await sites.open([bell], policy=policy)).browser()
    started = await browser.start(world.phone())

    first = await _states(browser, started)
    again = await _states(browser, started)

    assert first == again == ["waiting", "-", "-", "-", "-", "-", "-"]
    assert world.clock.monotonic() == 120


async def test_all_that_comes_after_the_end_is_the_end(
    sites: Sites, world: World, bell: Bell
) -> None:
    """And then nothing, so that the browser gives up."""
    browser = (await sites.open([bell])).browser()
    started = await browser.start(world.phone())
    await browser.cancel(started)

    (event,) = _read((await browser.events(started)).text)
    assert event is not None
    again = await browser.events(started, last_event_id=event[0])
    told = await browser.events(started, **{"Last-Event-ID": event[0]})

    assert event[1]["state"] == "failed"
    assert again.status_code == 200
    assert (told.status_code, told.content) == (204, b"")


class _Forgetful(MemoryStore):
    has_forgotten = False

    async def get(self, attempt_id: str) -> Record | None:
        return None if self.has_forgotten else await super().get(attempt_id)


async def test_the_stream_of_what_was_purged_ends(
    sites: Sites, world: World, bell: Bell
) -> None:
    """Coming back, the browser is told that there is none."""
    store = _Forgetful()
    browser = (await sites.open([bell], store=store)).browser()
    started = await browser.start(world.phone())
    streaming = asyncio.create_task(_states(browser, started))
    await world.clock.sleep(5)

    store.has_forgotten = True

    assert await streaming == ["waiting"]


async def test_a_closed_verifier_ends_the_stream(
    sites: Sites, world: World, phone: PhoneNumber
) -> None:
    """The application was about to stop."""
    site = await sites.open()
    browser = site.browser()
    started = await browser.start(phone)
    streaming = asyncio.create_task(_states(browser, started))
    await world.clock.sleep(5)

    await site.verifier.aclose()

    assert await streaming == ["waiting"]


@pytest.mark.parametrize("crowd", [100])
async def test_streams_leave_nothing_behind(
    crowd: int, sites: Sites, world: World, bell: Bell
) -> None:
    """Neither those that end nor those whose browser has left."""
    site = await sites.open([bell])
    browser = site.browser()
    started = await browser.start(world.phone())
    streams = [asyncio.create_task(_states(browser, started)) for _ in range(crowd)]
    await world.clock.sleep(5)
    for each in streams[: crowd // 2]:
        each.cancel()

    await browser.cancel(started)

    ended = await asyncio.gather(*streams, return_exceptions=True)
    assert ended[crowd // 2 :] == [["waiting", "failed"]] * (crowd // 2)
    assert site.service.waiting == 0


async def test_stopping_ends_what_waits(sites: Sites, world: World, bell: Bell) -> None:
    """A server that stops does not wait for browsers."""
    site = await sites.open([bell])
    browser = site.browser()
    started = await browser.start(world.phone())
    began = world.clock.monotonic()
    waiting = [
        asyncio.create_task(browser.events(started)),
        asyncio.create_task(
            browser.ask("GET", f"/verifications/{started['id']}?wait=25")
        ),
    ]
    for _ in range(50):
        await asyncio.sleep(0)

    site.service.close()

    assert [(await each).status_code for each in waiting] == [200, 200]
    assert (await browser.state(started, wait=25))["state"] == "waiting"
    assert world.clock.monotonic() == began
