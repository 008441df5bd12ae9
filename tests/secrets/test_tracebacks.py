"""Tracebacks that show the local variables of every frame, on every path of errors."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Mapping
from contextlib import suppress

import pytest

from callauth import CallAuthError, HttpxTransport, ManualClock, Sandbox
from callauth.sandbox import (
    CutBody,
    FastClock,
    Garbage,
    Hang,
    Latency,
    Refused,
    ResetAfter,
    ResetBefore,
    ServerError,
    TooMany,
)
from callauth.sandbox.faults import Fault
from tests.support.canaries import Canaries

from .conftest import Place
from .party import METHODS, Ask, Party, outcome_of
from .printers import TRACEBACKS, scan_outcome

_FAULTS: Mapping[str, Fault] = {
    "refused": Refused(),
    "reset before": ResetBefore(),
    "reset after": ResetAfter(),
    "cut body": CutBody(),
    "garbage": Garbage(),
    "502": ServerError(),
    "429": TooMany(),
    "hang": Hang(),
    "late": Latency(1000.0),
    "401": Garbage(status=401, body=b"{}"),
    "403 page": Garbage(status=403, body=b"<html>"),
}


@pytest.mark.parametrize("printer", TRACEBACKS)
@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("fault", _FAULTS)
async def test_no_traceback_of_a_fault_shows_a_canary(
    fault: str, name: str, printer: str, place: Place
) -> None:
    """An error tracker keeps the locals of every frame for months."""
    place.sandbox.faults.add(_FAULTS[fault], times=None)

    outcome = await outcome_of(METHODS[name], place.party)

    scan_outcome(place.party.canaries, printer, outcome)


def _echoes(canaries: Canaries) -> list[object]:
    """Return answers of a provider that repeats what it was asked."""
    key, phone = canaries.secret().reveal(), canaries.phone()
    pin, words = canaries.pin(4).reveal(), f"{key}: {phone.msisdn}, +{phone.msisdn}"
    return [
        words,
        {"status": False, "error": words},
        {"status": False, "error": 3, "message": words},
        {"status": True, "id": key, "code": pin},
        {"status": True, "id": 1, "code": [pin]},
        {"status": True, "service_phone": phone.msisdn + "0" * 5},
        {"success": False, "error": words, "data": {}},
        {"success": True, "error": words, "data": {"auth_phone": phone.msisdn}},
        {"success": True, "data": {"phone": key, "id": 1}},
        {"success": True, "data": {"auth_phone": key, "id": key}},
        {"status": "error", "message": words},
        {"status": "success", "message": words},
        {"status": "success", "data": {"result": "error", "message": words}},
        {"status": "success", "data": {"callid": words, "pin": pin}},
        {"status": "success", "data": {"callid": "1", "pin": pin + "0"}},
        {"status": "success", "data": {"callid": "1", "pin": pin, "phone": "4610"}},
        {words: words},
    ]


@pytest.mark.parametrize("printer", TRACEBACKS)
@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("status", [200, 400])
async def test_no_traceback_shows_what_a_provider_repeats(
    status: int, name: str, printer: str, place: Place
) -> None:
    """Web servers put the address of the request onto their error pages."""
    canaries = place.party.canaries
    for document in _echoes(canaries):
        place.sandbox.faults.clear()
        body = json.dumps(document).encode()
        place.sandbox.faults.add(Garbage(body=body, status=status), times=None)
        async with place.another_party() as party:
            outcome = await outcome_of(METHODS[name], party)
        scan_outcome(canaries, printer, outcome)


@pytest.mark.parametrize("printer", TRACEBACKS)
@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("steps", [1, 2, 5])
async def test_no_traceback_of_a_cancellation_shows_a_canary(
    steps: int, name: str, printer: str, place: Place
) -> None:
    """A web framework gives up, and reports where."""
    place.sandbox.faults.add(Hang(), times=None)
    asking = asyncio.ensure_future(METHODS[name](place.party))
    for _ in range(steps):
        await asyncio.sleep(0)

    asking.cancel()
    try:
        await asking
    except asyncio.CancelledError as error:
        scan_outcome(place.party.canaries, printer, error)

    assert asking.cancelled()


@pytest.mark.parametrize("printer", TRACEBACKS)
@pytest.mark.parametrize("name", METHODS)
async def test_no_traceback_of_a_closed_client_shows_a_canary(
    name: str, printer: str, place: Place
) -> None:
    """A shutdown is when requests come too late."""
    party = place.party
    for client in (party.nerotech, party.telefonip, party.callpass):
        await client.aclose()

    outcome = await outcome_of(METHODS[name], party)

    assert isinstance(outcome, CallAuthError)
    scan_outcome(party.canaries, printer, outcome)


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


async def _over_http(canaries: Canaries, ask: Ask, url: str) -> object:
    party = Party(canaries, FastClock(50.0), HttpxTransport(), url)
    async with party.opened():
        return await outcome_of(ask, party)


@pytest.mark.parametrize("printer", TRACEBACKS)
@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_traceback_of_a_closed_port_shows_a_canary(
    scheme: str, name: str, printer: str, canaries: Canaries
) -> None:
    """The frames of httpx hold the URL."""
    url = f"{scheme}://127.0.0.1:{_closed_port()}/"

    scan_outcome(canaries, printer, await _over_http(canaries, METHODS[name], url))


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with the request itself, which is no HTTP."""
    with suppress(ConnectionError):
        writer.write(await reader.readuntil(b"\r\n\r\n"))
        await writer.drain()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


@pytest.mark.parametrize("printer", TRACEBACKS)
@pytest.mark.parametrize("name", METHODS)
async def test_no_traceback_shows_a_request_that_is_sent_back(
    name: str, printer: str, canaries: Canaries
) -> None:
    """The parser's errors quote what could not be read."""
    async with await asyncio.start_server(_echo, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"

        scan_outcome(canaries, printer, await _over_http(canaries, METHODS[name], url))


@pytest.mark.parametrize("printer", TRACEBACKS)
async def test_a_traceback_would_show_a_canary(printer: str) -> None:
    """A check that cannot fail protects nobody."""
    planted = Canaries()

    async def ask(party: Party) -> None:
        url = f"https://host/{planted.secret().reveal()}"
        raise ValueError(len(url))

    async with Sandbox(clock=ManualClock()) as sandbox:
        party = Party(planted, sandbox.clock, sandbox.transport())
        outcome = await outcome_of(ask, party)

    scan_outcome(planted, printer, outcome)
    assert planted.take_leaks() != []
