"""Spans of OpenTelemetry: those of httpx are kept out, and ours hold no secret."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from callauth import HttpxTransport, ProtocolError, TransportError
from callauth.client.telemetry import TracedTransport
from callauth.sandbox import (
    CutBody,
    Garbage,
    Hang,
    Received,
    Refused,
    ResetAfter,
    ResetBefore,
    ServerError,
)
from callauth.sandbox.faults import Fault
from tests.support.canaries import Canaries
from tests.support.operations import operations
from tests.support.refusals import refused

from .conftest import Place
from .party import METHODS, Party, outcome_of


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """Give all spans that end meanwhile; a provider can be set only once."""
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider()
        trace.set_tracer_provider(provider)
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield exporter
    exporter.shutdown()


@pytest.fixture
def _instrumented(spans: InMemorySpanExporter) -> Iterator[None]:
    instrumentor = HTTPXClientInstrumentor()
    instrumentor.instrument()
    yield
    instrumentor.uninstrument()


def _scanned(spans: InMemorySpanExporter, canaries: Canaries) -> list[ReadableSpan]:
    finished = list(spans.get_finished_spans())
    for span in finished:
        canaries.scan(span.to_json(), f"the span {span.name}")
    return finished


@pytest.mark.usefixtures("_instrumented")
async def test_no_request_of_a_client_has_a_span_of_httpx(
    far_place: Place, spans: InMemorySpanExporter
) -> None:
    """Its spans hold the whole URL, and with it the key and the number."""
    for ask in METHODS.values():
        await outcome_of(ask, far_place.party)

    assert len(far_place.sandbox.ledger.entries(Received)) >= len(METHODS)
    assert _scanned(spans, far_place.party.canaries) == []


@pytest.mark.usefixtures("_instrumented")
async def test_another_request_beside_them_has_a_span(
    far_place: Place, spans: InMemorySpanExporter
) -> None:
    """The application's own spans are its own affair, also after ours."""
    planted = Canaries()
    url = f"{far_place.party.base_url}x?key={planted.secret().reveal()}"

    async with httpx.AsyncClient(trust_env=False) as client:
        await client.get(url)
        await outcome_of(METHODS["voicemail"], far_place.party)
        await client.get(url)

    assert len(_scanned(spans, planted)) == 2
    assert planted.take_leaks() != []


@pytest.mark.usefixtures("_instrumented")
async def test_the_wait_for_an_answer_is_kept_out_as_well(
    far_place: Place, spans: InMemorySpanExporter
) -> None:
    """A time-out ends elsewhere than an answer."""
    far_place.sandbox.faults.add(Hang(), times=None)

    await outcome_of(METHODS["wait_call"], far_place.party)

    assert _scanned(spans, far_place.party.canaries) == []


def _traced(place: Place) -> Party:
    """Return a party of the same place whose requests have spans of ours."""
    party = place.party
    inner = TracedTransport(HttpxTransport())
    return Party(party.canaries, party.clock, inner, party.base_url)


@pytest.mark.usefixtures("_instrumented")
async def test_a_request_has_one_span_of_ours(
    far_place: Place, spans: InMemorySpanExporter
) -> None:
    """With the template where that of httpx has the URL."""
    async with _traced(far_place).opened() as party:
        for ask in METHODS.values():
            await outcome_of(ask, party)

    found = _scanned(spans, party.canaries)
    templates = _templates(party)
    assert {span.name for span in found} == templates.keys()
    assert len(found) == len(far_place.sandbox.ledger.entries(Received))
    for span in found:
        attributes = dict(span.attributes or {})
        method, template = templates[span.name]
        assert attributes.pop("http.response.status_code") in (200, 400)
        assert attributes == {
            "http.request.method": method,
            "url.template": template,
        }
        assert span.kind is trace.SpanKind.CLIENT
        assert span.status.status_code is trace.StatusCode.UNSET
        assert span.events == ()


def _templates(party: Party) -> dict[str, tuple[str, str]]:
    """Return the verb and the template of each span, at the party's own place."""
    hosts = (
        "https://api.nerotech.ru/",
        "https://api.telefon-ip.ru/",
        "https://api.callpass.sp-com.ru/",
    )
    found = {}
    for name, operation in operations(party.canaries).items():
        request = operation.request
        template = request.template
        for host in hosts:
            template = template.replace(host, party.base_url)
        if name not in ("test voicemail", "start v1.0", "start v2.0", "status v2.0"):
            found[f"{request.provider} {request.operation}"] = request.method, template
    return found


_LOST: list[tuple[Fault, str]] = [
    (ResetBefore(), "AnswerLost"),
    (ResetAfter(), "AnswerLost"),
    (CutBody(), "AnswerLost"),
]


@pytest.mark.parametrize(("fault", "kind"), _LOST)
async def test_a_span_says_what_went_wrong(
    fault: Fault, kind: str, far_place: Place, spans: InMemorySpanExporter
) -> None:
    """By the class of the error: its causes hold the URL."""
    far_place.sandbox.faults.add(fault)

    async with _traced(far_place).opened() as party:
        error = await outcome_of(METHODS["start_call_password"], party)

    (span,) = _scanned(spans, party.canaries)
    assert isinstance(error, TransportError)
    assert (span.attributes or {})["error.type"] == kind == type(error).__name__
    assert "http.response.status_code" not in (span.attributes or {})
    assert span.status.status_code is trace.StatusCode.ERROR
    assert span.status.description == error.clause
    assert span.events == ()


async def test_each_try_has_its_span(place: Place, spans: InMemorySpanExporter) -> None:
    """A retry is another request, with an end of its own."""
    inner = place.party.transport
    party = Party(place.party.canaries, place.party.clock, TracedTransport(inner))
    place.sandbox.faults.add(Refused())
    place.sandbox.faults.add(ServerError())

    async with party.opened():
        await party.nerotech.voicemail(party.phone)

    ends = [
        (span.attributes or {}).get(
            "error.type", (span.attributes or {}).get("http.response.status_code")
        )
        for span in _scanned(spans, party.canaries)
    ]
    assert ends == ["NotSent", 502, 200]


async def test_an_answer_outside_the_contract_is_an_answer(
    place: Place, spans: InMemorySpanExporter
) -> None:
    """The span is about the exchange; what it meant is read later."""
    inner = place.party.transport
    party = Party(place.party.canaries, place.party.clock, TracedTransport(inner))
    place.sandbox.faults.add(Garbage(body=party.canaries.secret().reveal().encode()))

    async with party.opened():
        with refused(ProtocolError):
            await party.callpass.start_call_password(party.phone)

    (span,) = _scanned(spans, party.canaries)
    assert (span.attributes or {})["http.response.status_code"] == 200


@pytest.mark.usefixtures("_instrumented")
async def test_our_spans_are_children_of_the_application_s(
    far_place: Place, spans: InMemorySpanExporter
) -> None:
    """A client's own task keeps the context of its caller."""
    tracer = trace.get_tracer("application")
    async with _traced(far_place).opened() as party:
        with tracer.start_as_current_span("sign-in") as parent:
            await party.telefonip.reverse_auth_phone_get(party.phone)

    ours, application = _scanned(spans, party.canaries)
    assert application.name == "sign-in"
    assert ours.parent is not None
    assert ours.parent.span_id == parent.get_span_context().span_id
