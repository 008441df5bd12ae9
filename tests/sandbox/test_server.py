from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from callauth.sandbox import CutBody, Hang, Latency, ResetAfter, Sandbox
from callauth.sandbox.server import serve

from .wire import PHONE

CALL = "/api/v1/voicemail?service_id=1234&secret_key=key&phone=79991234567"


@pytest.fixture(autouse=True)
def quiet_only_here() -> Iterator[None]:
    """Give uvicorn's loggers their levels back."""
    loggers = [logging.getLogger(f"uvicorn.{name}") for name in ("error", "access")]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture
async def served() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def web(served: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(served, port=0, on_started=started.set_result))
    async with asyncio.timeout(10):
        port = await started
    address = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
        yield client
        serving.cancel()
        async with asyncio.timeout(10):
            with pytest.raises(asyncio.CancelledError):
                await serving


async def until_received(sandbox: Sandbox) -> None:
    async with asyncio.timeout(10):
        while not sandbox.ledger.received("voicemail"):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.001)


async def test_the_sandbox_is_served_on_a_free_port(web: httpx.AsyncClient) -> None:
    """One round over real sockets."""
    assert (await web.get(CALL)).json()["id"] == 103001
    assert (await web.get("/control/ledger")).json()["entries"][1]["kind"] == "Ring"


async def test_a_dropped_connection_is_reset(
    web: httpx.AsyncClient, served: Sandbox
) -> None:
    """Not a byte comes back, and the phone rings all the same."""
    served.faults.add(ResetAfter())
    with pytest.raises(httpx.ReadError):
        await web.get(CALL)
    assert len(served.ledger.rings(PHONE)) == 1
    assert (await web.get(CALL)).status_code == 200


async def test_a_cut_answer_breaks_off(web: httpx.AsyncClient, served: Sandbox) -> None:
    """The client is promised more bytes than come."""
    served.faults.add(CutBody())
    with pytest.raises(httpx.RemoteProtocolError):
        await web.get(CALL)


async def test_a_server_stops_although_a_request_hangs(
    web: httpx.AsyncClient, served: Sandbox
) -> None:
    """A request that is never answered must not keep a program alive."""
    served.faults.add(Hang())
    hanging = asyncio.create_task(web.get(CALL))
    await until_received(served)
    hanging.add_done_callback(lambda task: task.cancelled() or task.exception())


@pytest.fixture
def handler() -> object:
    """Look who handles SIGTERM before the server starts."""
    return signal.getsignal(signal.SIGTERM)


async def test_signals_are_left_alone(handler: object, web: httpx.AsyncClient) -> None:
    """An embedded server must not take over its host's signals."""
    assert (await web.get("/")).status_code == 404
    assert signal.getsignal(signal.SIGTERM) is handler


async def test_a_dropped_connection_leaves_the_others_alone(
    web: httpx.AsyncClient, served: Sandbox
) -> None:
    """Only the client that was meant sees a reset."""
    served.faults.add(Latency(0.2))
    served.faults.add(ResetAfter())
    waiting = asyncio.create_task(web.get(CALL))
    await until_received(served)
    with pytest.raises(httpx.ReadError):
        await web.get(CALL)
    assert (await waiting).status_code == 200


async def test_a_server_stops_before_it_has_started(served: Sandbox) -> None:
    """Whoever cancels at once waits for nothing and leaves nothing behind."""
    serving = asyncio.create_task(serve(served, port=0))
    await asyncio.sleep(0)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert len(asyncio.all_tasks()) == 1


async def test_a_port_in_use_is_an_error(
    web: httpx.AsyncClient, served: Sandbox
) -> None:
    """Nothing is served silently elsewhere."""
    with pytest.raises(OSError, match="in use"):
        await serve(served, port=int(web.base_url.port or 0))
