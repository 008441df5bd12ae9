from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Write no log: a million events would be formatted, and no canary is in them."""
    logger = logging.getLogger("callauth")
    logger.disabled = True
    yield
    logger.disabled = False
