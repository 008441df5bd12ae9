from __future__ import annotations

import asyncio
import sys
from datetime import datetime

import pytest

from callauth import FlashCall, PhoneNumber, ReverseCall, VoiceOtp
from callauth.verification import Channel
from callauth.web import answers
from tests.verification.own import SERVICE_NUMBER, Bell, Desk
from tests.verification.world import World, wrong

from .sites import Sites, kind_of


async def test_a_flash_call_verifies(
    sites: Sites, world: World, phone: PhoneNumber
) -> None:
    """The person types the end of the number that has called."""
    browser = (await sites.open()).browser()
    started = await browser.start(phone)

    verified = (await browser.type(started, world.sandbox.network.typed(phone))).json()

    assert (verified["state"], verified["assurance"]) == ("verified", "code")
    assert (verified["challenge"], verified["next"]) == (None, None)
    assert world.rings(phone) == 1


async def test_a_voice_call_verifies(
    sites: Sites, world: World, phone: PhoneNumber
) -> None:
    """The page chose the method, and the person types what he heard."""
    browser = (await sites.open()).browser()
    started = await browser.start(phone, method="voice_otp")
    await world.clock.sleep(30)

    answer = await browser.type(started, world.sandbox.network.typed(phone))

    assert started["challenge"]["digits"] == 4
    assert answer.json()["state"] == "verified"


@pytest.mark.parametrize("provider", ["telefonip", "nerotech"])
async def test_a_call_of_the_person_verifies(
    provider: str, sites: Sites, world: World
) -> None:
    """The page waits, and hears of the call by itself."""
    browser = (await sites.open([ReverseCall(getattr(world, provider))])).browser()
    started = await browser.start(world.phone(dials_after_seconds=12))

    verified = await browser.state(started, wait=25)

    assert (verified["state"], verified["assurance"]) == ("verified", "caller_id")


async def test_a_call_of_another_phone_fails(sites: Sites, world: World) -> None:
    """The person is told, since he may have taken the wrong one."""
    desk = Desk(world.clock)
    browser = (await sites.open([desk])).browser()
    started = await browser.start(world.phone())
    desk.dial(world.phone())

    failed = await browser.state(started, wait=25)

    assert (failed["state"], failed["reason"]) == ("failed", "other_caller")


async def test_the_page_is_told_what_to_type(
    sites: Sites, world: World, phone: PhoneNumber
) -> None:
    """All that it shows, and a clock to count down by."""
    browser = (await sites.open([FlashCall(world.callpass)])).browser()

    started = await browser.start(phone)

    now = datetime.fromisoformat(started.pop("now"))
    expires_at = datetime.fromisoformat(started["challenge"].pop("expires_at"))
    assert now == world.clock.now()
    assert (expires_at - now).total_seconds() == 120
    assert started.pop("id")
    assert started == {
        "state": "waiting",
        "reason": None,
        "assurance": None,
        "purpose": "login",
        "phone": phone.masked,
        "method": "flash_call",
        "challenge": {
            "kind": "pin",
            "digits": 7,
            "tries_left": 3,
            "number": None,
            "tel_uri": None,
            "qr_svg": None,
            "seconds_left": 120.0,
        },
        "next": None,
        "handle": None,
    }


async def test_the_page_is_told_what_to_dial(
    sites: Sites, world: World, desk: Desk
) -> None:
    """Until five seconds before it is too late."""
    browser = (await sites.open([desk])).browser()

    challenge = (await browser.start(world.phone()))["challenge"]

    assert challenge["kind"] == "dial"
    assert challenge["tel_uri"].removeprefix("tel:") == "".join(
        each for each in challenge["number"] if each in "+0123456789"
    )
    assert challenge["qr_svg"].startswith("<svg")
    assert challenge["seconds_left"] == 115
    assert (challenge["digits"], challenge["tries_left"]) == (None, None)


