"""Sentry with its default settings: what would leave the machine."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator, Mapping

import httpx
import pytest
import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from callauth import HttpxTransport
from callauth.sandbox import (
    CutBody,
    FastClock,
    Garbage,
    Hang,
    Refused,
    ResetAfter,
    ServerError,
    TooMany,
)
from callauth.sandbox.faults import Fault
from tests.support.canaries import Canaries

from .conftest import Place
from .party import METHODS, Party, outcome_of


class _Outbox(Transport):
    """Keep the envelopes instead of sending them."""

    def __init__(self) -> None:
        super().__init__()
        self.envelopes: list[Envelope] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        """Keep it."""
        self.envelopes.append(envelope)

    def kinds(self) -> list[str]:
        """Return the kinds of what would have been sent."""
        return [str(item.type) for each in self.envelopes for item in each.items]

    def scan(self, canaries: Canaries) -> None:
        """Scan every byte of it."""
        for envelope in self.envelopes:
            canaries.scan(envelope.serialize(), "an envelope of Sentry")


@pytest.fixture
def outbox() -> Iterator[_Outbox]:
    """Start Sentry for one test."""
    hooks = sys.excepthook, threading.excepthook
    made = _Outbox()
    sentry_sdk.init(
        dsn="http://k@127.0.0.1:9/1", transport=made, traces_sample_rate=1.0
    )
    with sentry_sdk.isolation_scope():
        yield made
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)
    sentry_sdk.get_global_scope().clear()
    sys.excepthook, threading.excepthook = hooks


_FAULTS: Mapping[str, Fault | None] = {
    "nothing": None,
    "refused": Refused(),
    "reset after": ResetAfter(),
    "cut body": CutBody(),
    "garbage": Garbage(),
    "401": Garbage(status=401, body=b"{}"),
    "502": ServerError(),
    "429": TooMany(),
    "hang": Hang(),
}


async def _report(name: str, party: Party) -> None:
    """Ask within a transaction, and capture the error if there is one."""
    with sentry_sdk.start_transaction(name=name):
        outcome = await outcome_of(METHODS[name], party)
        sentry_sdk.add_breadcrumb(message=f"{outcome}")
        sentry_sdk.set_extra("outcome", outcome)
        if isinstance(outcome, Exception):
            sentry_sdk.capture_exception(outcome)


@pytest.mark.parametrize("fault", _FAULTS)
async def test_no_report_holds_a_canary(
    fault: str, place: Place, outbox: _Outbox
) -> None:
    """It sends the locals of every frame, and the last lines of the log."""
    planned = _FAULTS[fault]
    if planned is not None:
        place.sandbox.faults.add(planned, times=None)

    for name in METHODS:
        async with place.another_party() as party:
            await _report(name, party)

    outbox.scan(place.party.canaries)
    assert outbox.kinds().count("transaction") == len(METHODS)
    assert "event" in outbox.kinds()


async def test_no_report_over_http_holds_a_canary(
    far_place: Place, outbox: _Outbox
) -> None:
    """Its integration with httpx makes spans with whole URLs."""
    for name in METHODS:
        await _report(name, far_place.party)

    outbox.scan(far_place.party.canaries)
    assert outbox.kinds().count("transaction") == len(METHODS)


async def test_no_report_of_a_closed_port_holds_a_canary(
    canaries: Canaries, outbox: _Outbox
) -> None:
    """The frames of httpx hold the URL."""
    url = "http://127.0.0.1:9/"
    for name in METHODS:
        async with Party(
            canaries, FastClock(50.0), HttpxTransport(), url
        ).opened() as p:
            await _report(name, p)

    outbox.scan(canaries)
    assert "event" in outbox.kinds()


async def test_no_report_of_a_time_out_holds_a_canary(
    place: Place, outbox: _Outbox
) -> None:
    """The frames of the interrupted call are the cause of a TimeoutError."""
    place.sandbox.faults.add(Hang(), times=None)

    for ask in METHODS.values():
        try:
            async with asyncio.timeout(0):
                await ask(place.party)
        except TimeoutError as error:
            sentry_sdk.capture_exception(error)

    outbox.scan(place.party.canaries)
    assert outbox.kinds().count("event") == len(METHODS)


async def test_a_transaction_would_hold_a_canary(
    far_place: Place, outbox: _Outbox
) -> None:
    """A check that cannot fail protects nobody."""
    planted = Canaries()
    url = f"{far_place.party.base_url}x?key={planted.secret().reveal()}"
    with sentry_sdk.start_transaction(name="beside"):
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.get(url)

    outbox.scan(planted)

    assert outbox.kinds() == ["transaction"]
    assert planted.take_leaks() != []


def _refuse(url: str) -> None:
    raise ValueError(len(url))


def test_an_event_would_hold_a_canary(outbox: _Outbox) -> None:
    """The same, for the locals of a frame."""
    planted = Canaries()
    try:
        _refuse(planted.secret().reveal())
    except ValueError as error:
        sentry_sdk.capture_exception(error)

    outbox.scan(planted)

    assert outbox.kinds() == ["event"]
    assert planted.take_leaks() != []
