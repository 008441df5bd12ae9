from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.async_api import Page, expect

from .site import Site
from .states import Stage, all_states
from .visitor import Visit, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")


_AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")


async def violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong with what is shown."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_AXE)
    found: dict[str, Any] = await page.evaluate(
        "axe.run({ resultTypes: ['violations'] })"
    )
    return [
        f"{each['id']}: {node['html']}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_state_keeps_anybody_out(scheme: str, visit: Visit) -> None:
    """Labels, roles, contrast: whatever axe-core knows of."""
    visitor = await visit(bypass_csp=True, color_scheme=scheme)
    await visitor.open()
    found = {"phone": await violations(visitor.page)}

    await visitor.ask("12345")
    await expect(visitor.problem).to_be_visible()
    found["problem"] = await violations(visitor.page)
    stage = await Stage.on(visitor.page)
    for name, shown in all_states(visitor.phone).items():
        await stage.show(shown)
        found[name] = await violations(visitor.page)

    assert {name: each for name, each in found.items() if each} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_demo_keeps_nobody_out(scheme: str, visit: Visit, site: Site) -> None:
    """It is what people look at first."""
    visitor = await visit(bypass_csp=True, color_scheme=scheme)
    await visitor.page.goto(site.url)
    await visitor.ask()
    await visitor.reads("Мы звоним вам")
    await expect(visitor.page.locator(".call.rings")).to_be_visible()

    assert await violations(visitor.page) == []


async def test_axe_finds_what_is_wrong(visit: Visit) -> None:
    """A check that cannot fail protects nothing, nor one that cannot look inside."""
    visitor = await visit(bypass_csp=True)
    await visitor.open()
    await visitor.element.locator("label").evaluate("label => label.remove()")

    found = await violations(visitor.page)

    assert any(each.startswith("label: ") for each in found)


async def test_the_keyboard_is_enough(visitor: Visitor, site: Site) -> None:
    """The focus goes to what is new, so that nothing has to be looked for."""
    await visitor.open("robot")
    await visitor.page.keyboard.press("Tab")
    await visitor.page.keyboard.type(visitor.phone.e164)
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.pin).to_be_focused()

    await visitor.page.keyboard.type(site.wrong(visitor.phone))

    await expect(visitor.problem).to_be_visible()
    await expect(visitor.pin).to_be_focused()
    await visitor.page.keyboard.type(site.code(visitor.phone))
    await expect(visitor.title).to_be_focused()
    await visitor.reads("Номер подтверждён")


async def test_what_is_wrong_is_read_out(visitor: Visitor, site: Site) -> None:
    """Those who cannot see it hear it."""
    await visitor.start("robot")
    await visitor.reads("Вам звонит робот")

    await visitor.type(site.wrong(visitor.phone))

    await expect(visitor.element.get_by_role("status")).to_have_text(
        "Цифры не те. Осталось 2 попытки."
    )


async def test_who_is_busy_elsewhere_is_told_and_not_pulled_away(
    visitor: Visitor,
) -> None:
    """The call comes in while something else is typed."""
    await visitor.start("telefonip")
    await visitor.reads("Позвоните нам")
    await visitor.page.evaluate(
        "document.querySelector('main').append(document.createElement('input'))"
    )
    elsewhere = visitor.page.locator("main > input")
    await elsewhere.focus()

    visitor.dial()

    await visitor.reads("Номер подтверждён")
    await expect(elsewhere).to_be_focused()
    await expect(visitor.element.get_by_role("status")).to_contain_text(
        "Номер подтверждён"
    )


async def test_nothing_is_wider_than_the_smallest_screen(visitor: Visitor) -> None:
    """WCAG asks for 320 pixels without scrolling sideways."""
    await visitor.page.set_viewport_size({"width": 320, "height": 720})
    await visitor.open()
    stage, states = await Stage.on(visitor.page), all_states(visitor.phone)

    for name in ("flash", "dial", "unknown"):
        await stage.show(states[name])
        assert await visitor.page.evaluate(
            "document.documentElement.scrollWidth <= innerWidth"
        )
