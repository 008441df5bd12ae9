"""SandboxApp: the sandbox as a plain ASGI 3 application.

A server can do less than a wire. It cannot refuse a connection that already stands, so
"refused" becomes a dropped one. Dropping one is beyond ASGI: with ``abort``, as the
sandbox's own server gives it, the connection is reset; without, nothing is sent, of
which each server makes what it likes (uvicorn: an empty answer of HTTP 500).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol, TypeAlias
from urllib.parse import quote

from ..errors import ConfigurationError
from ..transport.port import Clock
from .agenda import Agenda
from .visit import Answered, Delivery, Late, Unanswered
from .wire import BODY_LIMIT, Arrival, Reply, html_reply

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Abort: TypeAlias = Callable[[Scope], None]
"""Drops the connection that a scope belongs to, without another byte."""


class Served(Protocol):
    """What is served: a sandbox, or something around one."""

    def asgi(self, *, abort: Abort | None = ...) -> App:
        """Return the application; ``abort`` drops the connection of a scope."""


class SandboxApp:
    """Answer HTTP requests from a sandbox, on its clock."""

    def __init__(
        self,
        *,
        deliver: Callable[[Arrival], Delivery],
        agenda: Agenda,
        clock: Clock,
        abort: Abort | None = None,
    ) -> None:
        self._deliver = deliver
        self._agenda = agenda
        self._clock = clock
        self._abort = abort

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection as ASGI demands.

        Raises ConfigurationError for anything but HTTP and the lifespan.
        """
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            raise ConfigurationError("expected an HTTP request")

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read(receive)
        if body is None:
            return
        if len(body) > BODY_LIMIT:
            await _answer(html_reply("413 Content Too Large", status=413), send)
            return
        delivery = self._deliver(_arrival(scope, body))
        if isinstance(delivery, Late):
            delivery = await self._arrive(delivery)
        if isinstance(delivery, Answered):
            if delivery.after_seconds:
                await self._clock.sleep(delivery.after_seconds)
            await _answer(delivery.reply, send, cut=delivery.cut)
            return
        if delivery is not Unanswered.SILENT:
            if self._abort is None:
                return
            self._abort(scope)
        await _until_gone(receive)

    async def _arrive(self, late: Late) -> Answered | Unanswered:
        # The agenda owns the arrival, so a client that leaves does not undo it.
        answers = self._agenda.promise(late.seconds, late.arrive)
        await self._clock.sleep(late.seconds)
        return answers[0] if answers else Unanswered.RESET


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _read(receive: Receive) -> bytes | None:
    body = b""
    more = True
    while more and len(body) <= BODY_LIMIT:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _answer(reply: Reply, send: Send, *, cut: bool = False) -> None:
    headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in reply.all_headers().items()
    ]
    start = {"type": "http.response.start", "status": reply.status, "headers": headers}
    await send(start)
    body = reply.body[: len(reply.body) // 2] if cut else reply.body
    # A body that never ends makes the server close the connection, short of what
    # Content-Length announced.
    await send({"type": "http.response.body", "body": body, "more_body": cut})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _arrival(scope: Scope, body: bytes) -> Arrival:
    raw_path = scope.get("raw_path")
    path = quote(scope["path"]) if raw_path is None else raw_path.decode("latin-1")
    client = scope.get("client")
    return Arrival(
        method=scope["method"],
        path=path,
        query=scope["query_string"].decode("latin-1"),
        headers={
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        },
        body=body,
        client=client[0] if client else "",
    )
