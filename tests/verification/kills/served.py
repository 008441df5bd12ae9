"""The sandbox over HTTP, on a port of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from callauth.sandbox import Sandbox
from tests.support.sandboxes import nobody_listens, over_http


@asynccontextmanager
async def served(seed: int) -> AsyncIterator[tuple[Sandbox, str]]:
    """Serve a sandbox; give it and its address."""
    async with (
        Sandbox(seed=seed, webhook_sender=nobody_listens) as sandbox,
        over_http(sandbox) as address,
    ):
        yield sandbox, address
