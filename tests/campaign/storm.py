"""Storm: cancellations by the thousand on real sockets."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from attrs import evolve

from callauth import AnswerLost, CallPassClient, HttpxTransport, NotSent, Secret
from callauth.protocol import callpass
from callauth.protocol.message import Request

from .runs import Tally

_AT_ONCE = 50
_CALL_ID = "8f3b2c32-ea06-43d2-856f-2ae05d6f86c6"
_BODY = (
    b'{"status": "success", "data": {"callid": "%s", "result": "NORMAL_CLEARING"}}'
    % _CALL_ID.encode()
)
_SLOWEST_SECONDS = 0.01


@asynccontextmanager
async def answering(dice: random.Random) -> AsyncIterator[str]:
    """Serve the status of one call, each answer a moment late."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(_CALL_ID.encode()):
                await asyncio.sleep(dice.random() * _SLOWEST_SECONDS)
                head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(_BODY)
                writer.write(head + _BODY)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def storm(cancels: int, seed: int) -> Tally:
    """Cancel that many requests in flight, then look at what is left of them."""
    dice = random.Random(seed)
    tally = Tally(runs=1)
    tasks_before, files_before = len(asyncio.all_tasks()), _open_files()
    async with answering(dice) as base_url:
        transport = HttpxTransport(connections=40)
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(
                    _cancel_many(transport, base_url, cancels // _AT_ONCE, dice, tally)
                )
        tally.broken += await _works(transport, base_url)
        await transport.aclose()
        # The server's side of a closed connection ends a turn later.
        await asyncio.sleep(0.05)
    await asyncio.sleep(0)
    if len(asyncio.all_tasks()) > tasks_before:
        tally.broken.append(f"seed {seed}: tasks are left")
    if _open_files() > files_before:
        tally.broken.append(f"seed {seed}: sockets are left")
    return tally


async def _cancel_many(
    transport: HttpxTransport,
    base_url: str,
    cancels: int,
    dice: random.Random,
    tally: Tally,
) -> None:
    for _ in range(cancels):
        request = _question(base_url, own_connection=dice.random() < 0.5)
        task = asyncio.ensure_future(transport.send(request, timeout_seconds=5.0))
        await asyncio.sleep(dice.random() * 1.5 * _SLOWEST_SECONDS)
        tally.faults += task.cancel()
        try:
            await task
        except (asyncio.CancelledError, NotSent, AnswerLost):
            continue


async def _works(transport: HttpxTransport, base_url: str) -> list[str]:
    began = time.monotonic()
    async with CallPassClient(
        "token", base_url=base_url, transport=transport
    ) as client:
        cause = await client.get_call_password_status(_CALL_ID)
    if str(cause) != "NORMAL_CLEARING" or time.monotonic() - began > 1.0:
        return ["the transport did not work within a second"]
    return []


def _question(base_url: str, *, own_connection: bool) -> Request:
    account = callpass.Account(Secret("token"), "v3.0", base_url)
    operation = callpass.get_call_password_status(account, _CALL_ID)
    return evolve(operation.request, own_connection=own_connection)


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
