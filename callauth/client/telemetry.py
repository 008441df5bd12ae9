"""Telemetry: spans of OpenTelemetry that hold no secret.

The instrumentation of httpx writes whole URLs into its spans, and those of the
providers carry keys and numbers. Wherever ``opentelemetry-instrumentation`` is
installed, callauth therefore keeps that instrumentation out of its own requests.
``TracedTransport`` makes spans of its own, with the URL's template in place of the URL.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from ..errors import ConfigurationError, TransportError
from ..protocol.message import Request, Response
from ..transport.port import Transport

try:
    from opentelemetry import trace
except ImportError:  # the extra is not installed
    IS_INSTALLED = False
else:
    IS_INSTALLED = True

uninstrumented: Callable[[], AbstractContextManager[None]]
"""Keep instrumentations of HTTP libraries out of what is done inside."""
try:
    from opentelemetry.instrumentation.utils import suppress_http_instrumentation
except ImportError:  # no instrumentation is installed
    uninstrumented = nullcontext
else:
    uninstrumented = suppress_http_instrumentation


class Send(Protocol):
    """The method of a transport that sends."""

    def __call__(
        self, request: Request, *, timeout_seconds: float
    ) -> Coroutine[Any, Any, Response]:
        """Return the answer."""


def without_spans(send: Send) -> Send:
    """Return the method such that no instrumentation sees what it does."""
    # Without any, as in most applications, there is nothing in between.
    if uninstrumented is nullcontext:
        return send

    async def unseen(request: Request, *, timeout_seconds: float) -> Response:
        with uninstrumented():
            return await send(request, timeout_seconds=timeout_seconds)

    return unseen


class TracedTransport:
    """Make one span per request that goes through another transport.

    A span is named ``nerotech voicemail`` and holds the method, the status, the URL's
    template and what went wrong: the class of the error, also of a foreign one or of a
    cancellation, but the text of our own only. Closing it closes the other transport.

    Raises ConfigurationError without the extra ``otel``.
    """

    def __init__(self, transport: Transport) -> None:
        if not IS_INSTALLED:
            raise ConfigurationError("expected the extra callauth[otel]")
        self._transport = transport
        self._tracer = trace.get_tracer("callauth")

    async def send(self, request: Request, *, timeout_seconds: float) -> Response:
        """Return the answer, whatever its status.

        Raises NotSent when certainly no byte left, AnswerLost in every other case.
        """
        with self._tracer.start_as_current_span(
            f"{request.provider} {request.operation}",
            kind=trace.SpanKind.CLIENT,
            attributes={
                "http.request.method": request.method,
                "url.template": request.template,
            },
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                response = await self._transport.send(
                    request, timeout_seconds=timeout_seconds
                )
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                # The text of any other error could hold the URL.
                clause = error.clause if isinstance(error, TransportError) else None
                span.set_status(trace.StatusCode.ERROR, clause)
                raise
            span.set_attribute("http.response.status_code", response.status)
            return response

    async def aclose(self) -> None:
        """Close the other transport, too."""
        await self._transport.aclose()
