"""World: one sandbox, one clock turned by itself, and bulk runs that live in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self, TypeAlias, TypedDict, Unpack

from attrs import define, field

from callauth import (
    CallPassClient,
    FlashCall,
    ManualClock,
    NeroTechClient,
    NumberLease,
    PhoneNumber,
    ReverseCall,
    Sandbox,
    TelefonIPClient,
    VoiceOtp,
)
from callauth.bulk import BulkResult, BulkRun, Ledger, Row, RowState, Source
from callauth.protocol.callpass import Version
from callauth.sandbox import Received, Subscriber
from tests.support.canaries import Canaries

Rows: TypeAlias = dict[PhoneNumber, Row]

CHANNELS = ("flash", "voice", "telefonip", "nerotech")
PLACES = {
    "flash": "start-call-password",
    "voice": "voicemail",
    "telefonip": "reverse_auth_phone_get",
    "nerotech": "incoming/init",
}
"""What asks for a call or a number, on each channel."""


class RunOptions(TypedDict, total=False):
    """What a BulkRun may be told."""

    ledger: Ledger | None
    concurrency: int
    rate_per_second: float | None
    checks_per_second: float | None
    cost_per_call: float
    budget: float | None
    on_lease: Any


@define(eq=False)
class World:
    """Hold all that a test of a bulk run needs."""

    canaries: Canaries
    clock: ManualClock
    sandbox: Sandbox
    leases: list[NumberLease] = field(factory=list)
    _opened: AsyncExitStack = field(factory=AsyncExitStack, init=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._opened.aclose()

    async def flash(
        self, version: Version = "v3.0", ring_seconds: int = 30
    ) -> FlashCall:
        """Return a channel of a client of its own."""
        client = CallPassClient(
            self.canaries.secret(),
            version=version,
            transport=self.sandbox.transport(),
            clock=self.clock,
        )
        return FlashCall(
            await self._opened.enter_async_context(client), ring_seconds=ring_seconds
        )

    async def nerotech(self) -> NeroTechClient:
        """Return a client."""
        client = NeroTechClient(
            1234,
            self.canaries.secret(),
            transport=self.sandbox.transport(),
            clock=self.clock,
        )
        return await self._opened.enter_async_context(client)

    async def voice(self) -> VoiceOtp:
        """Return a channel of a client of its own."""
        return VoiceOtp(await self.nerotech())

    async def telefonip(self) -> ReverseCall:
        """Return a channel of a client of its own."""
        client = TelefonIPClient(
            self.canaries.secret(),
            transport=self.sandbox.transport(),
            clock=self.clock,
        )
        return ReverseCall(await self._opened.enter_async_context(client))

    async def channel(self, name: str) -> FlashCall | VoiceOtp | ReverseCall:
        """Return a channel by its name in CHANNELS."""
        match name:
            case "flash":
                return await self.flash()
            case "voice":
                return await self.voice()
            case "telefonip":
                return await self.telefonip()
        return ReverseCall(await self.nerotech())

    def run(
        self,
        source: Source,
        channel: FlashCall | VoiceOtp | ReverseCall,
        **options: Unpack[RunOptions],
    ) -> BulkRun:
        """Return a run that is not begun."""
        told: RunOptions = {"on_lease": self.leases.append, **options}
        return BulkRun(source, channel, clock=self.clock, **told)

    async def results(
        self,
        source: Source,
        channel: FlashCall | VoiceOtp | ReverseCall,
        **options: Unpack[RunOptions],
    ) -> list[BulkResult]:
        """Run to the end."""
        async with self.run(source, channel, **options) as run:
            return [result async for result in run]

    def phone(self, **behaviour: Any) -> PhoneNumber:  # noqa: ANN401 - as Subscriber
        """Return a phone whose owner behaves like this."""
        phone = self.canaries.phone()
        self.sandbox.network.subscribers[phone] = Subscriber(**behaviour)
        return phone

    def asked(self, phone: PhoneNumber, channel: str) -> int:
        """Return how many requests for a call of this phone arrived."""
        received = self.sandbox.ledger.received(PLACES[channel])
        return sum(each.phone == phone for each in received)

    def moments(self, channel: str) -> list[float]:
        """Return when the requests for calls arrived."""
        received = self.sandbox.ledger.received(PLACES[channel])
        return [each.elapsed for each in received]

    def checks(self, channel: str) -> list[float]:
        """Return when all other requests arrived."""
        received = self.sandbox.ledger.entries(Received)
        return [each.elapsed for each in received if each.operation != PLACES[channel]]

    def rings(self, phone: PhoneNumber) -> int:
        """Return how often it rang."""
        return len(self.sandbox.ledger.rings(phone))


def strangers(count: int, first: int = 0) -> list[str]:
    """Return numbers that are no canaries: for crowds."""
    return [f"+7900{number:07}" for number in range(first, first + count)]


def most_in(moments: list[float], seconds: float = 1.0) -> int:
    """Return how many there were at most in a window without its end."""
    most = first = 0
    for last, at in enumerate(moments):
        while moments[first] <= at - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def states(results: list[BulkResult]) -> Mapping[RowState, int]:
    """Return how many results there are of each state."""
    return Counter(result.state for result in results)


async def kept(ledger: Ledger) -> list[Row]:
    """Return all rows of a ledger that is closed."""
    await ledger.open()
    try:
        return [row async for row in ledger.rows()]
    finally:
        await ledger.aclose()


async def kept_by_phone(ledger: Ledger) -> Rows:
    """Return the row of each phone."""
    return {row.phone: row for row in await kept(ledger) if row.phone is not None}
