"""Loopback: a sandbox over real HTTP on this machine, as long as it is needed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Protocol

import anyio

from ..errors import ConfigurationError
from ..sandbox import Sandbox
from ..sandbox.http import Served

HOST = "127.0.0.1"


class Serve(Protocol):
    """What serves a sandbox until it is cancelled."""

    async def __call__(
        self,
        sandbox: Served,
        *,
        host: str = ...,
        port: int = ...,
        on_started: Callable[[int], object] | None = ...,
    ) -> None:
        """Serve."""


def server() -> Serve:
    """Return what serves a sandbox.

    Raises ConfigurationError when the extra ``sandbox`` is not installed.
    """
    try:
        from ..sandbox.server import serve  # noqa: PLC0415 - needs the extra sandbox
    except ModuleNotFoundError as error:
        if error.name != "uvicorn":
            raise
    else:
        return serve
    raise ConfigurationError(
        'the sandbox over HTTP needs an extra: pip install "callauth[cli,sandbox]"'
    )


@asynccontextmanager
async def served(sandbox: Sandbox) -> AsyncIterator[str]:
    """Serve the sandbox on a free port; give the root of its URLs."""
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    serve = partial(server(), host=HOST, port=0, on_started=started.set_result)
    async with anyio.create_task_group() as group:
        group.start_soon(serve, sandbox)
        yield f"http://{HOST}:{await started}"
        group.cancel_scope.cancel()
