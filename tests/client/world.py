"""World: one sandbox, one clock turned by itself, and clients that live in them."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import Any, TypeVar, Unpack

from attrs import define, field

from callauth import (
    CallAuthError,
    CallPassClient,
    Event,
    ManualClock,
    NeroTechClient,
    PhoneNumber,
    Sandbox,
    ScriptedTransport,
    TelefonIPClient,
)
from callauth.client.environment import ClientOptions
from callauth.protocol.callpass import Version
from callauth.sandbox import Subscriber
from callauth.transport.scripted import Step
from tests.support.canaries import Canaries

from .wire import Wire

E = TypeVar("E")


@define(eq=False)
class World:
    """Hold all that a test of a client needs."""

    canaries: Canaries
    clock: ManualClock
    sandbox: Sandbox
    events: list[Event] = field(factory=list)
    defects: list[dict[str, Any]] = field(factory=list)
    wire: Wire = field(init=False)
    _strangers: int = field(default=0, init=False)
    _tolerated: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self.wire = Wire(self.sandbox.transport(), self.clock)

    def script(self, steps: Iterable[Step]) -> ScriptedTransport:
        """Let the next clients speak to a script instead of the sandbox."""
        script = ScriptedTransport(steps)
        self.wire = Wire(script, self.clock)
        return script

    def nerotech(
        self, *, accept_test_calls: bool = False, **options: Unpack[ClientOptions]
    ) -> NeroTechClient:
        """Return a client of NeroTech."""
        return NeroTechClient(
            1234,
            self.canaries.secret(),
            accept_test_calls=accept_test_calls,
            **self._options(options),
        )

    def telefonip(self, **options: Unpack[ClientOptions]) -> TelefonIPClient:
        """Return a client of Telefon-IP."""
        return TelefonIPClient(self.canaries.secret(), **self._options(options))

    def callpass(
        self, version: Version = "v3.0", **options: Unpack[ClientOptions]
    ) -> CallPassClient:
        """Return a client of CallPass."""
        return CallPassClient(
            self.canaries.secret(), version=version, **self._options(options)
        )

    def phone(self, **behaviour: Any) -> PhoneNumber:  # noqa: ANN401 - as Subscriber
        """Return a phone whose owner behaves like this."""
        phone = self.canaries.phone()
        self.sandbox.network.subscribers[phone] = Subscriber(**behaviour)
        return phone

    def stranger(self) -> PhoneNumber:
        """Return another number that is no canary: for crowds."""
        self._strangers += 1
        return PhoneNumber(f"+7900{self._strangers:07}")

    async def tolerate(self, asked: Awaitable[object]) -> object:
        """Return the result, or the error; only the first errors are scanned."""
        try:
            return await asked
        except CallAuthError as error:
            self._tolerated += 1
            if self._tolerated <= 5:
                self.canaries.watch(error)
            return error

    def received(self, operation: str) -> int:
        """Return how many requests reached a provider for this operation."""
        return len(self.sandbox.ledger.received(operation))

    def seen(self, kind: type[E]) -> list[E]:
        """Return the events of one kind in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def _options(self, options: ClientOptions) -> ClientOptions:
        standard: ClientOptions = {
            "transport": self.wire,
            "clock": self.clock,
            "hooks": [self.events.append],
        }
        return {**standard, **options}
