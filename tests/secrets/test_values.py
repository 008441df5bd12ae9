"""Printing any object is safe, whatever prints it."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

import callauth
from callauth import NeroTechClient, PhoneNumber, Pin, Secret
from callauth.sandbox import Hang, TooMany
from tests.support.canaries import Canaries
from tests.support.refusals import caught

from .conftest import Place
from .holders import HOLD_NOTHING, all_operations, holders
from .party import CLIENTS, METHODS, outcome_of
from .printers import PRINTERS
from .reached import reached_from

_KEEPS_A_SECRET = (
    "CallPassClient",
    "NeroTechClient",
    "PlacedCall",
    "Pin",
    "Request",
    "ScriptedTransport",
    "Secret",
    "TelefonIPClient",
    "VoiceCall",
)


def test_every_public_name_is_looked_at() -> None:
    """A new class must say whether it can hold a canary."""
    held = holders(Canaries()).keys()

    assert held | HOLD_NOTHING == set(callauth.__all__)
    assert not held & HOLD_NOTHING


@pytest.mark.parametrize("printer", PRINTERS)
def test_no_public_object_shows_what_it_holds(printer: str, canaries: Canaries) -> None:
    """Objects end up in logs, in error reports and on screens."""
    for name, each in holders(canaries).items():
        canaries.scan(PRINTERS[printer](each), f"{printer} of a {name}")


@pytest.mark.parametrize("printer", PRINTERS)
def test_no_operation_shows_what_it_asks(printer: str, canaries: Canaries) -> None:
    """It holds everything at once: key, number, pin and webhook."""
    for name, each in all_operations(canaries).items():
        canaries.scan(PRINTERS[printer](each), f"{printer} of {name}")


@pytest.mark.parametrize("printer", [name for name in PRINTERS if name != "vars"])
def test_a_printer_would_show_a_canary(printer: str) -> None:
    """A check that cannot fail protects nobody."""
    planted = Canaries()

    planted.scan(PRINTERS[printer]({"key": planted.secret().reveal()}))

    assert planted.take_leaks() != []


def test_vars_would_show_a_canary() -> None:
    """It looks at the attributes of an object."""
    planted = Canaries()

    planted.scan(PRINTERS["vars"](ValueError()) or "nothing")
    error = ValueError()
    vars(error)["key"] = planted.secret().reveal()
    planted.scan(PRINTERS["vars"](error))

    assert len(planted.take_leaks()) == 1


def test_a_format_that_is_not_known_shows_nothing(canaries: Canaries) -> None:
    """Padding a column is a usual wish."""
    made = (canaries.phone(), canaries.pin(), canaries.secret())

    for each in made:
        canaries.scan(str(caught(partial(format, each, ">40"), TypeError)))


@pytest.mark.parametrize("name", _KEEPS_A_SECRET)
@pytest.mark.parametrize("copied", [pickle.dumps, copy.deepcopy])
def test_what_keeps_a_secret_is_not_copied(
    copied: Any,  # noqa: ANN401 - of several signatures
    name: str,
    canaries: Canaries,
) -> None:
    """A pickle is a file or a message with the key in clear."""
    holder = holders(canaries)[name]

    said = caught(lambda: copied(holder), TypeError, AttributeError)

    assert isinstance(said, TypeError | AttributeError)


@pytest.mark.parametrize("name", METHODS)
async def test_an_error_travels_to_another_process_without_a_canary(
    name: str, place: Place
) -> None:
    """Workers hand their errors to the process that started them."""
    place.sandbox.faults.add(TooMany(), times=None)
    outcome = await outcome_of(METHODS[name], place.party)

    sent = pickle.dumps(outcome if isinstance(outcome, Exception) else None)
    received = pickle.loads(sent)

    place.party.canaries.scan(sent, "a pickled error")
    if received is not None:
        assert type(received) is type(outcome)
        assert (str(received), vars(received)) == (str(outcome), vars(outcome))


def _shown(value: object) -> Iterator[str]:
    for part in reached_from(value):
        if isinstance(part, bytes | bytearray):
            yield part.decode("utf-8", "replace")
        else:
            yield part if isinstance(part, str) else repr(part)


@pytest.mark.parametrize("client", CLIENTS)
async def test_nothing_that_hangs_on_a_client_shows_its_key(
    client: type[NeroTechClient], place: Place
) -> None:
    """A debugger walks through all of it."""
    party = place.party
    for ask in METHODS.values():
        await outcome_of(ask, party)
    asked = (party.nerotech, party.telefonip, party.callpass)
    (mine,) = (each for each in asked if isinstance(each, client))

    for text in _shown(mine):
        party.canaries.scan(text, "something that hangs on a client")


async def test_nothing_that_hangs_on_a_waiting_client_shows_its_key(
    place: Place,
) -> None:
    """Requests on their way, waits and what is planned for later are among it."""
    party = place.party
    place.sandbox.faults.add(Hang(), times=None)
    asking = [asyncio.ensure_future(outcome_of(a, party)) for a in METHODS.values()]
    for _ in range(5):
        await asyncio.sleep(0)

    for client in (party.nerotech, party.telefonip, party.callpass):
        for text in _shown(client):
            party.canaries.scan(text, "something that hangs on a client")

    assert any(not each.done() for each in asking)
    await asyncio.wait(asking)


async def test_nothing_stays_in_a_transport(far_place: Place) -> None:
    """Connections are kept, and what went through them is not."""
    party = far_place.party
    for ask in METHODS.values():
        await outcome_of(ask, party)

    for text in _shown(party.transport):
        party.canaries.scan(text, "something that hangs on a transport")


async def test_the_walk_comes_to_everything(place: Place) -> None:
    """A check that cannot fail protects nobody."""
    reached = list(reached_from(place.party.nerotech))

    kinds = {type(each) for each in reached}
    assert {Secret, type(place.sandbox.transport())} <= kinds
    assert len(reached) > 50


def test_the_walk_does_not_open_what_is_closed(canaries: Canaries) -> None:
    """What these three hold they hold by right."""
    held = [canaries.phone(), canaries.pin(), canaries.secret()]

    kinds = {type(each) for each in reached_from(held)}
    assert kinds == {list, PhoneNumber, Pin, Secret}


def test_the_walk_finds_the_key_of_a_closure() -> None:
    """Readers and hooks are closures."""
    key = "a key"

    def asks() -> str:
        return key

    assert key in list(reached_from([asks]))


async def test_the_walk_comes_to_the_pools_of_a_transport(far_place: Place) -> None:
    """They are where bytes could stay."""
    party = far_place.party
    await outcome_of(METHODS["get_call_password_status"], party)

    kinds = {type(each).__name__ for each in reached_from(party.transport)}

    assert kinds & {"AsyncConnectionPool", "TCPConnector", "Pool"}
    assert kinds & {"AsyncHTTPConnection", "ResponseHandler", "Connection"}
