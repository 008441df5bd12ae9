"""WebApp: the page, its services and the played phone, as a plain ASGI 3 application.

It needs no web framework, since the services know none. It is meant for one visitor on
the machine that it runs on: whoever reaches the port sees every code.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import anyio

from ...errors import CallAuthError, ConfigurationError
from ...models.secret import Secret
from ...sandbox.http import Message, Receive, Scope, Send
from ...verification.verifier import Verifier
from ...web.answers import Answer
from ...web.events import HEADERS, EventStream
from ...web.operations import OPERATIONS, Operation
from ...web.page import PAGE_PATH, file_of, page_file
from ...web.problems import Refused
from ...web.request import WebRequest
from ...web.service import Service
from .phone import PlayedPhone

_STATIC = Path(__file__).parent / "static"
_FLOW = re.compile(r"/(?P<flow>[a-z]+)(?P<rest>/verification.*)")
_PHONE_PATHS = ("/phone", "/phone/calls")
_JSON = {"Content-Type": "application/json", "Cache-Control": "no-store"}


class WebApp:
    """Answer the requests of a browser at ``public_url``."""

    def __init__(
        self,
        verifiers: Mapping[str, Verifier],
        phone: PlayedPhone,
        *,
        secret: Secret,
        public_url: str,
    ) -> None:
        self._services = {
            flow: Service(verifier, secret=secret, public_url=public_url)
            for flow, verifier in verifiers.items()
        }
        self._phone = phone
        self._public_url = public_url

    def close(self) -> None:
        """End what browsers wait for."""
        for service in self._services.values():
            service.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request as ASGI demands."""
        request = WebRequest.of(
            ((k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"]),
            query=_query(scope),
            peer=None,
            chunks=_chunks(receive),
        )
        answer = await self._answer(scope["method"], scope["path"], request)
        if isinstance(answer, EventStream):
            await _stream(answer, receive, send)
            return
        await send(_start(answer.status, answer.headers))
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(
        self, verb: str, path: str, request: WebRequest
    ) -> Answer | EventStream:
        host = request.headers.get("host")
        if host != self._public_url.partition("://")[2]:
            # Cookies and origins are those of one name, and no other site's page may
            # reach the phone by a name of its own.
            return Answer(status=307, headers={"Location": self._public_url}, body=b"")
        if path in _PHONE_PATHS:
            return await self._played(verb, path, request)
        if found := _FLOW.fullmatch(path):
            return await self._served(verb, found["flow"], found["rest"], request)
        if verb == "GET":
            name = path.removeprefix("/")
            return file_of(_STATIC, name) or page_file(name)
        return _NOTHING

    async def _served(
        self, verb: str, flow: str, path: str, request: WebRequest
    ) -> Answer | EventStream:
        service = self._services.get(flow)
        if verb == "GET" and path.startswith(PAGE_PATH):
            return page_file(path.removeprefix(PAGE_PATH))
        for operation in OPERATIONS:
            found = _pattern(operation).fullmatch(path)
            if service is not None and operation.verb == verb and found:
                name = found.groupdict().get("id", "")
                return await operation.serve(service, request, name)
        return _NOTHING

    async def _played(self, verb: str, path: str, request: WebRequest) -> Answer:
        try:
            if (verb, path) == ("POST", "/phone/calls"):
                self._phone.dial(await request.fields(needed="number from"))
            elif (verb, path) == ("PUT", "/phone"):
                self._phone.behave(await request.fields(needed="answers"))
            elif (verb, path) != ("GET", "/phone"):
                return _NOTHING
        except (CallAuthError, Refused) as error:
            body = json.dumps({"error": str(error)}).encode()
            return Answer(status=400, headers=_JSON, body=body)
        body = json.dumps(self._phone.shown()).encode()
        return Answer(status=200, headers=_JSON, body=body)


_NOTHING = Answer(status=404, headers={"Content-Type": "text/plain"}, body=b"")


def _pattern(operation: Operation) -> re.Pattern[str]:
    return re.compile(operation.path.replace("{id}", "(?P<id>[^/]+)"))


def _query(scope: Scope) -> dict[str, str]:
    pairs = scope["query_string"].decode("latin-1").split("&")
    return dict(pair.partition("=")[::2] for pair in pairs if pair)


def _start(status: int, headers: Mapping[str, str]) -> Message:
    pairs = [(k.lower().encode(), v.encode("latin-1")) for k, v in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": pairs}


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConfigurationError("expected the whole body")
        yield message.get("body", b"")
        more = message.get("more_body", False)


async def _stream(stream: EventStream, receive: Receive, send: Send) -> None:
    await send(_start(200, HEADERS))
    async with anyio.create_task_group() as group:

        async def stop_when_left() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            group.cancel_scope.cancel()

        group.start_soon(stop_when_left)
        async for chunk in stream.chunks():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        group.cancel_scope.cancel()
