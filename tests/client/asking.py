"""Every operation of every client, ready to be asked, with what may be repeated."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import TypeAlias

from attrs import frozen

from callauth import PhoneNumber
from callauth.protocol.callpass import Version

from .world import World

Ask: TypeAlias = Callable[[], Awaitable[object]]
Open: TypeAlias = Callable[[World, PhoneNumber], AbstractAsyncContextManager[Ask]]

_WEBHOOK = "https://app.example/hook/"


@frozen(kw_only=True)
class Row:
    """Hold one line of the table that says what may be sent again.

    ``lost`` and ``limited`` count the requests when every answer is lost, or says 429.
    """

    operation: str
    open: Open
    lost: int
    limited: int
    rings: bool = False


@asynccontextmanager
async def _voicemail(world: World, phone: PhoneNumber) -> AsyncIterator[Ask]:
    async with world.nerotech() as client:
        yield partial(client.voicemail, phone)


@asynccontextmanager
async def _check_code(world: World, phone: PhoneNumber) -> AsyncIterator[Ask]:
    async with world.nerotech() as client:
        call = await client.voicemail(phone)
        yield partial(client.check_code, call.call_id, call.pin)


@asynccontextmanager
async def _init(world: World, phone: PhoneNumber) -> AsyncIterator[Ask]:
    async with world.nerotech() as client:
        yield partial(client.incoming_init, phone)


@asynccontextmanager
async def _verify(world: World, phone: PhoneNumber) -> AsyncIterator[Ask]:
    async with world.nerotech() as client:
        lease = await client.incoming_init(phone, drain=False)
        yield partial(client.incoming_verify, lease)


@asynccontextmanager
async def _get(world: World, phone: PhoneNumber) -> AsyncIterator[Ask]:
    async with world.telefonip() as client:
        yield partial(client.reverse_auth_phone_get, phone)


@asynccontextmanager
async def _post(world: World, phone: PhoneNumber) -> AsyncIterator[Ask]:
    async with world.telefonip() as client:
        webhook = _WEBHOOK + world.canaries.secret().reveal()
        yield partial(client.reverse_auth_phone_post, phone, webhook=webhook)


@asynccontextmanager
async def _check(world: World, phone: PhoneNumber) -> AsyncIterator[Ask]:
    async with world.telefonip() as client:
        lease = await client.reverse_auth_phone_get(phone)
        yield partial(client.reverse_auth_phone_check, lease)


def _start(version: Version, *, asynchronous: bool | None = None) -> Open:
    @asynccontextmanager
    async def opened(world: World, phone: PhoneNumber) -> AsyncIterator[Ask]:
        async with world.callpass(version) as client:
            yield partial(client.start_call_password, phone, asynchronous=asynchronous)

    return opened


def _status(version: Version) -> Open:
    @asynccontextmanager
    async def opened(world: World, phone: PhoneNumber) -> AsyncIterator[Ask]:
        async with world.callpass(version) as client:
            call = await client.start_call_password(phone)
            yield partial(client.get_call_password_status, call.call_id)

    return opened


_START = "start-call-password"
_STATUS = "get-call-password-status"
_REVERSE = "reverse_auth_phone"

ROWS: Mapping[str, Row] = {
    "voicemail": Row(
        operation="voicemail", open=_voicemail, lost=3, limited=3, rings=True
    ),
    "checkCode": Row(operation="checkCode", open=_check_code, lost=2, limited=2),
    "init": Row(operation="incoming/init", open=_init, lost=2, limited=2),
    "verify": Row(operation="incoming/verify", open=_verify, lost=3, limited=3),
    "get": Row(operation=f"{_REVERSE}_get", open=_get, lost=2, limited=2),
    "post": Row(operation=f"{_REVERSE}_post", open=_post, lost=2, limited=2),
    "check": Row(operation=f"{_REVERSE}_check", open=_check, lost=3, limited=3),
    "start v1.0": Row(
        operation=_START, open=_start("v1.0"), lost=1, limited=2, rings=True
    ),
    "start v2.0": Row(
        operation=_START, open=_start("v2.0"), lost=1, limited=2, rings=True
    ),
    "start v2.0 sync": Row(
        operation=_START,
        open=_start("v2.0", asynchronous=False),
        lost=1,
        limited=2,
        rings=True,
    ),
    "start v3.0": Row(
        operation=_START, open=_start("v3.0"), lost=1, limited=2, rings=True
    ),
    "status v2.0": Row(operation=_STATUS, open=_status("v2.0"), lost=3, limited=3),
    "status v3.0": Row(operation=_STATUS, open=_status("v3.0"), lost=3, limited=3),
}
