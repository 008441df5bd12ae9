"""FastAPI: a router for the application, and a dependency for its other routes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, Unpack

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import TypeAdapter
from starlette.requests import ClientDisconnect

from ..models.outcome import Assurance
from ..models.phone import PhoneNumber
from ..models.secret import Secret
from ..verification.verifier import Verifier
from .answers import Answer, problem_headers
from .events import HEADERS, EventStream
from .openapi import described
from .operations import OPERATIONS, WEBHOOK_PATH, WEBHOOK_VERBS, Operation
from .page import PAGE_PATH, page_file
from .problems import Problem
from .request import WebRequest
from .service import HOLDS_SECONDS, Options, Service
from .stopping import when_server_stops

Endpoint: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]


class VerificationRouter(APIRouter):
    """Hold the routes of one service, and its lifespan."""

    def __init__(self, service: Service) -> None:
        super().__init__(lifespan=lambda _: _lifespan(service))
        self.service = service
        for each in OPERATIONS:
            self.add_api_route(
                each.path,
                _endpoint(service, each),
                response_class=JSONResponse if each.answers else Response,
                **described(each, lambda shape: TypeAdapter(shape).json_schema()),
            )
        self.add_api_route(
            WEBHOOK_PATH,
            _webhook(service),
            methods=list(WEBHOOK_VERBS),
            include_in_schema=False,
        )
        for path in (PAGE_PATH, f"{PAGE_PATH}{{name}}"):
            self.add_api_route(path, _page, include_in_schema=False)


def VerifiedPhone(  # noqa: N802 - reads as FastAPI's own Depends and Query do
    router: VerificationRouter,
    *,
    purpose: str | None = None,
    holds_seconds: float = HOLDS_SECONDS,
    assurance: Assurance | None = None,
) -> Callable[[Request], Coroutine[Any, Any, PhoneNumber]]:
    """Return a dependency: the phone that this browser has verified with the router.

    ``purpose`` is the router's first one when left out. It holds ``holds_seconds`` from
    the verification on. ``assurance="code"`` refuses what only a caller ID proved.

    Raises ConfigurationError for a purpose that no browser may ask the router for; the
    dependency raises HTTPException of 401, 403 or 503. Unless the application handles
    those itself, they are problem documents with a ``detail`` and nothing else.
    """
    service = router.service
    wanted = service.require_purpose(purpose)

    async def verified_phone(request: Request) -> PhoneNumber:
        found = await service.verified_phone(
            _web_request(request),
            purpose=wanted,
            holds_seconds=holds_seconds,
            assurance=assurance,
        )
        if isinstance(found, Problem):
            headers = problem_headers(found)
            raise HTTPException(found.status, found.detail, headers=headers)
        return found

    return verified_phone


def verification_router(
    verifier: Verifier,
    *,
    secret: Secret,
    public_url: str,
    **options: Unpack[Options],
) -> VerificationRouter:
    """Return a router with the paths that ``callauth.web`` describes.

    The settings are those of ``callauth.web.service.Service``. Raises
    ConfigurationError for one that is none.
    """
    service = Service(verifier, secret=secret, public_url=public_url, **options)
    return VerificationRouter(service)


def _endpoint(service: Service, operation: Operation) -> Endpoint:
    async def serve(request: Request) -> Response:
        attempt_id = request.path_params.get("id", "")
        return _response(
            await operation.serve(service, _web_request(request), attempt_id)
        )

    return serve


def _webhook(service: Service) -> Endpoint:
    async def receive(request: Request) -> Response:
        # The URL is made of the header Host, too, which may be none.
        query = request.scope["query_string"].decode("latin-1")
        return _response(await service.receive(request.path_params["path"], query))

    return receive


async def _page(request: Request) -> Response:
    return _response(page_file(request.path_params.get("name", "")))


def _web_request(request: Request) -> WebRequest:
    return WebRequest.of(
        request.headers.items(),
        query=request.query_params,
        peer=request.client.host if request.client else None,
        chunks=request.stream(),
        breaks=ClientDisconnect,
    )


def _response(answer: Answer | EventStream) -> Response:
    if isinstance(answer, EventStream):
        return StreamingResponse(answer.chunks(), headers=dict(HEADERS))
    return Response(answer.body, answer.status, dict(answer.headers))


@asynccontextmanager
async def _lifespan(service: Service) -> AsyncIterator[None]:
    async with service.opened():
        with when_server_stops(service.close):
            yield
