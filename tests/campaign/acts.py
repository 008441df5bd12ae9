"""Acts: every public coroutine of every client, for those who cancel it anywhere."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from callauth import CallPassClient, NeroTechClient, PhoneNumber, TelefonIPClient
from callauth.protocol.callpass import Version

CLIENTS = (NeroTechClient, TelefonIPClient, CallPassClient)


class Clients(Protocol):
    """Hold one client of each kind, and a phone to verify with them."""

    phone: PhoneNumber
    nerotech: NeroTechClient
    telefonip: TelefonIPClient
    callpass: dict[Version, CallPassClient]


Act: TypeAlias = Callable[[Clients], Awaitable[object]]


async def _code_checked(made: Clients) -> object:
    call = await made.nerotech.voicemail(made.phone)
    return await made.nerotech.check_code(call.call_id, call.pin)


async def _verified(made: Clients) -> object:
    lease = await made.nerotech.incoming_init(made.phone)
    return await made.nerotech.incoming_verify(lease)


async def _waited_incoming(made: Clients) -> object:
    lease = await made.nerotech.incoming_init(made.phone)
    return await made.nerotech.wait_incoming(lease)


async def _checked(made: Clients) -> object:
    lease = await made.telefonip.reverse_auth_phone_get(made.phone)
    return await made.telefonip.reverse_auth_phone_check(lease)


async def _waited_call(made: Clients) -> object:
    lease = await made.telefonip.reverse_auth_phone_get(made.phone)
    return await made.telefonip.wait_call(lease)


async def _status(made: Clients) -> object:
    client = made.callpass["v3.0"]
    call = await client.start_call_password(made.phone)
    return await client.get_call_password_status(call.call_id)


async def _waited_status(made: Clients) -> object:
    client = made.callpass["v2.0"]
    call = await client.start_call_password(made.phone, timeout_seconds=20)
    return await client.wait_status(call)


def _started(version: Version) -> Act:
    return lambda made: made.callpass[version].start_call_password(made.phone)


# The first word is the name of the method.
ACTS: dict[str, Act] = {
    "voicemail": lambda made: made.nerotech.voicemail(made.phone),
    "check_code": _code_checked,
    "incoming_init": lambda made: made.nerotech.incoming_init(made.phone),
    "incoming_verify": _verified,
    "wait_incoming": _waited_incoming,
    "reverse_auth_phone_get": (
        lambda made: made.telefonip.reverse_auth_phone_get(made.phone)
    ),
    "reverse_auth_phone_post": lambda made: made.telefonip.reverse_auth_phone_post(
        made.phone, webhook="https://app.example/hook"
    ),
    "reverse_auth_phone_check": _checked,
    "wait_call": _waited_call,
    "start_call_password v1.0": _started("v1.0"),
    "start_call_password v2.0": _started("v2.0"),
    "start_call_password v3.0": _started("v3.0"),
    "get_call_password_status": _status,
    "wait_status": _waited_status,
}


def starts(made: Clients, phone: PhoneNumber) -> dict[str, Awaitable[object]]:
    """Return one start with each client, by the client's name."""
    return {
        "nerotech": made.nerotech.voicemail(phone),
        "telefonip": made.telefonip.reverse_auth_phone_get(phone),
        **{
            f"callpass {version}": client.start_call_password(phone, timeout_seconds=2)
            for version, client in made.callpass.items()
        },
    }


def public_coroutines() -> set[str]:
    """Return the name of everything that a user of a client may await."""
    return {
        name
        for client in CLIENTS
        for name, _ in inspect.getmembers(client, inspect.iscoroutinefunction)
        if not name.startswith("_") and name != "aclose"
    }
