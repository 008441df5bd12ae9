from __future__ import annotations

import pytest
from playwright.async_api import expect

from .site import Site
from .visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def begin(visitor: Visitor, flow: str) -> None:
    """Choose the flow with the mouse, and hand over the number."""
    await visitor.page.goto(visitor.site.url)
    await expect(visitor.field).to_be_visible()
    await visitor.page.get_by_role("radio", name=flow).check()
    await visitor.ask()


async def test_the_phone_shows_who_calls(visitor: Visitor, site: Site) -> None:
    """What it shows is what the page wants."""
    await begin(visitor, "Звонок-сброс")
    rings = visitor.page.locator(".call.rings .large")
    await expect(rings).to_be_visible()

    await visitor.paste(await rings.inner_text())

    await visitor.reads("Номер подтверждён")
    await expect(visitor.page.locator("#heard")).to_have_text(
        "callauth:verified · code"
    )
    site.clock.jump(10)
    await expect(visitor.page.locator(".calls li")).to_contain_text("Пропущенный")


async def test_the_robot_is_heard_as_text(visitor: Visitor, site: Site) -> None:
    """Once the phone was answered, which it is by itself."""
    await begin(visitor, "Робот")
    await expect(visitor.page.locator(".call.rings")).to_be_visible()
    site.clock.jump(5)
    said = visitor.page.locator(".call.speaks .large")
    await expect(said).to_contain_text("Ваш код")

    await visitor.paste(await said.inner_text())

    await visitor.reads("Номер подтверждён")


@pytest.mark.parametrize("flow", ["Звоните вы · Telefon-IP", "Звоните вы · NeroTech"])
async def test_the_phone_dials(flow: str, visitor: Visitor) -> None:
    """The number of the page stands in its field already."""
    await begin(visitor, flow)
    await visitor.reads("Позвоните нам")
    number = await visitor.element.locator(".number").inner_text()
    shown = number.replace("\N{NO-BREAK SPACE}", " ").replace("‑", "-")
    await expect(visitor.page.locator("#number")).to_have_value(shown)

    await visitor.page.get_by_role("button", name="Позвонить", exact=True).click()

    await visitor.reads("Номер подтверждён")


async def test_another_phone_dials(visitor: Visitor) -> None:
    """So that one sees what a page does when the wrong one was taken."""
    await begin(visitor, "Звоните вы · Telefon-IP")
    await visitor.reads("Позвоните нам")
    await expect(visitor.page.locator("#number")).not_to_have_value("")

    await visitor.page.get_by_role("button", name="с другого телефона").click()

    await visitor.reads("Позвонили с другого номера")


async def test_a_phone_that_is_off_shows_nothing(visitor: Visitor, site: Site) -> None:
    """Then another way is what helps."""
    await visitor.page.goto(site.url)
    await visitor.page.get_by_label("Если позвонят").select_option("он выключен")
    await visitor.ask()
    await visitor.reads("Мы звоним вам")

    await expect(visitor.page.locator("#call")).to_have_text("Звонков нет")
    site.clock.jump(10)
    await visitor.page.evaluate("dispatchEvent(new Event('online'))")
    await visitor.button("Другой способ").click()
    await visitor.reads("Вам звонит робот")


async def test_a_reload_goes_on_with_the_same_flow(visitor: Visitor) -> None:
    """It stands in the address."""
    await begin(visitor, "Робот")
    await visitor.reads("Вам звонит робот")

    await visitor.page.reload()

    await visitor.reads("Вам звонит робот")
    await expect(visitor.page.get_by_role("radio", name="Робот")).to_be_checked()
