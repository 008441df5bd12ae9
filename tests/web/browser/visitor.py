"""Visitor: somebody at a browser, whose console must stay silent."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from attrs import define, field
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    expect,
)

from callauth import PhoneNumber
from callauth.sandbox import Lease

from .site import Site

# Chromium notes every refusal of a server, and nobody can hinder it.
_REFUSED = re.compile(r"the server responded with a status of 4(09|22|29) ")
# What moves without end would keep the machine busy.
_USUAL = {"locale": "ru-RU", "reduced_motion": "reduce"}
_WATCH = """
window.heard = [];
for (const name of ["callauth:verified", "callauth:failed"])
  addEventListener(name, ({type, detail}) => window.heard.push({type, ...detail}));
addEventListener("securitypolicyviolation", ({violatedDirective, sourceFile}) =>
  console.error(`refused by the policy: ${violatedDirective} ${sourceFile}`));
"""


@define
class Visitor:
    """Hold one tab; the ready-made page is open in it, or the demo."""

    page: Page
    site: Site
    phone: PhoneNumber
    complaints: list[str] = field(factory=list)

    @classmethod
    async def come(cls, browser: Browser, site: Site, **options: object) -> Visitor:
        """Return a visitor with a phone of his own; options are Playwright's."""
        context: BrowserContext = await browser.new_context(
            **{**_USUAL, **options}  # type: ignore[arg-type]  # as they come
        )
        await context.add_init_script(_WATCH)
        page = await context.new_page()
        visitor = cls(page, site, site.canaries.phone())
        # Playwright marks methods that it is given, and this class has no room for it.
        page.on("console", lambda message: visitor.note(message))  # noqa: PLW0108
        page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        return visitor

    async def open(self, flow: str = "flash") -> None:
        """Open the ready-made page of a flow."""
        await self.page.goto(f"{self.site.url}/{flow}/verification/")

    async def start(self, flow: str = "flash") -> None:
        """Open the page and hand over the number."""
        await self.open(flow)
        await self.ask()

    async def ask(self, text: str | None = None) -> None:
        """Hand over a number, the own one when none is given."""
        await self.field.fill(text or self.phone.e164)
        await self.page.keyboard.press("Enter")

    async def type(self, digits: str) -> None:
        """Type them one by one into the field that asks for them."""
        await self.pin.press_sequentially(digits)

    async def paste(self, text: str) -> None:
        """Paste it into the field that asks for digits."""
        await self.page.context.grant_permissions(["clipboard-write"])
        await self.page.evaluate("text => navigator.clipboard.writeText(text)", text)
        await self.pin.focus()
        await self.page.keyboard.press("Control+V")

    async def reads(self, title: str) -> None:
        """Expect that title."""
        await expect(self.title).to_have_text(title)

    def dial(self, caller: PhoneNumber | None = None) -> None:
        """Call the number of the page, from the own phone if from no other."""
        number = self.site.sandbox.ledger.entries(Lease)[-1].number
        self.site.sandbox.network.dial(caller or self.phone, number)

    async def heard(self) -> list[dict[str, object]]:
        """Return the events that reached the page, and scan them."""
        heard: list[dict[str, object]] = await self.page.evaluate("window.heard")
        self.site.canaries.scan(repr(heard), "the events of the page")
        return heard

    def button(self, text: str) -> Locator:
        """Return the button whose text begins so."""
        return self.element.get_by_role("button", name=re.compile(f"^{text}"))

    @property
    def element(self) -> Locator:
        """The element itself."""
        return self.page.locator("callauth-verify")

    @property
    def title(self) -> Locator:
        """The title of the step."""
        return self.element.locator("h2")

    @property
    def field(self) -> Locator:
        """Where the number is typed."""
        return self.element.locator("#phone")

    @property
    def pin(self) -> Locator:
        """Where digits are typed."""
        return self.element.locator("#pin")

    @property
    def problem(self) -> Locator:
        """What is wrong."""
        return self.element.locator("#problem")

    @property
    def left(self) -> Locator:
        """The time left."""
        return self.element.get_by_role("timer")

    def note(self, message: ConsoleMessage) -> None:
        """Keep what the console complains of."""
        if message.type in ("error", "warning") and not _REFUSED.search(message.text):
            self.complaints.append(message.text)


Visit: TypeAlias = Callable[..., Awaitable[Visitor]]
"""Lets a visitor come."""
