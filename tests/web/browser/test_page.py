from __future__ import annotations

import re
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Route, expect

from callauth.sandbox import Lease
from callauth.web.page import SECURITY_POLICY

from .site import Site
from .states import Stage, all_states
from .visitor import Visit, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_qr_code_dials_the_leased_number(
    scheme: str, visit: Visit, site: Site
) -> None:
    """It is read from the screen, as a telephone does."""
    visitor = await visit(color_scheme=scheme)
    await visitor.start("telefonip")

    picture = await visitor.element.locator("figure").screenshot()

    [read] = zxingcpp.read_barcodes(Image.open(BytesIO(picture)))
    number = site.sandbox.ledger.entries(Lease)[-1].number
    link = visitor.element.get_by_role("link")
    assert read.text == f"tel:{number.e164}"
    await expect(link).to_have_attribute("href", read.text)


async def test_the_page_forbids_all_that_it_does_not_need(visitor: Visitor) -> None:
    """Its console is silent in every test, so the policy hinders nothing."""
    answer = await visitor.page.goto(f"{visitor.site.url}/flash/verification/")

    assert answer is not None
    assert answer.headers["content-security-policy"] == SECURITY_POLICY
    assert "unsafe" not in SECURITY_POLICY
    assert "require-trusted-types-for 'script'" in SECURITY_POLICY


async def test_what_the_policy_refuses_is_noticed(visitor: Visitor) -> None:
    """A check that cannot fail protects nothing."""
    await visitor.open()

    async with visitor.page.expect_console_message(
        lambda message: message.text.startswith("refused by the policy: style-src")
    ):
        await visitor.page.evaluate(
            "document.body.append(Object.assign(document.createElement('style'),"
            " { textContent: 'a { color: red }' }))"
        )

    assert any("Content Security Policy" in each for each in visitor.complaints)
    visitor.complaints.clear()


async def test_markup_of_the_server_is_drawn_and_never_parsed(
    visitor: Visitor,
) -> None:
    """Only the shapes of a picture come through, whatever else is sent."""
    await visitor.open()
    shown = all_states(visitor.phone)["dial"]
    challenge = shown.says["challenge"]
    assert isinstance(challenge, dict)
    challenge["qr_svg"] = (
        '<svg viewBox="0 0 9 9" onload="window.bad = 1"><script>window.bad = 1</script>'
        '<a href="javascript:window.bad = 1"><path d="M0 0h9v9z" style="fill:red"/></a>'
        "<foreignObject><b>bad</b></foreignObject></svg>"
    )

    await (await Stage.on(visitor.page)).show(shown)

    drawn = await visitor.element.locator("figure svg").evaluate("svg => svg.outerHTML")
    assert re.sub(r' (role|aria-label|xmlns)="[^"]*"', "", drawn) == (
        '<svg viewBox="0 0 9 9"><path d="M0 0h9v9z"></path></svg>'
    )
    assert await visitor.page.evaluate("window.bad") is None


async def test_both_languages_say_everything(visitor: Visitor) -> None:
    """A text that is missing in one would be "something went wrong" there."""
    await visitor.open()

    ru, en = await visitor.page.evaluate(
        "import('./texts.js').then(({TEXTS}) => [TEXTS.ru, TEXTS.en].map(Object.keys))"
    )

    assert ru == en
    assert len(ru) > 50


@pytest.mark.parametrize(
    ("locale", "query", "title"),
    [
        ("ru-RU", "", "Подтвердите номер"),
        ("en-GB", "", "Verify your number"),
        ("de-DE", "", "Verify your number"),
        ("en-GB", "?lang=ru", "Подтвердите номер"),
    ],
)
async def test_the_page_speaks_the_language_of_the_browser(
    locale: str, query: str, title: str, visit: Visit
) -> None:
    """English is for whoever speaks neither of the two."""
    visitor = await visit(locale=locale)

    await visitor.page.goto(f"{visitor.site.url}/flash/verification/{query}")

    await visitor.reads(title)
    language = await visitor.element.locator("section").get_attribute("lang")
    assert await visitor.page.evaluate("document.documentElement.lang") == language


async def test_the_language_can_be_changed_meanwhile(visitor: Visitor) -> None:
    """A page may have a switch of its own."""
    await visitor.start("robot")
    await visitor.reads("Вам звонит робот")

    await visitor.element.evaluate("element => element.lang = 'en'")

    await visitor.reads("A robot is calling you")


@pytest.mark.parametrize("hindrance", ["broken", "silent"])
async def test_the_page_goes_on_without_events(
    hindrance: str, visitor: Visitor
) -> None:
    """Some proxies let no stream through, and others hold it back."""
    if hindrance == "broken":
        await visitor.page.route("**/events", lambda route: route.fulfill(status=502))
    else:
        await visitor.page.clock.install()
        await visitor.page.route("**/events", lambda _: None)
    await visitor.start("telefonip")
    await visitor.reads("Позвоните нам")
    if hindrance == "silent":
        await visitor.page.clock.fast_forward(7000)
    visitor.dial()

    await visitor.reads("Номер подтверждён")
    visitor.complaints.clear()


async def test_a_lost_connection_loses_nothing(visitor: Visitor, site: Site) -> None:
    """What was typed stays, and can be sent again."""
    await visitor.start("robot")
    await visitor.reads("Вам звонит робот")
    await visitor.page.context.set_offline(offline=True)
    await visitor.type(site.code(visitor.phone))
    await expect(visitor.problem).to_contain_text("Нет связи")

    await visitor.page.context.set_offline(offline=False)
    await visitor.page.keyboard.press("Enter")

    await visitor.reads("Номер подтверждён")
    visitor.complaints.clear()


async def test_the_page_can_choose_number_and_method(
    visitor: Visitor, site: Site
) -> None:
    """An application that knows the number need not ask for it."""
    await visitor.open("flash")
    await visitor.element.evaluate(
        """(old, phone) => {
          const element = document.createElement("callauth-verify");
          element.setAttribute("src", "/flash");
          element.setAttribute("method", "voice_otp");
          element.setAttribute("phone", phone);
          old.replaceWith(element);
        }""",
        visitor.phone.e164,
    )
    await expect(visitor.field).to_have_value(visitor.phone.e164)

    await visitor.button("Продолжить").click()

    await visitor.reads("Вам звонит робот")
    await visitor.type(site.code(visitor.phone))
    await visitor.reads("Номер подтверждён")


async def test_a_bearer_handle_goes_with_every_request(visitor: Visitor) -> None:
    """An EventSource could not send it, so the page asks again and again."""
    asked: list[tuple[str, str | None]] = []

    async def hand_out(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(
            response=answer, json={**await answer.json(), "handle": "h"}
        )

    await visitor.page.route("**/verifications", hand_out)
    visitor.page.on(
        "request",
        lambda request: asked.append(
            (request.url, request.headers.get("authorization"))
        ),
    )
    await visitor.start("telefonip")
    await visitor.reads("Позвоните нам")

    visitor.dial()

    await visitor.reads("Номер подтверждён")
    later = [each for each in asked if "/verifications/" in each[0]]
    assert {handle for _, handle in later} == {"Bearer h"}
    assert not any(url.endswith("/events") for url, _ in later)
