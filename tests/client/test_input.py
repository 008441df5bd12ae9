"""What is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from callauth import (
    CallPassClient,
    ConfigurationError,
    InvalidPhoneNumber,
    NeroTechClient,
    PhoneNumber,
    TelefonIPClient,
)
from callauth.protocol.callpass import Version
from tests.support.refusals import refused

from .world import World

_PHONE = PhoneNumber("+79991234567")

_Bad = Callable[[World, str], Awaitable[object]]


async def _nerotech(world: World, ask: Callable[[NeroTechClient], Any]) -> object:
    async with world.nerotech() as client:
        return await ask(client)


async def _telefonip(world: World, ask: Callable[[TelefonIPClient], Any]) -> object:
    async with world.telefonip() as client:
        return await ask(client)


async def _callpass(
    world: World, ask: Callable[[CallPassClient], Any], version: Version = "v3.0"
) -> object:
    async with world.callpass(version) as client:
        return await ask(client)


_TEXT_FOR_A_NUMBER: dict[str, Callable[[World, Any], Awaitable[object]]] = {
    "voicemail": lambda w, t: _nerotech(w, lambda c: c.voicemail(t)),
    "init": lambda w, t: _nerotech(w, lambda c: c.incoming_init(t)),
    "get": lambda w, t: _telefonip(w, lambda c: c.reverse_auth_phone_get(t)),
    "post": lambda w, t: _telefonip(
        w, lambda c: c.reverse_auth_phone_post(t, webhook="https://a.example/x")
    ),
    "start": lambda w, t: _callpass(w, lambda c: c.start_call_password(t)),
}


@pytest.mark.parametrize("name", _TEXT_FOR_A_NUMBER)
async def test_text_is_no_number(name: str, world: World) -> None:
    """It has to be parsed once, at the edge; and nobody sees it in a traceback."""
    with refused(InvalidPhoneNumber, match=r"PhoneNumber\.parse"):
        await _TEXT_FOR_A_NUMBER[name](world, world.canaries.phone().e164)

    assert world.wire.sent == []


_BAD_INPUT: dict[str, _Bad] = {
    "code of letters": lambda w, t: _nerotech(w, lambda c: c.check_code("1", f"{t}x")),
    "code among words": lambda w, t: _nerotech(
        w, lambda c: c.check_code("1", f"it is {t} I think")
    ),
    "code of 7": lambda w, t: _nerotech(w, lambda c: c.check_code("1", f"0{t}00")),
    "code of 5": lambda w, t: _nerotech(w, lambda c: c.check_code("1", f"{t}0")),
    "number for a code": lambda w, _: _nerotech(
        w,
        lambda c: c.check_code("1", 777),  # type: ignore[arg-type] # the point
    ),
    "foreign digits": lambda w, _: _nerotech(
        w, lambda c: c.check_code("1", "０７７７")
    ),
    "id of letters": lambda w, _: _nerotech(w, lambda c: c.check_code("../x", "0777")),
    "number for an id": lambda w, _: _nerotech(
        w,
        lambda c: c.check_code(103000, "0777"),  # type: ignore[arg-type] # the point
    ),
    "long key": lambda w, _: _nerotech(
        w, lambda c: c.voicemail(_PHONE, idempotency_key="x" * 101)
    ),
    "long key of a test": lambda w, _: _nerotech(
        w, lambda c: c.voicemail(_PHONE, idempotency_key="x" * 97, test=True)
    ),
    "empty key": lambda w, _: _nerotech(
        w, lambda c: c.voicemail(_PHONE, idempotency_key="")
    ),
    "key with a blank": lambda w, _: _nerotech(
        w, lambda c: c.voicemail(_PHONE, idempotency_key="a b")
    ),
    "key of a test": lambda w, _: _nerotech(
        w, lambda c: c.voicemail(_PHONE, idempotency_key="test-abc")
    ),
    "number for a key": lambda w, _: _nerotech(
        w,
        lambda c: c.voicemail(_PHONE, idempotency_key=5),  # type: ignore[arg-type] # the point
    ),
    "webhook over http": lambda w, t: _telefonip(
        w,
        lambda c: c.reverse_auth_phone_post(_PHONE, webhook=f"http://a.example/ {t} "),
    ),
    "webhook with a query": lambda w, t: _telefonip(
        w,
        lambda c: c.reverse_auth_phone_post(
            _PHONE, webhook=f"https://a.example/?x={t}"
        ),
    ),
    "no webhook": lambda w, _: _telefonip(
        w,
        lambda c: c.reverse_auth_phone_post(_PHONE, webhook=None),  # type: ignore[arg-type] # the point
    ),
    "too short a ring": lambda w, _: _callpass(
        w, lambda c: c.start_call_password(_PHONE, timeout_seconds=1)
    ),
    "too long a ring": lambda w, _: _callpass(
        w, lambda c: c.start_call_password(_PHONE, timeout_seconds=100)
    ),
    "half a second": lambda w, _: _callpass(
        w,
        lambda c: c.start_call_password(_PHONE, timeout_seconds=2.5),  # type: ignore[arg-type] # the point
    ),
    "asynchronous v1.0": lambda w, _: _callpass(
        w, lambda c: c.start_call_password(_PHONE, asynchronous=True), "v1.0"
    ),
    "status of v1.0": lambda w, _: _callpass(
        w, lambda c: c.get_call_password_status("x"), "v1.0"
    ),
    "blank call id": lambda w, _: _callpass(
        w, lambda c: c.get_call_password_status(" ")
    ),
    "long call id": lambda w, _: _callpass(
        w, lambda c: c.get_call_password_status("x" * 65)
    ),
    "a number abroad": lambda w, _: _callpass(
        w, lambda c: c.start_call_password(PhoneNumber("+4915112345678"))
    ),
    "a lease abroad": lambda w, _: _telefonip(
        w, lambda c: c.reverse_auth_phone_get(PhoneNumber("+4915112345678"))
    ),
}


@pytest.mark.parametrize("name", _BAD_INPUT)
async def test_bad_input_is_refused_before_anything_is_sent(
    name: str, world: World
) -> None:
    """A mistake of ours costs nobody a call."""
    with refused(ConfigurationError, match="^expected"):
        await _BAD_INPUT[name](world, world.canaries.pin(4).reveal())

    assert world.wire.sent == []
