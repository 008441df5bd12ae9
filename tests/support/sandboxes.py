"""What every sandbox of a test needs around it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from callauth.sandbox import Sandbox
from callauth.sandbox.server import serve


async def nobody_listens(url: str) -> int:
    """Take a webhook and throw it away."""
    return 200


@asynccontextmanager
async def over_http(sandbox: Sandbox) -> AsyncIterator[str]:
    """Serve the sandbox on a port of its own; give its address."""
    loggers = [logging.getLogger(f"uvicorn.{name}") for name in ("error", "access")]
    levels = [logger.level for logger in loggers]
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(sandbox, port=0, on_started=started.set_result))
    try:
        yield f"http://127.0.0.1:{await started}/"
    finally:
        serving.cancel()
        await asyncio.wait((serving,))
        # The server makes them quiet, for everybody after us, too.
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
