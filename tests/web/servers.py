"""Servers: an application of either framework on a loopback port."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import uvicorn
from aiohttp import web
from fastapi import FastAPI


def listener() -> socket.socket:
    """Return a socket that listens on a free port."""
    return socket.create_server(("127.0.0.1", 0))


def uvicorn_server(app: FastAPI) -> uvicorn.Server:
    """Return a server that tells nothing to the log."""
    return uvicorn.Server(
        uvicorn.Config(app, log_config=None, log_level="critical", access_log=False)
    )


@asynccontextmanager
async def under_uvicorn(
    app: FastAPI, sock: socket.socket
) -> AsyncIterator[Callable[[], None]]:
    """Serve the application; give what makes the server stop."""
    loggers = [logging.getLogger(f"uvicorn.{name}") for name in ("error", "access")]
    levels = [logger.level for logger in loggers]
    server = uvicorn_server(app)
    serving = asyncio.create_task(server.serve(sockets=[sock]))

    def stop() -> None:
        server.should_exit = True

    try:
        yield stop
    finally:
        stop()
        await serving
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@asynccontextmanager
async def under_aiohttp(
    app: web.Application, sock: socket.socket
) -> AsyncIterator[Callable[[], None]]:
    """Serve the application; give what makes the server stop."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.SockSite(runner, sock).start()
    stopping: list[asyncio.Task[None]] = []

    def stop() -> None:
        stopping.append(asyncio.create_task(runner.cleanup()))

    try:
        yield stop
    finally:
        if not stopping:
            stop()
        await asyncio.gather(*stopping)
