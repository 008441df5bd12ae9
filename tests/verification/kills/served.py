"""The sandbox over HTTP, on a port of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from callauth.sandbox import Sandbox
from callauth.sandbox.server import serve
from tests.campaign.world import unheard


@asynccontextmanager
async def served(seed: int) -> AsyncIterator[tuple[Sandbox, str]]:
    """Serve a sandbox; give it and its address."""
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with Sandbox(seed=seed, webhook_sender=unheard) as sandbox:
        serving = asyncio.create_task(
            serve(sandbox, port=0, on_started=started.set_result)
        )
        try:
            yield sandbox, f"http://127.0.0.1:{await started}/"
        finally:
            serving.cancel()
            await asyncio.wait((serving,))
