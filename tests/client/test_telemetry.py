"""Spans: one per request, and no secret in any of them."""

from __future__ import annotations

import asyncio
import sys
from importlib.util import module_from_spec, spec_from_file_location

import pytest
from opentelemetry import context, trace
from opentelemetry.context import (
    _SUPPRESS_HTTP_INSTRUMENTATION_KEY as SUPPRESSED,
)
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from callauth import AnswerLost, ConfigurationError, Request, Response
from callauth.client import telemetry
from callauth.client.telemetry import TracedTransport
from callauth.sandbox import ResetAfter
from tests.support.refusals import refused

from .wire import Wire
from .world import World

_EXPORTER = InMemorySpanExporter()


@pytest.fixture(scope="module", autouse=True)
def _provider() -> None:
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider()
        trace.set_tracer_provider(provider)
    provider.add_span_processor(SimpleSpanProcessor(_EXPORTER))


def _spans(world: World) -> list[ReadableSpan]:
    spans = list(_EXPORTER.get_finished_spans())
    _EXPORTER.clear()
    for span in spans:
        world.canaries.scan(span.to_json(), "a span")
    return spans


async def test_a_span_shows_the_template_and_not_the_url(world: World) -> None:
    """Keys and numbers of the URL stay out of everybody's dashboards."""
    _EXPORTER.clear()
    async with world.nerotech(transport=TracedTransport(world.wire)) as client:
        await client.voicemail(world.phone())

    (span,) = _spans(world)
    assert span.name == "nerotech voicemail"
    assert span.kind is trace.SpanKind.CLIENT
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "url.template": (
            "https://api.nerotech.ru/api/v1/voicemail?service_id={service_id}"
            "&secret_key={secret_key}&phone={phone}&idempotency_key={idempotency_key}"
        ),
        "http.response.status_code": 200,
    }


async def test_a_lost_answer_is_an_error_of_its_span(world: World) -> None:
    """Each try has a span of its own."""
    _EXPORTER.clear()
    world.sandbox.faults.add(ResetAfter())
    async with world.callpass(transport=TracedTransport(world.wire)) as client:
        with refused(AnswerLost):
            await client.start_call_password(world.phone())

    (span,) = _spans(world)
    assert (span.attributes or {})["error.type"] == "AnswerLost"
    assert span.status.status_code is trace.StatusCode.ERROR
    assert span.events == ()


class _Raising:
    def __init__(self, error: BaseException) -> None:
        self._error = error

    async def send(self, request: Request, *, timeout_seconds: float) -> Response:
        raise self._error

    async def aclose(self) -> None:
        """Close nothing."""


@pytest.mark.parametrize("kind", [TypeError, asyncio.CancelledError])
async def test_whatever_ends_a_request_is_an_error_of_its_span(
    kind: type[BaseException], world: World
) -> None:
    """A span without an error passes for a success; a foreign text may hold the URL."""
    _EXPORTER.clear()
    traced = TracedTransport(_Raising(kind(world.canaries.secret().reveal())))
    async with world.callpass(transport=traced) as client:
        with refused(AnswerLost):
            await client.start_call_password(world.phone())

    (span,) = _spans(world)
    assert (span.attributes or {})["error.type"] == kind.__name__
    assert span.status.status_code is trace.StatusCode.ERROR
    assert span.status.description is None
    assert span.events == ()


async def test_other_instrumentations_are_kept_out(world: World) -> None:
    """That of httpx writes whole URLs into its spans."""
    seen: list[object] = []

    class Looking(Wire):
        async def send(self, request: Request, *, timeout_seconds: float) -> Response:
            seen.append(context.get_value(SUPPRESSED))
            return await super().send(request, timeout_seconds=timeout_seconds)

    looking = Looking(world.wire, world.clock)
    async with world.telefonip(transport=looking) as client:
        await client.reverse_auth_phone_get(world.phone())

    assert seen == [True]
    assert context.get_value(SUPPRESSED) is None


async def test_closing_it_closes_the_other_transport(world: World) -> None:
    """Whoever wraps a transport hands it over."""
    await TracedTransport(world.wire).aclose()

    assert world.wire.closed == 1


def test_without_the_extra_there_are_no_spans_and_no_failures(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    """Most applications have no OpenTelemetry; they notice nothing."""
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    spec = spec_from_file_location("callauth.client.bare", telemetry.__file__)
    assert spec is not None
    assert spec.loader is not None
    bare = module_from_spec(spec)
    spec.loader.exec_module(bare)

    with bare.uninstrumented():
        pass
    with refused(ConfigurationError, match="callauth.otel"):
        bare.TracedTransport(world.wire)
