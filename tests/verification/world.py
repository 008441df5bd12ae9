"""World: a sandbox, its clients, and any number of Verifiers on one clock."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from attrs import define, evolve, field

from callauth import (
    Attempt,
    AttemptId,
    CallPassClient,
    FlashCall,
    ManualClock,
    NeroTechClient,
    Outcome,
    PhoneNumber,
    PollSchedule,
    ReverseCall,
    Sandbox,
    Secret,
    TelefonIPClient,
    VerificationPolicy,
    Verifier,
    VoiceOtp,
)
from callauth.protocol.callpass import Version
from callauth.sandbox import Subscriber
from callauth.transport.clock import within
from callauth.verification import Channel, Store, VerificationEvent
from tests.support.canaries import Canaries

E = TypeVar("E", bound=VerificationEvent)

# Longer than any attempt lives.
_LONGEST_WAIT_SECONDS = 2000.0
_POLICY = VerificationPolicy()
# Moments that can be told to the second.
STEADY = PollSchedule(growth=1.0, longest_seconds=1.0, jitter=0, checks_per_second=1e6)


@define(eq=False)
class World:
    """Hold all that a test of the Verifier needs."""

    canaries: Canaries
    clock: ManualClock
    sandbox: Sandbox
    stack: AsyncExitStack
    events: list[VerificationEvent] = field(factory=list)
    defects: list[dict[str, Any]] = field(factory=list)
    nerotech: NeroTechClient = field(init=False)
    telefonip: TelefonIPClient = field(init=False)
    callpass: CallPassClient = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.nerotech = NeroTechClient(
            1234, self.canaries.secret(), **self._options("api/v1/")
        )
        self.telefonip = TelefonIPClient(
            self.canaries.secret(), **self._options("api/v1/authcalls/")
        )
        self.callpass = self.callpass_of("v3.0")
        for client in (self.nerotech, self.telefonip):
            self.stack.push_async_callback(client.aclose)

    def callpass_of(self, version: Version) -> CallPassClient:
        """Return a client of CallPass that speaks this version."""
        client = CallPassClient(
            self.canaries.secret(), version=version, **self._options("")
        )
        self.stack.push_async_callback(client.aclose)
        return client

    @property
    def channels(self) -> list[Channel]:
        """All four channels, in the order that suits a log-in page."""
        return [
            FlashCall(self.callpass),
            ReverseCall(self.telefonip),
            VoiceOtp(self.nerotech),
            ReverseCall(self.nerotech),
        ]

    async def verifier(
        self,
        channels: Iterable[Channel] | None = None,
        *,
        store: Store | None = None,
        policy: VerificationPolicy = _POLICY,
        poll: PollSchedule = STEADY,
        webhook_base: str | None = None,
        pepper: Secret | None = None,
    ) -> Verifier:
        """Return a Verifier that is open until the test ends."""
        made = Verifier(
            self.channels if channels is None else channels,
            store=store,
            policy=policy,
            poll=poll,
            webhook_base=webhook_base,
            pepper=pepper,
            hooks=[self.events.append],
            clock=self.clock,
        )
        return await self.stack.enter_async_context(made)

    def phone(self, **behaviour: Any) -> PhoneNumber:  # noqa: ANN401 - as Subscriber
        """Return a phone whose owner behaves like this."""
        phone = self.canaries.phone()
        self.sandbox.network.subscribers[phone] = Subscriber(**behaviour)
        return phone

    def behave(self, phone: PhoneNumber, **behaviour: Any) -> None:  # noqa: ANN401
        """Let the owner of the phone behave otherwise from now on."""
        known = self.sandbox.network.subscriber(phone)
        self.sandbox.network.subscribers[phone] = evolve(known, **behaviour)

    def typed(self, attempt: Attempt) -> str:
        """Return what the person types."""
        typed = self.sandbox.network.typed(attempt.phone)
        assert typed is not None
        return typed

    async def end(self, verifier: Verifier, attempt_id: AttemptId) -> Outcome:
        """Return the outcome; TimeoutError when there is none for too long."""
        waiting = verifier.wait(attempt_id)
        return await within(self.clock, _LONGEST_WAIT_SECONDS, waiting)

    def rings(self, phone: PhoneNumber) -> int:
        """Return how often the phone was called."""
        return len(self.sandbox.ledger.rings(phone))

    def received(self, operation: str) -> int:
        """Return how many requests reached a provider for this operation."""
        return len(self.sandbox.ledger.received(operation))

    def seen(self, kind: type[E]) -> list[E]:
        """Return the events of one kind in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def _options(self, path: str) -> dict[str, Any]:
        return {
            "base_url": f"https://provider.example/{path}",
            "transport": self.sandbox.transport(),
            "clock": self.clock,
        }


def wrong(pin: str) -> str:
    """Return another pin of that length."""
    return pin[:-1] + str((int(pin[-1]) + 1) % 10)
