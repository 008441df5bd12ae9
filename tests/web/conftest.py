"""The sites of both frameworks, on a clock that is turned by hand."""

from __future__ import annotations

import pytest

from tests.verification.conftest import bell, desk, phone, world
from tests.verification.world import World

from .sites import Sites

__all__ = ["bell", "desk", "phone", "sites", "world"]


@pytest.fixture(params=["fastapi", "aiohttp"])
def sites(request: pytest.FixtureRequest, world: World) -> Sites:
    """Give what makes sites of one framework, then of the other."""
    return Sites(request.param, world)
