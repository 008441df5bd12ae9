"""Sites: an application of either framework over a Verifier, and its browsers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
from aiohttp import web
from attrs import define, field, frozen
from fastapi import Depends, FastAPI

from callauth import PhoneNumber, Secret, VerificationPolicy, Verifier
from callauth.verification import Channel, Store
from callauth.web.aiohttp import SERVICE, setup, verified_phone
from callauth.web.fastapi import VerifiedPhone, verification_router
from callauth.web.service import Service
from tests.support.canaries import Canaries
from tests.verification.world import World

from .wire import AiohttpWire

PUBLIC_URL = "https://app.example"
WEBHOOK_BASE = f"{PUBLIC_URL}/verification-webhooks/"
_POLICY = VerificationPolicy()

Wire = Callable[[str], httpx.AsyncBaseTransport]


@frozen
class Browser:
    """Ask as the page of the application does, and scan every answer."""

    client: httpx.AsyncClient
    canaries: Canaries

    async def ask(
        self,
        verb: str,
        path: str,
        json: object = None,
        **more: Any,  # noqa: ANN401 - as httpx
    ) -> httpx.Response:
        """Return the answer."""
        if json is not None:
            more["json"] = json
        answer = await self.client.request(verb, path, **more)
        self.canaries.scan(answer.text, f"the answer to {verb} {path}")
        self.canaries.scan(repr(answer.headers), f"the headers of {verb} {path}")
        return answer

    async def start(self, phone: PhoneNumber, **more: str | None) -> dict[str, Any]:
        """Return the state of a new verification."""
        answer = await self.ask("POST", "/verifications", {"phone": phone.e164, **more})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def state(self, of: dict[str, Any], wait: int = 0) -> dict[str, Any]:
        """Return how it stands."""
        query = f"?wait={wait}" if wait else ""
        answer = await self.ask("GET", f"/verifications/{of['id']}{query}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def type(self, of: dict[str, Any], pin: str | None) -> httpx.Response:
        """Return the answer to what the person types."""
        return await self.ask("POST", f"/verifications/{of['id']}/pin", {"pin": pin})

    async def next(self, of: dict[str, Any]) -> httpx.Response:
        """Return the answer to asking for another way."""
        return await self.ask("POST", f"/verifications/{of['id']}/next")

    async def cancel(self, of: dict[str, Any]) -> httpx.Response:
        """Return the answer to giving up."""
        return await self.ask("DELETE", f"/verifications/{of['id']}")

    async def events(self, of: dict[str, Any], **headers: str) -> httpx.Response:
        """Return all events, once the stream has ended."""
        path = f"/verifications/{of['id']}/events"
        return await self.ask("GET", path, headers=headers)


@define(eq=False)
class Site:
    """Hold an application that serves browsers."""

    world: World
    verifier: Verifier
    service: Service
    wire: Wire

    def browser(
        self, peer: str = "203.0.113.9", base_url: str = PUBLIC_URL, **headers: str
    ) -> Browser:
        """Return a new browser, or program, with its own cookies."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        client = httpx.AsyncClient(
            transport=self.wire(peer), base_url=base_url, headers=named
        )
        self.world.stack.push_async_callback(client.aclose)
        return Browser(client, self.world.canaries)


@define
class Sites:
    """Make applications of one framework."""

    framework: str
    world: World
    secret: Secret = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.secret = self.world.canaries.secret()

    async def open(
        self,
        channels: Iterable[Channel] | None = None,
        *,
        policy: VerificationPolicy = _POLICY,
        store: Store | None = None,
        verified: dict[str, Any] | None = None,
        **options: Any,  # noqa: ANN401 - those of a Service
    ) -> Site:
        """Return a site that is open until the test ends.

        ``verified`` are the settings of its route that wants a verified phone.
        """
        verifier = await self.world.verifier(
            channels, policy=policy, store=store, webhook_base=WEBHOOK_BASE
        )
        settings = {"secret": self.secret, "public_url": PUBLIC_URL, **options}
        opened = _OPENERS[self.framework](verifier, settings, verified or {})
        service, wire = await self.world.stack.enter_async_context(opened)
        return Site(self.world, verifier, service, wire)


def kind_of(answer: httpx.Response) -> tuple[int, str]:
    """Return the status and the kind of a problem document."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem.keys() == {"type", "title", "status", "detail", "retry_after"}
    assert problem["status"] == answer.status_code
    told = answer.headers.get("Retry-After")
    assert told == (problem["retry_after"] and str(problem["retry_after"]))
    return answer.status_code, problem["type"].removeprefix("urn:callauth:")


def fastapi_app(
    verifier: Verifier, settings: dict[str, Any], verified: dict[str, Any]
) -> FastAPI:
    """Return an application with a route of its own."""
    router = verification_router(verifier, **settings)
    app = FastAPI()
    app.state.service = router.service
    app.include_router(router)
    needed = VerifiedPhone(router, **verified)

    async def account(phone: Annotated[PhoneNumber, Depends(needed)]) -> dict[str, str]:
        return {"phone": phone.masked}

    # The local dependency is no name that annotations as text could find.
    account.__annotations__["phone"] = Annotated[PhoneNumber, Depends(needed)]
    app.get("/account")(account)
    return app


def aiohttp_app(
    verifier: Verifier, settings: dict[str, Any], verified: dict[str, Any]
) -> web.Application:
    """Return an application with a route of its own."""

    async def account(request: web.Request) -> web.Response:
        phone = await verified_phone(request, **verified)
        return web.json_response({"phone": phone.masked})

    app = setup(web.Application(), verifier, **settings)
    app.router.add_get("/account", account)
    return app


@asynccontextmanager
async def _fastapi(
    verifier: Verifier, settings: dict[str, Any], verified: dict[str, Any]
) -> AsyncIterator[tuple[Service, Wire]]:
    app = fastapi_app(verifier, settings, verified)
    async with app.router.lifespan_context(app):
        yield (
            app.state.service,
            lambda peer: httpx.ASGITransport(app, client=(peer, 4321)),
        )


@asynccontextmanager
async def _aiohttp(
    verifier: Verifier, settings: dict[str, Any], verified: dict[str, Any]
) -> AsyncIterator[tuple[Service, Wire]]:
    app = aiohttp_app(verifier, settings, verified)
    runner = web.AppRunner(app)
    await runner.setup()
    server = runner.server
    assert server is not None
    try:
        yield app[SERVICE], lambda peer: AiohttpWire(server, peer)
    finally:
        await runner.cleanup()


_OPENERS = {"fastapi": _fastapi, "aiohttp": _aiohttp}
