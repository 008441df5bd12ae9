"""One run over many numbers in a process of its own, so that its memory is its own.

``python benchmarks/bulk_runs.py NAME ARGUMENTS`` prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Literal, TypeAlias

import httpx

from callauth import CallPassClient, FlashCall, PollSchedule, Sandbox, Transport
from callauth.bulk import BulkRun, MemoryLedger, SQLiteLedger
from callauth.cli.garbage import collected_rarely
from callauth.sandbox import Answer, Subscriber

Found: TypeAlias = dict[str, float]

SANDBOX_CHANNEL = "flash_call:callpass (sandbox)"
_TOKEN = "sandbox"
# Every phone is busy, which takes a second, so each call is asked about once.
_RING_SECONDS = 2
_ASKED_AFTER_SECONDS = 1.3
_IN_PROCESS_AT_ONCE = 3000
_REMEMBERED_SECONDS = 5.0
_START = "api/v3.0/start-call-password/"
_STATUS = "api/v3.0/get-call-password-status/"
_HEADERS = {"Authorization": f"Bearer {_TOKEN}", "Accept": "application/json"}


async def in_process(count: str, ledger: str) -> Found:
    """Settle so many numbers on a sandbox in this process."""
    async with Sandbox() as sandbox, _client(sandbox.transport()) as client:
        sandbox.network.default = Subscriber(answers=Answer.BUSY)
        # What the sandbox remembers of each call would count as memory of the run.
        sandbox.callpass.kept_seconds = _REMEMBERED_SECONDS
        forgetting = asyncio.create_task(_forget(sandbox))
        try:
            return await _measured(client, int(count), ledger, _IN_PROCESS_AT_ONCE)
        finally:
            forgetting.cancel()


async def _forget(sandbox: Sandbox) -> None:
    while True:
        await asyncio.sleep(_REMEMBERED_SECONDS)
        sandbox.ledger.forget(older_than_seconds=_REMEMBERED_SECONDS)


async def over_http(count: str, at_once: str, base_url: str, ledger: str) -> Found:
    """Settle so many numbers on a sandbox that listens somewhere."""
    async with _client("auto", base_url) as client:
        return await _measured(client, int(count), ledger, int(at_once))


async def by_hand_httpx(count: str, at_once: str, base_url: str) -> Found:
    """Do what a script would: gather, a semaphore and httpx, and write nothing down."""
    # As long as the server keeps them it would now and then use one just closed.
    limits = httpx.Limits(max_connections=int(at_once), keepalive_expiry=2)
    async with httpx.AsyncClient(
        base_url=base_url, headers=_HEADERS, limits=limits, timeout=None
    ) as http:

        async def ask(path: str, form: dict[str, str]) -> str:
            return (await http.post(path, data=form)).text

        return await _by_hand(int(count), int(at_once), ask)


async def by_hand_aiohttp(count: str, at_once: str, base_url: str) -> Found:
    """Do the same over aiohttp."""
    import aiohttp  # noqa: PLC0415 - only this one needs it

    connector = aiohttp.TCPConnector(limit=int(at_once))
    async with aiohttp.ClientSession(
        base_url, headers=_HEADERS, connector=connector
    ) as http:

        async def ask(path: str, form: dict[str, str]) -> str:
            async with http.post(path, data=form) as answer:
                return await answer.text()

        return await _by_hand(int(count), int(at_once), ask)


async def _by_hand(
    count: int,
    at_once: int,
    ask: Callable[[str, dict[str, str]], Awaitable[str]],
) -> Found:
    gate = asyncio.Semaphore(at_once)

    async def verify(number: str) -> None:
        async with gate:
            form = {"dn": number[1:], "timeout": str(_RING_SECONDS), "async": "1"}
            call = json.loads(await ask(_START, form))["data"]["callid"]
            await asyncio.sleep(_ASKED_AFTER_SECONDS)
            await ask(_STATUS, {"callid": call})

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*map(verify, numbers(count)))
    return _found(count, began, cpu)


async def _measured(
    client: CallPassClient, count: int, ledger: str, at_once: int
) -> Found:
    run = _run(client, count, ledger, at_once)
    began, cpu = time.perf_counter(), time.process_time()
    settled = [0 async for _ in run]
    assert len(settled) == count
    return _found(count, began, cpu)


def _run(client: CallPassClient, count: int, ledger: str, at_once: int) -> BulkRun:
    channel = FlashCall(client, ring_seconds=_RING_SECONDS)
    # So that the command can go on with it.
    channel.name = SANDBOX_CHANNEL
    return BulkRun(
        numbers(count),
        channel,
        ledger=MemoryLedger() if ledger == "none" else SQLiteLedger(ledger),
        concurrency=at_once,
    )


def _client(
    transport: Transport | Literal["auto"], base_url: str | None = None
) -> CallPassClient:
    poll = PollSchedule(
        first_seconds=_ASKED_AFTER_SECONDS,
        checks_per_second=1e6,
        checks_in_flight=1000,
    )
    return CallPassClient(_TOKEN, transport=transport, poll=poll, base_url=base_url)


def numbers(count: int) -> Iterator[str]:
    """Return so many different ones."""
    return (f"+7999{number:07}" for number in range(count))


def _found(count: int, began: float, cpu: float) -> Found:
    return {
        "numbers per second": count / (time.perf_counter() - began),
        "microseconds of CPU each": (time.process_time() - cpu) / count * 1e6,
        "megabytes at most": (
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        ),
    }


_RUNS: dict[str, Callable[..., Awaitable[Found]]] = {
    run.__name__: run for run in (in_process, over_http, by_hand_httpx, by_hand_aiohttp)
}


async def _main() -> None:
    logging.disable(logging.CRITICAL)
    name, *arguments = sys.argv[1:]
    # As the command line does.
    with collected_rarely():
        print(json.dumps(await _RUNS[name](*arguments)))


if __name__ == "__main__":
    asyncio.run(_main())
