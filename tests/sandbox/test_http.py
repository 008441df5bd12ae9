from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from callauth.errors import ConfigurationError
from callauth.sandbox import (
    CutBody,
    Fault,
    Garbage,
    Hang,
    Latency,
    Refused,
    ResetAfter,
    Sandbox,
    SandboxApp,
    ServerError,
    TooMany,
)
from callauth.sandbox.http import Message
from callauth.transport.clock import ManualClock

from .wire import FORM, PHONE, Json

CALL = "/api/v1/voicemail?service_id=1234&secret_key=key&phone=79991234567"


@pytest.fixture
async def web(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(sandbox.asgi(), client=("203.0.113.7", 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://box") as client:
        yield client


class Server:
    """Stand for a server: play one connection and keep what the app sent."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.sent: list[dict[str, Any]] = []
        self._messages = list(messages)

    async def receive(self) -> dict[str, Any]:
        if not self._messages:
            return {"type": "http.disconnect"}
        return self._messages.pop(0)

    async def send(self, message: Message) -> None:
        self.sent.append(dict(message))

    async def play(self, app: SandboxApp, **scope: Json) -> None:
        await app(scope, self.receive, self.send)


def call(**scope: Json) -> dict[str, Any]:
    path, _, query = CALL.partition("?")
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": query.encode(),
        "headers": [],
    } | scope


async def test_http_gives_what_the_transport_gives(
    web: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """Two doors, one sandbox."""
    response = await web.get(CALL)
    assert response.json()["id"] == 103001
    assert response.headers["content-type"] == "application/json"
    assert len(sandbox.ledger.rings(PHONE)) == 1


async def test_a_form_and_its_headers_arrive(
    web: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """Header names come in any case."""
    sandbox.callpass.allowed_ips = {"203.0.113.7"}
    response = await web.post(
        "/api/v3.0/start-call-password/",
        content=f"dn={PHONE.msisdn}&timeout=30&async=1",
        headers={"AUTHORIZATION": "Bearer token", "Content-TYPE": FORM},
    )
    assert response.json()["data"]["result"] == "null"


async def test_the_allow_list_sees_who_asks(
    web: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """Over HTTP every client has an address."""
    sandbox.callpass.allowed_ips = {"203.0.113.8"}
    assert (await web.post("/api/v3.0/start-call-password/")).status_code == 403


async def test_an_id_with_an_encoded_slash_stays_an_id(
    web: httpx.AsyncClient,
) -> None:
    """It must not climb to another endpoint."""
    path = "/api/v1/authcalls/t/reverse_auth_phone_check/1%2F..%2Fx"
    assert (await web.get(path)).json()["error"] == "id record not found"


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/api/v1.0/start-call-password/", FORM),
        ("/api/v1/authcalls/t/reverse_auth_phone_post", "application/json"),
        ("/control/reset", "application/json"),
    ],
)
async def test_a_body_that_is_not_utf_8_is_400(
    web: httpx.AsyncClient, path: str, content_type: str
) -> None:
    """Bytes that are no text are a mistake of the client's."""
    headers = {"Content-Type": content_type, "Authorization": "Bearer token"}
    response = await web.post(path, content=b"dn=\xff", headers=headers)
    assert response.status_code == 400


async def test_the_control_surface_is_served(
    web: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """A demonstration is moved from a browser or with curl."""
    response = await web.put("/control/subscribers/default", json={"types": "wrong"})
    assert response.json()["types"] == "wrong"
    assert sandbox.network.default.types.value == "wrong"


async def test_a_long_body_is_413(web: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """No provider would read it either."""
    response = await web.post("/api/v1/voicemail", content=b"x" * 70_000)
    assert response.status_code == 413
    assert len(sandbox.ledger) == 0


@pytest.mark.parametrize(
    ("fault", "status", "rings"),
    [
        (ServerError(status=503), 503, 0),
        (TooMany(9), 429, 0),
        (Garbage(), 200, 1),
        (Latency(30), 200, 1),
        (Latency(30, late_arrival=True), 200, 1),
    ],
)
async def test_faults_with_an_answer_are_answered(
    web: httpx.AsyncClient, sandbox: Sandbox, fault: Fault, status: int, rings: int
) -> None:
    """Whatever HTTP can carry, it carries."""
    sandbox.faults.add(fault)
    response = await web.get(CALL)
    assert response.status_code == status
    assert len(sandbox.ledger.rings(PHONE)) == rings


async def test_latency_takes_its_time_on_the_clock(
    web: httpx.AsyncClient, sandbox: Sandbox, clock: ManualClock
) -> None:
    """No second of the machine's is needed for it."""
    sandbox.faults.add(Latency(3000))
    await web.get(CALL)
    assert clock.monotonic() == 3000


async def test_a_cut_answer_announces_more_than_it_sends(sandbox: Sandbox) -> None:
    """The server then closes the connection in the middle of a body."""
    sandbox.faults.add(CutBody())
    server = Server({"type": "http.request"})
    await server.play(sandbox.asgi(), **call())
    start, body = server.sent
    announced = dict(start["headers"])[b"content-length"]
    assert len(body["body"]) < int(announced)
    assert body["more_body"] is True


@pytest.mark.parametrize("fault", [ResetAfter(), Refused()])
async def test_a_dropped_connection_sends_nothing(
    sandbox: Sandbox, fault: Fault
) -> None:
    """A server that cannot drop one makes of it what it likes."""
    sandbox.faults.add(fault)
    server = Server({"type": "http.request"})
    await server.play(sandbox.asgi(), **call())
    assert server.sent == []


async def test_a_server_that_can_drop_a_connection_is_asked_to(
    sandbox: Sandbox,
) -> None:
    """Then the client sees a reset."""
    dropped: list[Any] = []
    sandbox.faults.add(ResetAfter())
    server = Server({"type": "http.request"}, {"type": "http.request"})
    await server.play(sandbox.asgi(abort=dropped.append), **call())
    assert [scope["path"] for scope in dropped] == ["/api/v1/voicemail"]
    assert server.sent == []


async def test_a_hanging_request_ends_when_the_client_leaves(
    sandbox: Sandbox,
) -> None:
    """It keeps silent until then."""
    sandbox.faults.add(Hang(processed=True))
    server = Server({"type": "http.request"})
    await server.play(sandbox.asgi(), **call())
    assert server.sent == []
    assert len(sandbox.ledger.rings(PHONE)) == 1


async def test_a_request_that_never_fully_arrived_does_nothing(
    sandbox: Sandbox,
) -> None:
    """Half a request is no request."""
    server = Server({"type": "http.request", "body": b"dn=", "more_body": True})
    await server.play(sandbox.asgi(), **call())
    assert (server.sent, len(sandbox.ledger)) == ([], 0)


async def test_a_late_request_is_dropped_when_the_sandbox_is_reset(
    sandbox: Sandbox, clock: ManualClock
) -> None:
    """It was never processed, so there is no answer to it."""
    sandbox.faults.add(Latency(10, late_arrival=True))
    clock.call_later(5, sandbox.reset)
    server = Server({"type": "http.request"})
    await server.play(sandbox.asgi(), **call())
    assert (server.sent, len(sandbox.ledger)) == ([], 0)


async def test_a_late_request_is_processed_although_the_client_left(
    sandbox: Sandbox, clock: ManualClock
) -> None:
    """A server that cancels the application does not call the request back."""
    sandbox.faults.add(Latency(10, late_arrival=True))
    server = Server({"type": "http.request"})
    playing = asyncio.create_task(server.play(sandbox.asgi(), **call()))
    await asyncio.sleep(0)
    playing.cancel()
    await clock.advance(10)
    assert len(sandbox.ledger.rings(PHONE)) == 1


async def test_a_server_may_leave_the_raw_path_out(sandbox: Sandbox) -> None:
    """ASGI makes it optional, as it does the client's address."""
    server = Server({"type": "http.request"})
    await server.play(sandbox.asgi(), **call())
    assert json.loads(server.sent[1]["body"])["status"] is True


async def test_the_lifespan_is_acknowledged(sandbox: Sandbox) -> None:
    """Servers ask before the first request and after the last one."""
    server = Server({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    await server.play(sandbox.asgi(), type="lifespan")
    assert [message["type"] for message in server.sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


async def test_anything_else_is_refused(sandbox: Sandbox) -> None:
    """No provider speaks WebSocket."""
    with pytest.raises(ConfigurationError):
        await Server().play(sandbox.asgi(), type="websocket")
