"""States: all that the page can be told, to be looked at one after the other."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from attrs import define, frozen
from playwright.async_api import Page, Route, expect

from callauth import PhoneNumber
from callauth.models import qr

ID = "canned"
_NUMBER = "+79644115786"
_TEL = f"tel:{_NUMBER}"
_ANEW = """() => {
  sessionStorage.setItem("callauth .. ", '{"id": "canned"}');
  const element = document.querySelector("callauth-verify");
  element.replaceWith(element.cloneNode());
}"""


@frozen(kw_only=True)
class Shown:
    """Hold a state by name: what the server says, and the title that it brings."""

    title: str
    says: dict[str, object]


def all_states(phone: PhoneNumber) -> dict[str, Shown]:
    """Return every state with its title in Russian, as of now."""
    now = datetime.now(UTC)

    def at(seconds: float) -> str:
        return (now + timedelta(seconds=seconds)).isoformat()

    def shown(title: str, state: str, **more: object) -> Shown:
        says: dict[str, object] = {
            "id": ID,
            "state": state,
            "reason": None,
            "assurance": None,
            "purpose": "login",
            "phone": phone.masked,
            "method": "flash_call",
            "challenge": None,
            "next": None,
            "now": at(0),
        }
        return Shown(title=title, says={**says, **more})

    pin = {"kind": "pin", "digits": 7, "tries_left": 3, "expires_at": at(110)}
    dial = {
        "kind": "dial",
        "number": "+7 964 411-57-86",
        "tel_uri": _TEL,
        "qr_svg": qr.svg(_TEL),
    }
    soon = {"at": at(20), "seconds_left": 20}
    robot = {"method": "voice_otp"}
    reverse = {"method": "reverse_call"}
    return {
        "starting": shown("Соединяем…", "starting"),
        "flash": shown("Мы звоним вам", "waiting", challenge=pin, next=soon),
        "robot": shown(
            "Вам звонит робот", "waiting", challenge={**pin, "digits": 4}, **robot
        ),
        "soon": shown(
            "Мы звоним вам", "waiting", challenge={**pin, "expires_at": at(25)}
        ),
        "dial": shown(
            "Позвоните нам",
            "waiting",
            challenge={**dial, "expires_at": at(100)},
            next={"at": at(0), "seconds_left": 0},
            **reverse,
        ),
        "without_qr": shown(
            "Позвоните нам",
            "waiting",
            challenge={**dial, "expires_at": at(100), "qr_svg": None},
            **reverse,
        ),
        "late_dial": shown(
            "Позвоните нам",
            "waiting",
            challenge={**dial, "expires_at": at(-1)},
            **reverse,
        ),
        "verified": shown("Номер подтверждён", "verified", assurance="code"),
        "tries": shown("Слишком много ошибок", "failed", reason="tries"),
        "other_caller": shown(
            "Позвонили с другого номера", "failed", reason="other_caller", **reverse
        ),
        "cancelled": shown("Подтверждение отменено", "failed", reason="cancelled"),
        "not_called": shown("Не получилось позвонить", "failed", reason="not_called"),
        "expired": shown("Время вышло", "expired"),
        "unknown": shown("Не знаем, состоялся ли звонок", "unknown", **robot),
    }


@define
class Stage:
    """Let an element of the page be told what is to be shown."""

    page: Page
    shown: Shown | None = None

    @classmethod
    async def on(cls, page: Page) -> Stage:
        """Return the stage of a page that is open."""
        stage = cls(page)
        # As of a visitor, methods cannot be handed over.
        for path in (f"**/verifications/{ID}*", f"**/verifications/{ID}/*"):
            await page.route(path, lambda route: stage.tell(route))  # noqa: PLW0108
        return stage

    async def show(self, shown: Shown) -> None:
        """Show it in a new element, as after a reload."""
        self.shown = shown
        await self.page.evaluate(_ANEW)
        title = self.page.locator("callauth-verify h2")
        await expect(title).to_have_text(shown.title)

    async def tell(self, route: Route) -> None:
        """Answer as the server would."""
        assert self.shown is not None
        if route.request.url.endswith("/events"):
            body = f"event: state\ndata: {json.dumps(self.shown.says)}\n\n"
            await route.fulfill(content_type="text/event-stream", body=body)
        else:
            await route.fulfill(json=self.shown.says)
