from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from callauth.sandbox import Answer, Subscriber

from .site import Site
from .visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("flow", ["flash", "robot", "telefonip", "nerotech"])
async def test_what_nobody_finished_expires(
    flow: str, visitor: Visitor, site: Site
) -> None:
    """The page says so by itself, and a new call can be had."""
    await visitor.start(flow)
    await expect(visitor.left).to_be_visible()

    await site.clock.run(140)

    await visitor.reads("Время вышло")
    [event] = await visitor.heard()
    assert (event["type"], event["state"]) == ("callauth:failed", "expired")
    again = "Позвонить ещё раз" if flow in ("flash", "robot") else "Попробовать"
    await visitor.button(again).click()
    await expect(visitor.left).to_be_visible()


async def test_a_number_to_dial_is_hidden_before_it_is_too_late(
    visitor: Visitor, site: Site
) -> None:
    """A call that was made in time still counts."""
    await visitor.start("telefonip")
    number = visitor.element.locator(".number")
    await expect(number).to_be_visible()
    visitor.dial()

    site.clock.jump(116)

    await visitor.reads("Номер подтверждён")


async def test_the_countdown_is_right_after_the_tab_slept(
    visitor: Visitor, site: Site
) -> None:
    """It is counted from the clock, not from the ticks that a sleeping tab misses."""
    await visitor.page.clock.install()
    await visitor.start("robot")
    await expect(visitor.left).to_have_text(re.compile(r"^(2:00|1:5\d)$"))

    site.clock.jump(60)
    await visitor.page.clock.fast_forward(60_000)

    await expect(visitor.left).to_have_text(re.compile(r"^(1:00|0:5\d)$"))


async def test_the_countdown_follows_the_clock_of_the_server(
    visitor: Visitor, site: Site
) -> None:
    """The clock of the visitor's machine may be wrong by hours."""
    site.clock.jump(7200)

    await visitor.start("robot")

    await expect(visitor.left).to_have_text(re.compile(r"^(2:00|1:5\d)$"))


async def test_a_tab_that_wakes_asks_how_it_stands(
    visitor: Visitor, site: Site
) -> None:
    """What happened meanwhile was said to nobody."""
    await visitor.page.route("**/events", lambda route: route.abort())
    await visitor.page.route("**/*wait=*", lambda route: route.abort())
    await visitor.start("robot")
    await visitor.reads("Вам звонит робот")
    site.clock.jump(140)

    await visitor.page.evaluate("dispatchEvent(new Event('online'))")

    await visitor.reads("Время вышло")
    visitor.complaints.clear()


async def test_another_call_can_be_had_after_the_pause(
    visitor: Visitor, site: Site
) -> None:
    """The button counts down to it, and the latest code is what counts."""
    await visitor.start("flash")
    again = visitor.button("Позвонить ещё раз")
    await expect(again).to_have_text(re.compile(r"через\s0:\d\d$"))
    await expect(again).to_have_attribute("aria-disabled", "true")
    first = site.code(visitor.phone)

    site.clock.jump(10)
    # Which the page learns when it looks.
    await visitor.page.evaluate("dispatchEvent(new Event('online'))")
    await expect(again).to_have_attribute("aria-disabled", "false")
    await again.click()

    await expect(again).to_have_text(re.compile(r"через\s0:\d\d$"))
    assert len(site.sandbox.ledger.rings(visitor.phone)) == 2
    assert site.code(visitor.phone) != first
    await visitor.type(site.code(visitor.phone))
    await visitor.reads("Номер подтверждён")


async def test_a_pause_that_only_the_server_knows_is_counted_down(
    visitor: Visitor, site: Site
) -> None:
    """What was typed stays, and the button says how long to wait."""
    await visitor.page.clock.install()
    await visitor.start("flash")
    await visitor.button("Изменить номер").click()

    await visitor.ask()

    await expect(visitor.problem).to_contain_text("Подождите немного")
    go = visitor.button("Продолжить")
    await expect(go).to_have_text(re.compile(r"· 0:\d\d$"))
    await visitor.page.clock.fast_forward(10_000)
    await expect(go).to_have_text("Продолжить")
    site.clock.jump(10)
    await visitor.ask()
    await visitor.reads("Мы звоним вам")


async def test_who_got_no_call_can_have_another_way(
    visitor: Visitor, site: Site
) -> None:
    """As soon as the phone rings no more."""
    site.sandbox.network.default = Subscriber(answers=Answer.SWITCHED_OFF)
    await visitor.start("flash")
    other = visitor.button("Другой способ")
    await expect(other).to_have_text(re.compile(r"через\s0:\d\d$"))

    site.clock.jump(10)
    await visitor.page.evaluate("dispatchEvent(new Event('online'))")
    await expect(other).to_have_text("Другой способ")
    await other.click()

    await visitor.reads("Вам звонит робот")


async def test_a_reload_goes_on(visitor: Visitor, site: Site) -> None:
    """The tab knows the verification, and the browser that it is its own."""
    await visitor.start("robot")
    await visitor.reads("Вам звонит робот")

    await visitor.page.reload()

    await visitor.reads("Вам звонит робот")
    # Which number it is for, the page does not know any more.
    await expect(visitor.button("Позвонить ещё раз")).to_be_hidden()
    await visitor.type(site.code(visitor.phone))
    await visitor.reads("Номер подтверждён")
    site.canaries.scan(
        await visitor.page.evaluate("JSON.stringify(sessionStorage)"), "the storage"
    )


async def test_a_reload_learns_of_the_call_that_came_meanwhile(
    visitor: Visitor,
) -> None:
    """The person looked at the phone, and the system threw the tab away."""
    await visitor.start("telefonip")
    await visitor.reads("Позвоните нам")
    await visitor.page.goto("about:blank")
    visitor.dial()

    await visitor.open("telefonip")

    await visitor.reads("Номер подтверждён")


async def test_somebody_elses_tab_starts_anew(visitor: Visitor) -> None:
    """Knowing the id is not enough: without the cookie it is as if there were none."""
    await visitor.start("robot")
    await visitor.reads("Вам звонит робот")
    await visitor.page.context.clear_cookies()

    await visitor.page.reload()

    await visitor.reads("Подтвердите номер")
    visitor.complaints.clear()
