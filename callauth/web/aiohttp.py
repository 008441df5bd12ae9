"""aiohttp: the routes in an application, and the phone that a browser has verified."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Unpack

from aiohttp import web

from ..models.outcome import Assurance
from ..models.phone import PhoneNumber
from ..models.secret import Secret
from ..verification.verifier import Verifier
from .answers import Answer, json_of, problem_headers
from .events import HEADERS, EventStream
from .operations import OPERATIONS, WEBHOOK_PATH, WEBHOOK_VERBS, Operation
from .page import PAGE_PATH, page_file
from .problems import Problem
from .request import WebRequest
from .service import HOLDS_SECONDS, Options, Service
from .site import require_prefix

SERVICE: web.AppKey[Service] = web.AppKey("callauth_service", Service)
"""Where the application keeps what answers."""

_ERRORS: dict[int, type[web.HTTPException]] = {
    401: web.HTTPUnauthorized,
    403: web.HTTPForbidden,
    503: web.HTTPServiceUnavailable,
}

Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]


def setup(
    app: web.Application,
    verifier: Verifier,
    *,
    secret: Secret,
    public_url: str,
    prefix: str = "",
    **options: Unpack[Options],
) -> web.Application:
    """Add the paths that ``callauth.web`` describes; return the application.

    ``prefix`` stands before each path, as "/api" does. The other settings are those of
    ``callauth.web.service.Service``. Raises ConfigurationError for one that is none.
    """
    require_prefix(prefix)
    service = Service(verifier, secret=secret, public_url=public_url, **options)
    app[SERVICE] = service
    for each in OPERATIONS:
        app.router.add_route(each.verb, prefix + each.path, _serve(service, each))
    for verb in WEBHOOK_VERBS:
        app.router.add_route(verb, prefix + WEBHOOK_PATH, _receive(service))
    app.router.add_get(f"{prefix}{PAGE_PATH}{{name:[^/]*}}", _page)
    app.cleanup_ctx.append(_opened)
    # Before the server waits for its connections to end.
    app.on_shutdown.append(_close)
    return app


async def verified_phone(
    request: web.Request,
    *,
    purpose: str | None = None,
    holds_seconds: float = HOLDS_SECONDS,
    assurance: Assurance | None = None,
) -> PhoneNumber:
    """Return the phone that this browser has verified.

    ``purpose`` is the first one of ``setup`` when left out. It holds ``holds_seconds``
    from the verification on. ``assurance="code"`` refuses what only a caller ID proved.

    Raises web.HTTPUnauthorized, HTTPForbidden or HTTPServiceUnavailable with a problem
    document, ConfigurationError for a purpose that no browser may ask for.
    """
    found = await request.config_dict[SERVICE].verified_phone(
        _web_request(request),
        purpose=purpose,
        holds_seconds=holds_seconds,
        assurance=assurance,
    )
    if isinstance(found, Problem):
        error = _ERRORS[found.status]()
        error.headers.update(problem_headers(found))
        error.body = json_of(found).encode()
        raise error
    return found


async def _opened(app: web.Application) -> AsyncIterator[None]:
    async with app[SERVICE].opened():
        yield


async def _close(app: web.Application) -> None:
    app[SERVICE].close()


def _serve(service: Service, operation: Operation) -> Serve:
    async def serve(request: web.Request) -> web.StreamResponse:
        attempt_id = request.match_info.get("id", "")
        answer = await operation.serve(service, _web_request(request), attempt_id)
        if isinstance(answer, EventStream):
            return await _streamed(request, answer)
        return _response(answer)

    return serve


def _receive(service: Service) -> Serve:
    async def receive(request: web.Request) -> web.StreamResponse:
        query = request.rel_url.raw_query_string
        answer = await service.receive(request.match_info["path"], query)
        return _response(answer)

    return receive


async def _page(request: web.Request) -> web.StreamResponse:
    return _response(page_file(request.match_info["name"]))


def _web_request(request: web.Request) -> WebRequest:
    return WebRequest.of(
        request.headers.items(),
        query=request.query,
        peer=request.remote,
        chunks=request.content.iter_any(),
        breaks=web.RequestPayloadError,
    )


def _response(answer: Answer) -> web.Response:
    headers = dict(answer.headers)
    return web.Response(body=answer.body, status=answer.status, headers=headers)


async def _streamed(request: web.Request, stream: EventStream) -> web.StreamResponse:
    response = web.StreamResponse(headers=dict(HEADERS))
    # The browser has left, most often.
    with suppress(ConnectionError):
        await response.prepare(request)
        async for chunk in stream.chunks():
            await response.write(chunk)
        await response.write_eof()
    return response
