"""Town: a sandbox with its phones, and two Verifiers on one store that serve it."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from types import MappingProxyType
from typing import TypeAlias
from urllib.parse import urlsplit

from attrs import define, evolve, field, frozen

from callauth import (
    CallAuthError,
    CallPassClient,
    FlashCall,
    ManualClock,
    MemoryStore,
    NeroTechClient,
    PhoneNumber,
    ReverseCall,
    TelefonIPClient,
    VerificationPolicy,
    Verifier,
    VoiceOtp,
    WebhookHint,
    parse_webhook,
)
from callauth.sandbox import Entry, Sandbox, Subscriber
from callauth.sandbox.visit import Answered, Delivery, Late
from callauth.sandbox.wire import Arrival
from callauth.verification import Channel, Store

from .chronicle import ACT, Act, Chronicle, Desk, Person
from .weather import Weather

FLASH, VOICE = "flash_call:callpass", "voice_otp:nerotech"
DIAL_TELEFONIP, DIAL_NEROTECH = "reverse_call:telefonip", "reverse_call:nerotech"
ORDERS = (
    (FLASH, DIAL_TELEFONIP, VOICE, DIAL_NEROTECH),
    (DIAL_NEROTECH, FLASH, DIAL_TELEFONIP, VOICE),
    (VOICE, DIAL_NEROTECH, FLASH, DIAL_TELEFONIP),
    (DIAL_TELEFONIP, VOICE, DIAL_NEROTECH, FLASH),
)
_KEPT_SECONDS = 7 * 86_400.0
_BASE = "http://sandbox/"


@define(eq=False)
class Clients:
    """The clients of one process."""

    callpass: CallPassClient
    telefonip: TelefonIPClient
    nerotech: NeroTechClient


Make: TypeAlias = Callable[[Clients], Channel]
CHANNELS: Mapping[str, Make] = MappingProxyType(
    {
        FLASH: lambda clients: FlashCall(clients.callpass),
        VOICE: lambda clients: VoiceOtp(clients.nerotech),
        DIAL_TELEFONIP: lambda clients: ReverseCall(clients.telefonip),
        DIAL_NEROTECH: lambda clients: ReverseCall(clients.nerotech),
    }
)


@frozen(kw_only=True)
class Setting:
    """How the town is set up.

    ``makes``, ``store`` and ``verifier`` are the places for a planted bug.
    ``counts_any_call`` lets NeroTech count calls that came outside of its window.
    """

    order: tuple[str, ...] = ORDERS[0]
    policy: VerificationPolicy = field(
        factory=lambda: VerificationPolicy(keep_seconds=_KEPT_SECONDS)
    )
    one_service_number: bool = False
    counts_any_call: bool = False
    fault_rate: float = 0.0
    makes: Mapping[str, Make] = CHANNELS
    store: Callable[[], Store] = MemoryStore
    verifier: type[Verifier] = Verifier


@frozen
class Stretch:
    """The part of the ledger that one request wrote, on behalf of an act."""

    act: Act | None
    start: int
    stop: int


class WatchedSandbox(Sandbox):
    """A sandbox that notes for which act each request came."""

    def __init__(self, clock: ManualClock, seed: int, town: Callable[[], Town]) -> None:
        async def send(url: str) -> int:
            return await town().webhook(url)

        super().__init__(clock=clock, seed=seed, webhook_sender=send)
        self.stretches: list[Stretch] = []

    def deliver(self, arrival: Arrival) -> Delivery:
        """Decide what becomes of one request, and note what it wrote."""
        act = ACT.get()
        delivery = self._noted(
            act, lambda: super(WatchedSandbox, self).deliver(arrival)
        )
        if not isinstance(delivery, Late):
            return delivery
        late = delivery.arrive

        def arrive() -> Answered:
            answered = self._noted(act, late)
            assert isinstance(answered, Answered)
            return answered

        return evolve(delivery, arrive=arrive)

    def _noted(self, act: Act | None, work: Callable[[], Delivery]) -> Delivery:
        start = len(self.ledger)
        delivery = work()
        self.stretches.append(Stretch(act, start, len(self.ledger)))
        return delivery


@define(kw_only=True, eq=False)
class Town:
    """Hold one crowd's world."""

    setting: Setting
    clock: ManualClock
    sandbox: WatchedSandbox
    chronicle: Chronicle
    weather: Weather
    verifiers: tuple[Verifier, ...] = ()
    people: list[Person] = field(factory=list)
    hints: list[WebhookHint] = field(factory=list)

    @property
    def desks(self) -> list[Desk]:
        """One for each Verifier."""
        return [Desk(verifier, self.chronicle) for verifier in self.verifiers]

    def settle(
        self,
        name: str,
        subscriber: Subscriber | None = None,
        *,
        must_be: bool | None = None,
    ) -> Person:
        """Give a new person a phone."""
        phone = PhoneNumber(f"+7900{len(self.people):07}")
        person = Person(name=f"{name} {len(self.people)}", phone=phone, must_be=must_be)
        if subscriber is not None:
            self.sandbox.network.subscribers[phone] = subscriber
        self.people.append(person)
        return person

    def impostor(self, victim: Person) -> Person:
        """Return somebody who says that the victim's phone is his."""
        return Person(
            name=f"impostor of {victim.name}",
            phone=victim.phone,
            is_holder=False,
            must_be=False,
        )

    def learned(self, phone: PhoneNumber, since: float) -> str | None:
        """Return what the person types, None when no code has come since then."""
        now = self.sandbox.ledger.elapsed()
        rings = self.sandbox.ledger.rings(phone)
        if any(ring.elapsed >= since and ring.reached_by(now) for ring in rings):
            return self.sandbox.network.typed(phone)
        return None

    def codes(self, phone: PhoneNumber) -> list[str]:
        """Return the codes of all calls to the phone, heard or not."""
        return [ring.code.reveal() for ring in self.sandbox.ledger.rings(phone)]

    def elapsed(self) -> float:
        """Return the seconds since the town began."""
        return self.sandbox.ledger.elapsed()

    def entries(self) -> list[Entry]:
        """Return all that happened."""
        return self.sandbox.ledger.entries(Entry)

    async def webhook(self, url: str) -> int:
        """Take a webhook as an application does."""
        parts = urlsplit(url)
        if not self.verifiers[0].check_webhook_path(parts.path.rpartition("/")[2]):
            return 404
        hint = parse_webhook(parts.query)
        self.hints.append(hint)
        try:
            await self.verifiers[0].receive(hint)
        except CallAuthError:
            return 500
        return 200