async def test_without_the_extra_there_is_no_qr_code(
    sites: Sites, world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number and its link are enough."""
    monkeypatch.setitem(sys.modules, "segno", None)
    answers._qr_svg.cache_clear()
    browser = (await sites.open([desk])).browser()

    challenge = (await browser.start(world.phone()))["challenge"]

    answers._qr_svg.cache_clear()
    assert challenge["qr_svg"] is None
    assert challenge["tel_uri"] == f"tel:{SERVICE_NUMBER.e164}"


async def test_wrong_pins_cost_tries(
    sites: Sites, world: World, phone: PhoneNumber
) -> None:
    """The third one ends it, and the right one comes too late then."""
    browser = (await sites.open()).browser()
    started = await browser.start(phone)
    right = world.sandbox.network.typed(phone)
    assert right is not None

    answers = [(await browser.type(started, wrong(right))).json() for _ in range(3)]

    assert [each["state"] for each in answers] == ["waiting", "waiting", "failed"]
    assert [each["challenge"]["tries_left"] for each in answers[:2]] == [2, 1]
    assert answers[2]["reason"] == "tries"
    assert kind_of(await browser.type(started, right)) == (409, "settled")


async def test_a_pin_expires(sites: Sites, world: World, phone: PhoneNumber) -> None:
    """Whoever types it late is told so, and not that it was wrong."""
    browser = (await sites.open()).browser()
    started = await browser.start(phone)
    pin = world.sandbox.network.typed(phone)
    await world.clock.sleep(120)

    answer = await browser.type(started, pin)

    assert answer.json()["state"] == "expired"
    assert (await browser.state(started))["state"] == "expired"


async def test_a_leased_number_expires(sites: Sites, world: World) -> None:
    """The page waits until nothing can come any more."""
    browser = (await sites.open([ReverseCall(world.telefonip)])).browser()
    state = started = await browser.start(world.phone())
    waited = 0
    while state["state"] == "waiting":
        state = await browser.state(started, wait=25)
        waited += 1

    assert (state["state"], waited) == ("expired", 6)


async def test_the_next_way_is_tried(
    sites: Sites, world: World, phone: PhoneNumber
) -> None:
    """As soon as the page was told that it may be, and not before."""
    channels: list[Channel] = [FlashCall(world.callpass), VoiceOtp(world.nerotech)]
    browser = (await sites.open(channels)).browser()
    started = await browser.start(phone)
    seconds = started["next"]["seconds_left"]
    await world.clock.sleep(seconds - 1)
    early = await browser.next(started)
    await world.clock.sleep(1)

    after = (await browser.next(started)).json()

    assert kind_of(early) == (429, "phone-busy")
    assert early.json()["retry_after"] == 1
    assert early.headers["Retry-After"] == "1"
    assert (after["id"], after["method"]) == (started["id"], "voice_otp")
    assert after["next"] is None
    assert kind_of(await browser.next(started)) == (409, "no-other-way")
    assert (await browser.state(started))["state"] == "waiting"


async def test_a_number_to_dial_may_be_had_at_once(sites: Sites, world: World) -> None:
    """Nobody is rung by it."""
    channels: list[Channel] = [FlashCall(world.callpass), ReverseCall(world.telefonip)]
    browser = (await sites.open(channels)).browser()
    started = await browser.start(world.phone())

    after = await browser.next(started)

    assert started["next"]["seconds_left"] == 0
    assert started["next"]["at"] == started["now"]
    assert after.json()["challenge"]["kind"] == "dial"


async def test_what_was_cancelled_verifies_nobody(
    sites: Sites, world: World, phone: PhoneNumber
) -> None:
    """Also when it is cancelled twice, as by a page that is left."""
    browser = (await sites.open()).browser()
    started = await browser.start(phone)
    pin = world.sandbox.network.typed(phone)

    answers = [await browser.cancel(started) for _ in range(2)]

    assert [each.status_code for each in answers] == [200, 200]
    assert answers[1].json()["reason"] == "cancelled"
    assert kind_of(await browser.type(started, pin)) == (409, "settled")
    assert kind_of(await browser.next(started)) == (409, "settled")


async def test_what_is_verified_is_not_cancelled(
    sites: Sites, world: World, phone: PhoneNumber
) -> None:
    """The page may say good-bye all the same."""
    browser = (await sites.open()).browser()
    started = await browser.start(phone)
    await browser.type(started, world.sandbox.network.typed(phone))

    assert (await browser.cancel(started)).json()["state"] == "verified"


async def test_a_page_that_is_loaded_again_goes_on(
    sites: Sites, world: World, phone: PhoneNumber
) -> None:
    """With the time that is left, and without another call."""
    browser = (await sites.open()).browser()
    started = await browser.start(phone)
    await world.clock.sleep(47)

    again = await browser.state(started)

    assert again["challenge"]["seconds_left"] == 73
    assert again["challenge"]["expires_at"] == started["challenge"]["expires_at"]
    assert again["phone"] == phone.masked
    answer = await browser.type(again, world.sandbox.network.typed(phone))
    assert answer.json()["state"] == "verified"
    assert world.rings(phone) == 1


async def test_a_browser_verifies_several_phones_at_once(
    sites: Sites, world: World
) -> None:
    """In tabs that know nothing of each other."""
    browser = (await sites.open()).browser()
    phones = [world.phone() for _ in range(4)]
    started = [await browser.start(phone) for phone in phones]

    for each, phone in zip(started, phones, strict=True):
        answer = await browser.type(each, world.sandbox.network.typed(phone))
        assert answer.json()["state"] == "verified"


async def test_the_fifth_verification_takes_the_place_of_the_first(
    sites: Sites, world: World
) -> None:
    """The cookie does not grow for ever."""
    browser = (await sites.open()).browser()
    started = [await browser.start(world.phone()) for _ in range(5)]

    found = [await browser.ask("GET", f"/verifications/{s['id']}") for s in started]

    assert [each.status_code for each in found] == [404, 200, 200, 200, 200]


async def test_a_wait_ends_with_the_pin(
    sites: Sites, world: World, phone: PhoneNumber
) -> None:
    """Another tab has typed it."""
    browser = (await sites.open()).browser()
    started = await browser.start(phone)
    waiting = asyncio.create_task(browser.state(started, wait=25))

    await browser.type(started, world.sandbox.network.typed(phone))

    state = await waiting
    assert state["state"] == "verified"
    assert state["now"] == started["now"]


async def test_a_wait_ends_with_its_time(
    sites: Sites, world: World, bell: Bell
) -> None:
    """Otherwise a proxy in between would give it up."""
    browser = (await sites.open([bell])).browser()
    started = await browser.start(world.phone())
    began = world.clock.monotonic()

    state = await browser.state(started, wait=10)

    assert state["state"] == "waiting"
    assert world.clock.monotonic() - began == 10


async def test_while_it_is_being_started_there_is_nothing_to_do(
    sites: Sites, world: World, bell: Bell
) -> None:
    """Another tab has asked for the next way, which takes its time."""
    other = Bell(world.clock, name="other", seconds=5)
    browser = (await sites.open([bell, other])).browser()
    started = await browser.start(world.phone())
    await world.clock.sleep(60)
    asking = asyncio.create_task(browser.next(started))
    await world.clock.sleep(1)

    state = await browser.state(started)

    assert (state["state"], state["challenge"]) == ("starting", None)
    assert kind_of(await browser.type(started, "0000")) == (409, "no-pin-expected")
    assert kind_of(await browser.next(started)) == (429, "phone-busy")
    assert (await asking).json()["state"] == "waiting"
