"""Callers: every operation of every provider as the public method that sends it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from attrs import field, frozen

from callauth import (
    CallPassClient,
    Clock,
    HangupCause,
    NeroTechClient,
    NumberLease,
    PhoneNumber,
    Pin,
    Replay,
    RetryPolicy,
    Secret,
    SystemClock,
    TelefonIPClient,
    Transport,
)
from tests.support.canaries import Canaries

from .bodies import Document

CALL_ID = "4f2ea8a1-75e8-4fdd-8e6b-b92e804b1a1d"
LEASE_ID = 122760
NUMBER = PhoneNumber("+79644115786")
_Version: TypeAlias = Literal["v1.0", "v2.0", "v3.0"]


@frozen(kw_only=True)
class Planted:
    """Hold what no log may show: credentials, numbers and codes of one test."""

    secret: Secret
    phone: PhoneNumber
    webhook: Secret
    short_pin: Pin
    long_pin: Pin

    @classmethod
    def by(cls, canaries: Canaries) -> Planted:
        """Return fresh ones."""
        path = canaries.secret().reveal()
        return cls(
            secret=canaries.secret(),
            phone=canaries.phone(),
            webhook=Secret(f"https://app.example/hook/{path}"),
            short_pin=canaries.pin(4),
            long_pin=canaries.pin(7),
        )


@frozen(kw_only=True)
class Line:
    """Hold what a client is made of."""

    base_url: str
    transport: Transport
    retry: RetryPolicy
    planted: Planted
    clock: Clock = field(factory=SystemClock)

    def nerotech(self) -> NeroTechClient:
        return NeroTechClient(
            1234,
            self.planted.secret,
            base_url=self.base_url,
            transport=self.transport,
            retry=self.retry,
            clock=self.clock,
        )

    def telefonip(self) -> TelefonIPClient:
        return TelefonIPClient(
            self.planted.secret,
            base_url=self.base_url,
            transport=self.transport,
            retry=self.retry,
            clock=self.clock,
        )

    def callpass(self, version: _Version) -> CallPassClient:
        return CallPassClient(
            self.planted.secret,
            version=version,
            base_url=self.base_url,
            transport=self.transport,
            retry=self.retry,
            clock=self.clock,
        )


@frozen(kw_only=True)
class Caller:
    """Hold one operation: what an honest server answers, and what that means."""

    replay: Replay
    document: Callable[[Planted], Document]
    call: Callable[[Line], Awaitable[object]]
    means: Callable[[Planted], object]


async def _voicemail(line: Line) -> object:
    async with line.nerotech() as client:
        call = await client.voicemail(line.planted.phone)
        return call.pin.reveal()


async def _check_code(line: Line) -> object:
    async with line.nerotech() as client:
        return await client.check_code("103000", line.planted.short_pin)


async def _init(line: Line) -> object:
    async with line.nerotech() as client:
        lease = await client.incoming_init(line.planted.phone, drain=False)
        return lease.number


async def _verify(line: Line) -> object:
    async with line.nerotech() as client:
        return await client.incoming_verify(_lease(line, None))


async def _get(line: Line) -> object:
    async with line.telefonip() as client:
        lease = await client.reverse_auth_phone_get(line.planted.phone)
        return lease.number, lease.lease_id


async def _post(line: Line) -> object:
    async with line.telefonip() as client:
        lease = await client.reverse_auth_phone_post(
            line.planted.phone, webhook=line.planted.webhook
        )
        return lease.number, lease.lease_id


async def _check(line: Line) -> object:
    async with line.telefonip() as client:
        return await client.reverse_auth_phone_check(_lease(line, LEASE_ID))


def _start(version: _Version) -> Callable[[Line], Awaitable[object]]:
    async def call(line: Line) -> object:
        async with line.callpass(version) as client:
            placed = await client.start_call_password(
                line.planted.phone, timeout_seconds=2
            )
            return placed.pin.reveal()

    return call


async def _status(line: Line) -> object:
    async with line.callpass("v3.0") as client:
        return await client.get_call_password_status(CALL_ID)


def _lease(line: Line, lease_id: int | None) -> NumberLease:
    return NumberLease.from_sent_at(
        number=NUMBER,
        user=line.planted.phone,
        lease_id=lease_id,
        sent_at=datetime.now(UTC),
    )


def _leased(_: Planted) -> Document:
    image, link = "https://x.example/1/", "<a href='tel:89644078713'>x</a>"
    content = {"auth_phone": NUMBER.msisdn, "id": LEASE_ID}
    more = {"url_image": image, "url_link": link}
    return {"success": True, "error": "", "data": {**content, **more}}


def _called(planted: Planted) -> Document:
    content = {"phone": planted.phone.national, "id": LEASE_ID}
    return {"success": True, "error": "", "data": content}


def _placed(name: str, pin: Pin) -> Document:
    content = {"callid": CALL_ID, name: pin.reveal(), "result": "null"}
    return {"status": "success", "data": content}


def _ended(_: Planted) -> Document:
    content = {"callid": CALL_ID, "result": "NORMAL_CLEARING"}
    return {"status": "success", "data": content}


def _start_caller(
    version: _Version, name: str, pin: Callable[[Planted], Pin]
) -> Caller:
    return Caller(
        replay=Replay.UNSENT_ONLY,
        document=lambda planted: _placed(name, pin(planted)),
        call=_start(version),
        means=lambda planted: pin(planted).reveal(),
    )


_TRUE = {"status": True}

CALLERS: Mapping[str, Caller] = {
    "voicemail": Caller(
        replay=Replay.KEYED,
        document=lambda p: {**_TRUE, "id": 103000, "code": p.short_pin.reveal()},
        call=_voicemail,
        means=lambda planted: planted.short_pin.reveal(),
    ),
    "checkCode": Caller(
        replay=Replay.ONCE_MORE,
        document=lambda _: {**_TRUE},
        call=_check_code,
        means=lambda _: True,
    ),
    "incoming/init": Caller(
        replay=Replay.ONCE_MORE,
        document=lambda _: {**_TRUE, "service_phone": NUMBER.msisdn},
        call=_init,
        means=lambda _: NUMBER,
    ),
    "incoming/verify": Caller(
        replay=Replay.CONSUMING,
        document=lambda _: {**_TRUE},
        call=_verify,
        means=lambda _: True,
    ),
    "get": Caller(
        replay=Replay.ONCE_MORE,
        document=_leased,
        call=_get,
        means=lambda _: (NUMBER, LEASE_ID),
    ),
    "post": Caller(
        replay=Replay.ONCE_MORE,
        document=_leased,
        call=_post,
        means=lambda _: (NUMBER, LEASE_ID),
    ),
    "check": Caller(
        replay=Replay.SAFE,
        document=_called,
        call=_check,
        means=lambda planted: planted.phone,
    ),
    "start v1.0": _start_caller("v1.0", "pin", lambda planted: planted.short_pin),
    "start v2.0": _start_caller("v2.0", "phone", lambda planted: planted.short_pin),
    "start v3.0": _start_caller("v3.0", "phone", lambda planted: planted.long_pin),
    "status": Caller(
        replay=Replay.SAFE,
        document=_ended,
        call=_status,
        means=lambda _: HangupCause("NORMAL_CLEARING"),
    ),
}
