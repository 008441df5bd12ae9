"""Tracebacks that show the local variables of every frame, on every path of errors."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from callauth import (
    CallAuthError,
    CallPassClient,
    HttpxTransport,
    ManualClock,
    NeroTechClient,
    NumberLease,
    PhoneNumber,
    Pin,
    Sandbox,
    Secret,
    TelefonIPClient,
    parse_webhook,
)
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
from .printers import TRACEBACKS

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


def _scan(canaries: Canaries, printer: str, outcome: object) -> None:
    """Scan what a tool shows of an error, or of a result that came instead."""
    canaries.scan(f"{outcome} {outcome!r}", "an outcome")
    if isinstance(outcome, BaseException):
        for text in TRACEBACKS[printer](outcome):
            canaries.scan(text, f"{printer} of {type(outcome).__name__}")
        canaries.watch(outcome)


@pytest.mark.parametrize("printer", TRACEBACKS)
@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("fault", _FAULTS)
async def test_no_traceback_of_a_fault_shows_a_canary(
    fault: str, name: str, printer: str, place: Place
) -> None:
    """An error tracker keeps the locals of every frame for months."""
    place.sandbox.faults.add(_FAULTS[fault], times=None)

    outcome = await outcome_of(METHODS[name], place.party)

    _scan(place.party.canaries, printer, outcome)


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

        _scan(canaries, printer, await outcome_of(METHODS[name], place.party))


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
        _scan(place.party.canaries, printer, error)

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
    _scan(party.canaries, printer, outcome)


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

    _scan(canaries, printer, await _over_http(canaries, METHODS[name], url))


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

        _scan(canaries, printer, await _over_http(canaries, METHODS[name], url))


# Refused as they stand: the canary is in an argument. No frame of these functions keeps
# it: what a traceback shows was kept by callauth.
_REFUSED: Mapping[str, Callable[[Canaries], object]] = {
    "a key with a newline": lambda c: NeroTechClient(1, _key(c) + "\n"),
    "a key as a Secret": lambda c: NeroTechClient(1, Secret(_key(c) + " ")),
    "a key as bytes": lambda c: NeroTechClient(1, _any(_key(c).encode())),
    "a key for the id": lambda c: NeroTechClient(_key(c), "key"),
    "a key, a wrong id": lambda c: NeroTechClient(-1, _key(c)),
    "a key, a wrong URL": lambda c: NeroTechClient(1, _key(c), base_url="ftp://x"),
    "a key, a misspelt option": lambda c: _any(NeroTechClient)(1, _key(c), retries=3),
    "a key, a wrong policy": lambda c: NeroTechClient(1, _key(c), hooks=_any(5)),
    "a URL with a password": lambda c: NeroTechClient(
        1, "key", base_url=f"https://user:{_key(c)}@host/"
    ),
    "a token with a blank": lambda c: TelefonIPClient(_key(c) + " x"),
    "a token, a wrong encoding": lambda c: TelefonIPClient(
        _key(c), post_encoding=_any("xml")
    ),
    "a token, a misspelt option": lambda c: _any(TelefonIPClient)(_key(c), retries=3),
    "a token that is not ASCII": lambda c: CallPassClient(_key(c) + "é"),
    "a token, a wrong version": lambda c: CallPassClient(_key(c), version=_any("v9")),
    "a token with a version, a misspelt option": lambda c: _any(CallPassClient)(
        _key(c), version="v2.0", retries=3
    ),
    "a proxy with a password": lambda c: HttpxTransport(
        proxy=f"http://user:{_key(c)}@host:port/"
    ),
    "an unknown proxy": lambda c: HttpxTransport(proxy=f"nothing://{_key(c)}@host"),
    "a phone to be parsed": lambda c: PhoneNumber.parse(c.text_phone() + "0"),
    "a phone with words": lambda c: PhoneNumber.parse(f"call {c.text_phone()} now"),
    "a phone of a region": lambda c: PhoneNumber.parse(c.text_phone(), region="XX"),
    "a phone without a plus": lambda c: PhoneNumber(c.phone().msisdn),
    "a pin that is too long": lambda c: Pin(_key(c)),
    "a pin with a blank": lambda c: Pin(f" {c.pin().reveal()}"),
    "a Secret as bytes": lambda c: Secret.of(_any(_key(c).encode())),
    "a webhook": lambda c: parse_webhook(f"success=1&phone={c.phone().national}&id=1"),
}


def _key(canaries: Canaries) -> str:
    return canaries.secret().reveal()


def _any(value: object) -> Any:  # noqa: ANN401 - what a type checker would refuse
    return value


def _error_of(make: Callable[[], object]) -> Exception | None:
    try:
        make()
    except Exception as error:  # noqa: BLE001 - whatever comes is to be scanned
        return error
    return None


@pytest.mark.parametrize("printer", TRACEBACKS)
@pytest.mark.parametrize("name", _REFUSED)
async def test_no_refusal_of_an_argument_shows_it(
    name: str, printer: str, canaries: Canaries
) -> None:
    """A key with a newline at its end is the first mistake that people make."""
    error = _error_of(partial(_REFUSED[name], canaries))

    assert error is not None
    _scan(canaries, printer, error)


_SETTINGS: Mapping[str, tuple[type[Any], dict[str, str]]] = {
    "service_id": (
        NeroTechClient,
        {"NEROTECH_SERVICE_ID": "x", "NEROTECH_SECRET_KEY": "canary"},
    ),
    "nerotech base URL": (
        NeroTechClient,
        {
            "NEROTECH_SERVICE_ID": "1",
            "NEROTECH_SECRET_KEY": "canary",
            "NEROTECH_BASE_URL": "ftp://x",
        },
    ),
    "telefonip base URL": (
        TelefonIPClient,
        {"TELEFONIP_TOKEN": "canary", "TELEFONIP_BASE_URL": "x"},
    ),
    "token": (TelefonIPClient, {"TELEFONIP_TOKEN": "canary canary"}),
    "version": (
        CallPassClient,
        {"CALLPASS_TOKEN": "canary", "CALLPASS_VERSION": "v9"},
    ),
    "one is missing": (NeroTechClient, {"NEROTECH_SECRET_KEY": "canary"}),
}


@pytest.mark.parametrize("printer", TRACEBACKS)
@pytest.mark.parametrize("name", _SETTINGS)
def test_no_refusal_of_the_environment_shows_it(
    name: str, printer: str, canaries: Canaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that does not start is reported with all that it knows."""
    client, variables = _SETTINGS[name]
    for variable, value in variables.items():
        key = f"CALLAUTH_{variable}"
        monkeypatch.setenv(key, value.replace("canary", _key(canaries)))

    error = _error_of(client.from_env)

    assert isinstance(error, CallAuthError)
    _scan(canaries, printer, error)


