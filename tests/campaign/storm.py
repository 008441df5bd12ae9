"""Storm: cancellations by the thousand on real sockets.

Half of them hit a public coroutine of a client, whose request then goes on; half hit
the transport, which is torn in the middle of an exchange. The seed fixes who is
cancelled and when, not how far he had come: the sockets decide that.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path

from attrs import define, evolve

from callauth import (
    AnswerLost,
    CallPassClient,
    HttpxTransport,
    NotSent,
    PhoneNumber,
    Secret,
    Transport,
)
from callauth.protocol import callpass
from callauth.protocol.message import Request
from tests.hostile.haste import pauses
from tests.support.tally import Tally
from tests.support.transports import Make

_AT_ONCE = 50
_SLOTS = 40
_CALL_ID = "8f3b2c32-ea06-43d2-856f-2ae05d6f86c6"
_PHONE = PhoneNumber("+79991234567")
# As an answer to the start and as one to the question how the call ended.
_BODY = (
    b'{"status": "success", "data": {"callid": "%s", "phone": "2214610", '
    b'"result": "NORMAL_CLEARING"}}' % _CALL_ID.encode()
)
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
_LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)
_SLOWEST_SECONDS = 0.01
_AT_ONCE_SECONDS = 1.0
_GONE_SECONDS = 5.0
# An answer takes a few turns of the loop, each of which may be a long one.
_TURNS = 5
_FIRST_TURNS = 24


@define(eq=False)
class _Scene:
    """Hold who is cancelled: a client, and the transport below it."""

    transport: Transport
    client: CallPassClient
    base_url: str
    dice: random.Random

    def work(self) -> Awaitable[object]:
        """Return something to cancel."""
        own_connection = self.dice.random() < 0.5
        if self.dice.random() < 0.5:
            return self.request(own_connection=own_connection)
        if own_connection:
            return self.client.start_call_password(_PHONE)
        return self.question()

    def question(self) -> Awaitable[object]:
        """Return the client's question how the call ended."""
        return self.client.get_call_password_status(_CALL_ID)

    def request(self, *, own_connection: bool) -> Awaitable[object]:
        """Return the same question, past the client."""
        request = _question(self.base_url, own_connection=own_connection)
        return self.transport.send(request, timeout_seconds=5.0)


@asynccontextmanager
async def answering(dice: random.Random) -> AsyncIterator[str]:
    """Serve one call, each answer a moment late."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = _LENGTH.search(head)
                await reader.readexactly(int(length[1]) if length else 0)
                await asyncio.sleep(dice.random() * _SLOWEST_SECONDS)
                writer.write(_ANSWER)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def storm(cancels: int, seed: int, make: Make) -> Tally:
    """Cancel that many requests in flight, then look at what is left of them."""
    tally = Tally(runs=1)
    before = _left()
    async with answering(random.Random(seed + 1)) as base_url:
        transport = make(connections=_SLOTS)
        async with CallPassClient(
            "token", base_url=base_url, transport=transport
        ) as client:
            scene = _Scene(transport, client, base_url, random.Random(seed))
            await _cancel_in_order(scene, tally)
            await _cancel_all(scene, cancels - tally.faults, tally)
            tally.broken += await _all_at_once([scene.question()])
        if isinstance(transport, HttpxTransport):
            tally.broken += _lost(transport)
        for alone in (False, True):
            crowd = [scene.request(own_connection=alone) for _ in range(_SLOTS)]
            tally.broken += await _all_at_once(crowd)
        await transport.aclose()
        # But for the socket that listens; the server's side of a closed connection ends
        # a moment later.
        tally.broken += await _are_gone({**before, "files": before["files"] + 1})
    return tally


def _left() -> dict[str, int]:
    files = len(list(Path("/proc/self/fd").iterdir()))
    return {"tasks": len(asyncio.all_tasks()), "files": files}


async def _are_gone(before: dict[str, int]) -> list[str]:
    ends = time.monotonic() + _GONE_SECONDS
    while (left := _more(before)) and time.monotonic() < ends:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    return left


def _more(before: dict[str, int]) -> list[str]:
    now = _left()
    return [f"{now[k] - before[k]} {k} are left" for k in now if now[k] > before[k]]


async def _cancel_in_order(scene: _Scene, tally: Tally) -> None:
    """Cancel a request of its own at each of its first turns, in an idle loop."""
    # At one of them, and at no other moment, httpcore loses a new connection.
    for own_connection, turns in product((False, True), range(_FIRST_TURNS)):
        task = asyncio.ensure_future(scene.request(own_connection=own_connection))
        for _ in range(turns):
            await asyncio.sleep(0)
        tally.faults += task.cancel()
        await asyncio.wait((task,))


async def _cancel_all(scene: _Scene, cancels: int, tally: Tally) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(_cancel_many(scene, cancels // _AT_ONCE, tally))


async def _cancel_many(scene: _Scene, cancels: int, tally: Tally) -> None:
    for _ in range(cancels):
        task = asyncio.ensure_future(scene.work())
        await _moment(scene.dice)
        tally.faults += task.cancel()
        try:
            await task
        except (asyncio.CancelledError, NotSent, AnswerLost):
            continue


async def _moment(dice: random.Random) -> None:
    """Wait for a few turns of the loop, or for about as long as an answer takes."""
    if dice.random() < 0.5:
        for _ in range(dice.randrange(_FIRST_TURNS)):
            await asyncio.sleep(0)
    else:
        await asyncio.sleep(dice.random() * 1.5 * _SLOWEST_SECONDS)


async def _all_at_once(requests: list[Awaitable[object]]) -> list[str]:
    tasks = [asyncio.ensure_future(request) for request in requests]
    async with pauses() as paused:
        _, late = await asyncio.wait(tasks, timeout=_AT_ONCE_SECONDS)
        if late:
            # A machine that is busy with something else needs longer.
            _, late = await asyncio.wait(late, timeout=_TURNS * paused.longest)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late)
    failed = sum(task.cancelled() or task.exception() is not None for task in tasks)
    if not failed:
        return []
    return [f"{failed} of {len(tasks)} requests had no answer within a second"]


def _lost(transport: HttpxTransport) -> Iterator[str]:
    """Name what nobody uses and nobody can use, now that all requests have ended."""
    free = transport._shared._free._value
    if free != _SLOTS:
        yield f"{_SLOTS - free} slots are lost"
    for pools in (transport._shared, transport._single):
        lent = pools._pools.difference(*pools._idle.values())
        if lent:
            yield f"{len(lent)} requests are in a pool, and nobody waits for them"
    for pool in (*transport._shared._pools, *transport._single._pools):
        # What httpx's own pool believes is told nowhere outside.
        stuck = [
            connection
            for connection in getattr(pool.inner, "_pool").connections  # noqa: B009
            if not (connection.is_idle() or connection.is_closed())
        ]
        if stuck:
            yield f"{len(stuck)} connections are neither idle nor closed"


def _question(base_url: str, *, own_connection: bool) -> Request:
    account = callpass.Account(Secret("token"), "v3.0", base_url)
    operation = callpass.get_call_password_status(account, _CALL_ID)
    return evolve(operation.request, own_connection=own_connection)