@asynccontextmanager
async def town(seed: int, setting: Setting) -> AsyncIterator[Town]:
    """Open a town, and close everything in it."""
    # The jitter of the clients comes from the same integer.
    random.seed(seed)
    clock = ManualClock()
    towns: list[Town] = []
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(
            WatchedSandbox(clock, seed, lambda: towns[0])
        )
        _set_mood(sandbox, setting)
        chronicle = Chronicle(sandbox.ledger.elapsed)
        weather = Weather(
            random.Random(f"weather {seed}"), setting.fault_rate, sandbox.ledger.elapsed
        )
        sandbox.faults.decide = weather.of_request
        sandbox.faults.decide_webhook = weather.of_webhook
        made = Town(
            setting=setting,
            clock=clock,
            sandbox=sandbox,
            chronicle=chronicle,
            weather=weather,
        )
        towns.append(made)
        store = setting.store()
        for _ in range(2):
            clients = await _clients(stack, sandbox, weather)
            verifier = setting.verifier(
                [setting.makes[name](clients) for name in setting.order],
                store=store,
                policy=setting.policy,
                hooks=[chronicle.told],
                webhook_base="https://example.org/hooks/",
                clock=clock,
            )
            made.verifiers += (await stack.enter_async_context(verifier),)
        yield made


async def _clients(
    stack: AsyncExitStack, sandbox: Sandbox, weather: Weather
) -> Clients:
    transport, clock, hooks = sandbox.transport(), sandbox.clock, [weather.told]
    opened = stack.enter_async_context
    return Clients(
        callpass=await opened(
            CallPassClient(
                "token", base_url=_BASE, transport=transport, clock=clock, hooks=hooks
            )
        ),
        telefonip=await opened(
            TelefonIPClient(
                "token",
                base_url=f"{_BASE}api/v1/authcalls/",
                transport=transport,
                clock=clock,
                hooks=hooks,
            )
        ),
        nerotech=await opened(
            NeroTechClient(
                1234,
                "key",
                base_url=f"{_BASE}api/v1/",
                transport=transport,
                clock=clock,
                hooks=hooks,
            )
        ),
    )


def _set_mood(sandbox: Sandbox, setting: Setting) -> None:
    # Enough that no two live leases share one: strangers then meet whom they mean.
    sandbox.telefonip.numbers = [
        PhoneNumber(f"+79644{number:06}") for number in range(2000)
    ]
    if setting.one_service_number:
        sandbox.nerotech.numbers = sandbox.nerotech.numbers[:1]
    if setting.counts_any_call:
        sandbox.nerotech.dial_window_seconds = None
    sandbox.nerotech.repeated_verify = 13