# Asked of an open client, and refused before anything is sent.
_WRONGLY_ASKED: Mapping[str, Callable[[Party], Awaitable[object]]] = {
    "voicemail of a text": lambda p: p.nerotech.voicemail(_any(_phone(p))),
    "voicemail with a key that is too long": lambda p: p.nerotech.voicemail(
        p.phone, idempotency_key=_key(p.canaries) * 9
    ),
    "check_code of a long code": lambda p: p.nerotech.check_code(
        "1", p.canaries.pin(7).reveal()
    ),
    "check_code of words": lambda p: p.nerotech.check_code("1", _key(p.canaries)),
    "check_code of another id": lambda p: p.nerotech.check_code(
        _key(p.canaries), p.canaries.pin(4)
    ),
    "incoming_init of a text": lambda p: p.nerotech.incoming_init(_any(_phone(p))),
    "get of a text": lambda p: p.telefonip.reverse_auth_phone_get(_any(_phone(p))),
    "post of a text": lambda p: p.telefonip.reverse_auth_phone_post(
        _any(_phone(p)), webhook="https://app.example/"
    ),
    "post with a query": lambda p: p.telefonip.reverse_auth_phone_post(
        p.phone, webhook=f"https://app.example/?{_key(p.canaries)}"
    ),
    "post without TLS": lambda p: p.telefonip.reverse_auth_phone_post(
        p.phone, webhook=f"http://app.example/{_key(p.canaries)}"
    ),
    "post abroad": lambda p: p.telefonip.reverse_auth_phone_post(
        PhoneNumber("+442079460018"), webhook=f"https://app.example/{_key(p.canaries)}"
    ),
    "start of a text": lambda p: p.callpass.start_call_password(_any(_phone(p))),
    "start with a wrong timeout": lambda p: p.callpass.start_call_password(
        p.phone, timeout_seconds=1
    ),
    "status of a wrong id": lambda p: p.callpass.get_call_password_status(
        f"{_key(p.canaries)} {_key(p.canaries)}"
    ),
    "check of a lease without an id": lambda p: p.telefonip.reverse_auth_phone_check(
        _without_id(p.lease())
    ),
    "a misspelt option": lambda p: _any(p.telefonip.reverse_auth_phone_post)(
        p.phone, webhook=f"https://app.example/{_key(p.canaries)}", retries=3
    ),
    "verify of a text": lambda p: p.nerotech.incoming_verify(_any(_phone(p))),
    "wait_incoming of a text": lambda p: p.nerotech.wait_incoming(_any(_phone(p))),
    "check of a text": lambda p: p.telefonip.reverse_auth_phone_check(_any(_phone(p))),
    "wait_call of a text": lambda p: p.telefonip.wait_call(_any(_phone(p))),
    "wait_status of a text": lambda p: p.callpass.wait_status(_any(_phone(p))),
}


def _phone(party: Party) -> str:
    return party.canaries.phone().e164


def _without_id(lease: NumberLease) -> NumberLease:
    return NumberLease(
        number=lease.number,
        user=lease.user,
        leased_at=lease.leased_at,
        expires_at=lease.expires_at,
    )


@pytest.mark.parametrize("printer", TRACEBACKS)
@pytest.mark.parametrize("name", _WRONGLY_ASKED)
async def test_no_refusal_of_a_question_shows_it(
    name: str, printer: str, place: Place
) -> None:
    """The number that a visitor typed goes to nobody but the provider."""
    outcome = await outcome_of(_WRONGLY_ASKED[name], place.party)

    assert isinstance(outcome, CallAuthError | TypeError)
    assert len(place.sandbox.ledger) == 0
    _scan(place.party.canaries, printer, outcome)


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

    _scan(planted, printer, outcome)
    assert planted.take_leaks() != []
