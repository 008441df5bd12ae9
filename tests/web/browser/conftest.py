"""One browser for all tests of a process, a site and a visitor for each."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.support.canaries import Canaries

from .site import Site

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from .visitor import Visit, Visitor


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Give a headless Chromium."""
    chromium = os.environ.get("CALLAUTH_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        _give_up("expected chromium on the PATH")
    try:
        from playwright.async_api import async_playwright  # noqa: PLC0415 - optional
    except ModuleNotFoundError:
        _give_up("expected the dependency group browser")
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"]
        )
        yield launched
        await launched.close()


@pytest_asyncio.fixture(loop_scope="session")
async def site(canaries: Canaries) -> AsyncIterator[Site]:
    """Give the demo, served on this machine."""
    async with Site.served(canaries) as served:
        yield served


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, site: Site) -> AsyncIterator[Visit]:
    """Give what lets a visitor come; nothing may have been complained of."""
    from .visitor import Visitor  # noqa: PLC0415 - needs Playwright

    visitors: list[Visitor] = []

    async def come(**options: object) -> Visitor:
        visitors.append(await Visitor.come(browser, site, **options))
        return visitors[-1]

    yield come
    for visitor in visitors:
        await visitor.page.context.close()
        assert visitor.complaints == []


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(visit: Visit) -> Visitor:
    """Give a visitor who reads Russian."""
    return await visit()


def _give_up(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
