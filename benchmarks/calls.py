"""Calls per second of callauth over bare ``httpx.AsyncClient``, in one run.

A small server on loopback, in a process of its own, answers CallPass's status question.
Both clients ask it in turn, in interleaved rounds, with 1, 32 and 256 requests at once.
callauth runs with all its features on; the bare client only reads the JSON. A ratio
over 1 says that callauth is faster. Times of one machine mean little, ratios more.
"""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import platform
import statistics
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection

import httpx

from callauth import CallPassClient

AT_ONCE = (1, 32, 256)
ROUNDS = 5
CALLS = 1500
CALL_ID = "8f3b2c32-ea06-43d2-856f-2ae05d6f86c6"
_BODY = json.dumps(
    {"status": "success", "data": {"callid": CALL_ID, "result": "NORMAL_CLEARING"}}
).encode()
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
)


class Answers(asyncio.Protocol):
    """Answer every request of a connection, however it is cut into packets."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._unread = b""

    def data_received(self, received: bytes) -> None:
        self._unread += received
        ending = f"callid={CALL_ID}".encode()
        while ending in self._unread:
            _, _, self._unread = self._unread.partition(ending)
            assert isinstance(self._transport, asyncio.WriteTransport)
            self._transport.write(_ANSWER)


def serve(port_to: Connection) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Answers, "127.0.0.1", 0)
        port_to.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


async def rate(call: Callable[[], Awaitable[object]], at_once: int) -> float:
    """Return calls per second with that many on the way."""
    left = CALLS

    async def caller() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await call()

    await call()
    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(caller())
    return CALLS / (time.perf_counter() - started)


async def with_callauth(base_url: str, at_once: int) -> float:
    async with CallPassClient("benchmark", base_url=base_url) as client:
        return await rate(lambda: client.get_call_password_status(CALL_ID), at_once)


async def with_httpx(base_url: str, at_once: int) -> float:
    url = f"{base_url}api/v3.0/get-call-password-status/"
    async with httpx.AsyncClient(trust_env=False) as client:

        async def call() -> None:
            answer = await client.post(url, data={"callid": CALL_ID})
            assert answer.json()["data"]["result"] == "NORMAL_CLEARING"

        return await rate(call, at_once)


def ratios(base_url: str, at_once: int) -> list[float]:
    return [
        asyncio.run(with_callauth(base_url, at_once))
        / asyncio.run(with_httpx(base_url, at_once))
        for _ in range(ROUNDS)
    ]


def main() -> None:
    logging.disable(logging.CRITICAL)
    receiver, sender = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.Process(target=serve, args=(sender,), daemon=True)
    server.start()
    base_url = f"http://127.0.0.1:{receiver.recv()}/"
    print(f"Python {platform.python_version()}, httpx {httpx.__version__}")
    print("calls per second of callauth over bare httpx.AsyncClient (min median max)")
    try:
        for at_once in AT_ONCE:
            low, *_, high = found = sorted(ratios(base_url, at_once))
            middle = statistics.median(found)
            print(f"{at_once:4} at once: {low:.2f} {middle:.2f} {high:.2f}")
    finally:
        server.terminate()
        server.join()


if __name__ == "__main__":
    main()
