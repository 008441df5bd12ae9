from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from fastapi import FastAPI

from callauth import ConfigurationError, Secret, Verifier
from callauth.web.aiohttp import SERVICE, setup
from callauth.web.fastapi import VerifiedPhone, verification_router
from callauth.web.request import WebRequest
from callauth.web.service import Service
from callauth.web.site import Site
from tests.support.canaries import Canaries
from tests.support.refusals import refused
from tests.verification.own import Bell
from tests.verification.world import World

from .sites import PUBLIC_URL


@pytest.fixture
def settings(canaries: Canaries) -> dict[str, Any]:
    return {"secret": canaries.secret(), "public_url": PUBLIC_URL}


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": Secret("short")},
        {"public_url": "app.example"},
        {"public_url": "ftp://app.example"},
        {"public_url": "https://app.example/?x=1"},
        {"purposes": "login"},
        {"purposes": []},
        {"trusted_proxies": "10.0.0.0/8"},
        {"trusted_proxies": ["proxy.example"]},
    ],
)
async def test_a_setting_that_is_none_is_refused(
    wrong: dict[str, Any], settings: dict[str, Any], world: World, bell: Bell
) -> None:
    """At the start of the application, not with the first person."""
    verifier = await world.verifier([bell])

    with refused(ConfigurationError):
        Service(verifier, **(settings | wrong))


async def test_a_secret_as_plain_text_is_refused(world: World, bell: Bell) -> None:
    """It would stand in tracebacks; nor does this one show it."""
    verifier = await world.verifier([bell])
    text = world.canaries.secret().reveal()

    with refused(ConfigurationError):
        Service(verifier, secret=text, public_url=PUBLIC_URL)  # type: ignore[arg-type] # wrong on purpose


@pytest.mark.parametrize("prefix", ["api", "/api/", "/"])
async def test_a_prefix_that_is_none_is_refused_by_aiohttp(
    prefix: str, settings: dict[str, Any], world: World, bell: Bell
) -> None:
    """A path of two slashes is found by nobody."""
    verifier = await world.verifier([bell])

    with refused(ConfigurationError, match='such as "/api"'):
        setup(web.Application(), verifier, prefix=prefix, **settings)


async def test_aiohttp_puts_a_prefix_before_each_path(
    settings: dict[str, Any], world: World, bell: Bell
) -> None:
    """An application may have a /verification of its own."""
    app = web.Application()

    setup(app, await world.verifier([bell]), prefix="/api", **settings)

    paths = {each.canonical for each in app.router.resources()}
    assert "/api/verifications" in paths
    assert all(path.startswith("/api/") for path in paths)


async def test_a_purpose_that_nobody_can_have_is_refused(
    settings: dict[str, Any], world: World, bell: Bell
) -> None:
    """It was misspelt."""
    router = verification_router(await world.verifier([bell]), **settings)

    with refused(ConfigurationError):
        VerifiedPhone(router, purpose="pay")


@pytest.mark.parametrize("owns", [True, False])
async def test_fastapi_closes_what_it_owns(
    owns: bool,  # noqa: FBT001 - both cases
    settings: dict[str, Any],
    world: World,
    bell: Bell,
) -> None:
    """With the application, and nothing else."""
    verifier = Verifier([bell], clock=world.clock)
    app = FastAPI()
    app.include_router(verification_router(verifier, owns_verifier=owns, **settings))

    async with app.router.lifespan_context(app):
        await verifier.start(world.phone())

    assert await _is_closed(verifier, world) is owns
    await verifier.aclose()


@pytest.mark.parametrize("owns", [True, False])
async def test_aiohttp_closes_what_it_owns(
    owns: bool,  # noqa: FBT001 - both cases
    settings: dict[str, Any],
    world: World,
    bell: Bell,
) -> None:
    """With the application, and nothing else."""
    verifier = Verifier([bell], clock=world.clock)
    app = web.Application()
    assert setup(app, verifier, owns_verifier=owns, **settings) is app
    runner = web.AppRunner(app)
    await runner.setup()
    await verifier.start(world.phone())

    await runner.cleanup()

    assert await _is_closed(verifier, world) is owns
    assert app[SERVICE].waiting == 0
    await verifier.aclose()


async def _is_closed(verifier: Verifier, world: World) -> bool:
    try:
        await verifier.start(world.phone())
    except ConfigurationError:
        return True
    return False


@pytest.mark.parametrize(
    ("public_url", "origin", "is_ours"),
    [
        ("https://app.example", "https://app.example", True),
        ("https://app.example:443/", "https://app.example", True),
        ("https://app.example/shop/", "https://app.example", True),
        ("https://APP.example", "https://app.example", True),
        ("http://localhost:8000", "http://localhost:8000", True),
        ("http://localhost:80", "http://localhost", True),
        ("http://[::1]:8000", "http://[::1]:8000", True),
        ("https://app.example:8443", "https://app.example", False),
        ("https://app.example", "https://app.example:8443", False),
        ("https://app.example", "http://app.example", False),
        ("https://app.example", "", False),
    ],
)
def test_an_origin_is_ours_by_scheme_host_and_port(
    public_url: str,
    origin: str,
    is_ours: bool,  # noqa: FBT001 - the expected result
) -> None:
    """As browsers write it."""
    request = WebRequest(headers={"origin": origin}, chunks=_nothing())

    assert Site(public_url).has_sent(request) is is_ours


async def _nothing() -> AsyncIterator[bytes]:
    yield b""
