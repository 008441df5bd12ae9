"""asyncio's debug mode logs every slow step, with all that is printed of it."""

from __future__ import annotations

import asyncio
import logging
import reprlib
from collections.abc import AsyncIterator

import pytest

from callauth.sandbox import Garbage, Hang, ResetAfter, ServerError
from callauth.sandbox.faults import Fault
from tests.support.canaries import Canaries

from .conftest import Place
from .party import METHODS, outcome_of

_FAULTS: list[Fault | None] = [None, Garbage(), Hang(), ResetAfter(), ServerError()]


@pytest.fixture
async def _debugging(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[None]:
    # It shortens what it prints to 30 characters, in which half a key is easily missed.
    for limit in ("maxstring", "maxother"):
        monkeypatch.setattr(reprlib.aRepr, limit, 10_000)
    loop = asyncio.get_running_loop()
    slow = loop.slow_callback_duration
    caplog.set_level(logging.DEBUG, "asyncio")
    loop.slow_callback_duration = 0
    loop.set_debug(True)
    yield
    loop.set_debug(False)
    loop.slow_callback_duration = slow


def _lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the debug mode said."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "asyncio" and record.msg == "Executing %s took %.3f seconds"
    ]


@pytest.mark.usefixtures("_debugging")
@pytest.mark.parametrize("fault", _FAULTS, ids=lambda fault: type(fault).__name__)
async def test_no_slow_step_shows_a_canary(
    fault: Fault | None, place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    """It prints the arguments of callbacks and the results of tasks."""
    if fault is not None:
        place.sandbox.faults.add(fault, times=None)

    for ask in METHODS.values():
        async with place.another_party() as party:
            await outcome_of(ask, party)

    assert len(_lines(caplog)) > 100
    for line in _lines(caplog):
        place.party.canaries.scan(line, "asyncio's log")


@pytest.mark.usefixtures("_debugging")
async def test_no_slow_step_over_http_shows_a_canary(
    far_place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    """Here the steps of sockets are among them."""
    for ask in METHODS.values():
        await outcome_of(ask, far_place.party)
        await asyncio.sleep(0)

    assert any("_SelectorSocketTransport" in line for line in _lines(caplog))
    for line in _lines(caplog):
        far_place.party.canaries.scan(line, "asyncio's log")


@pytest.mark.usefixtures("_debugging")
async def test_no_interrupted_request_shows_a_canary(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    """A cancelled task is printed with what it waits for."""
    place.sandbox.faults.add(Hang(), times=None)
    for ask in METHODS.values():
        asking = asyncio.ensure_future(ask(place.party))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait((asking,))

    assert len(_lines(caplog)) > 100
    for line in _lines(caplog):
        place.party.canaries.scan(line, "asyncio's log")


@pytest.mark.usefixtures("_debugging")
async def test_a_slow_step_would_show_a_canary(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A check that cannot fail protects nobody."""
    key = Canaries().secret().reveal()
    asyncio.get_running_loop().call_soon(Canaries.scan, Canaries(), key)

    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert any(key in line for line in _lines(caplog))
