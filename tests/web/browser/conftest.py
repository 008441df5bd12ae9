"""One browser for all tests of a process, a site and a visitor for each."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
import pytest_asyncio

from tests.support.canaries import Canaries

from .site import Site

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from .visitor import Visit, Visitor

# Containers have no user namespaces, little shared memory and no graphics.
_FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
_LIBRARIES = ("playwright", "PIL", "zxingcpp", "axe_playwright_python")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Give a headless Chromium."""
    from playwright.async_api import async_playwright  # noqa: PLC0415 - optional

    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=_chromium(), args=_FLAGS
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


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """Read the tests if they can run; elsewhere they are skipped, or fail in CI."""
    if _missing() is None:
        return None
    made: pytest.Module = _Unreadable.from_parent(parent, path=module_path)
    return made


class _Unreadable(pytest.Module):
    def collect(self) -> NoReturn:
        reason = f"expected {_missing()}"
        if os.environ.get("CI"):
            raise self.CollectError(reason)
        pytest.skip(reason, allow_module_level=True)


def _missing() -> str | None:
    if any(find_spec(name) is None for name in _LIBRARIES):
        return "the dependency group browser"
    return None if _chromium() else "chromium on the PATH"


def _chromium() -> str | None:
    return os.environ.get("CALLAUTH_CHROMIUM") or shutil.which("chromium")
