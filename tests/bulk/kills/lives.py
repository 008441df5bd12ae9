"""What a child process does: it runs, or goes on, until it is done or killed."""

from __future__ import annotations

import asyncio
import ssl
import traceback
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from multiprocessing.connection import Connection

from callauth import (
    CallPassClient,
    FlashCall,
    HttpxTransport,
    NeroTechClient,
    PollSchedule,
    ReverseCall,
    TelefonIPClient,
    Transport,
    VoiceOtp,
)
from callauth.bulk import BulkChannel, BulkRun, Source, SQLiteLedger
from tests.verification.kills.orders import Failed, Finished, Ready
from tests.verification.kills.steps import SteppedTransport, Steps

from .ledgers import LEDGERS
from .orders import Order, Resulted

_POLL = PollSchedule(first_seconds=0.01, longest_seconds=0.05)


def live(order: Order, reports: Connection) -> None:
    """Verify all numbers of the order, those that another process has left, too."""
    asyncio.run(_reported(order, reports))


async def _reported(order: Order, reports: Connection) -> None:
    steps = Steps(order.death)
    try:
        async with _channel(order, steps) as channel:
            reports.send(Ready())
            await _run(order, channel, steps, reports)
    except Exception:  # noqa: BLE001 - whatever it is, the judge must hear of it
        reports.send(Failed(traceback.format_exc()))
    else:
        reports.send(Finished(steps.count))


async def _run(
    order: Order, channel: BulkChannel, steps: Steps, reports: Connection
) -> None:
    run = BulkRun(
        _source(order),
        channel,
        ledger=LEDGERS[order.defect](SQLiteLedger(order.ledger), steps),
        concurrency=order.concurrency,
    )
    async with run:
        async for result in run:
            reports.send(Resulted(phone=result.phone, state=result.state))


def _source(order: Order) -> Source:
    return _one_by_one(order.texts) if order.one_by_one else order.texts


async def _one_by_one(texts: tuple[str, ...]) -> AsyncIterator[str]:
    for text in texts:
        yield text


@asynccontextmanager
async def _channel(order: Order, steps: Steps) -> AsyncIterator[BulkChannel]:
    # It trusts nobody, which is soon made; there is no TLS here.
    real = HttpxTransport(ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    transport = SteppedTransport(real, steps)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(real.aclose)
        yield await _opened(order, transport, stack)


async def _opened(
    order: Order, transport: Transport, stack: AsyncExitStack
) -> BulkChannel:
    opened = stack.enter_async_context
    api = f"{order.base}api/v1/"
    match order.kind:
        case "flash":
            callpass = CallPassClient(
                "token", base_url=order.base, transport=transport, poll=_POLL
            )
            return FlashCall(await opened(callpass))
        case "voice":
            nerotech = NeroTechClient(1234, "key", base_url=api, transport=transport)
            return VoiceOtp(await opened(nerotech))
    telefonip = TelefonIPClient(
        "token", base_url=f"{api}authcalls/", transport=transport, poll=_POLL
    )
    return ReverseCall(await opened(telefonip))
