"""The application in a child process: a Verifier, and a pipe to the judge."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from multiprocessing.connection import Connection

from attrs import define, evolve

from callauth import (
    Attempt,
    CallPassClient,
    FlashCall,
    HttpxTransport,
    Limit,
    Method,
    NeroTechClient,
    Outcome,
    PhoneNumber,
    PollSchedule,
    Request,
    ReverseCall,
    Secret,
    SQLiteStore,
    SystemClock,
    TelefonIPClient,
    Transport,
    VerificationPolicy,
    Verifier,
)
from callauth.verification import Channel
from tests.verification.stepped import SteppedStore

from .defects import DEFECTS
from .orders import Asked, Order, Told, Word
from .steps import SteppedTransport, Steps

_PEPPER = Secret("the same key in every process")
# A phone is called more often here than a person would be.
_COOLING = VerificationPolicy(starts_per_phone=Limit(20), failures_per_phone=Limit(60))
_HURRIED = evolve(_COOLING, cool_down=())
_POLL = PollSchedule(first_seconds=0.01, longest_seconds=0.1)


class ShiftedClock(SystemClock):
    """Tell a later time than the machine does."""

    def __init__(self, shift_seconds: float) -> None:
        self._shift_seconds = shift_seconds

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._shift_seconds)

    def monotonic(self) -> float:
        return super().monotonic() + self._shift_seconds


@define(eq=False)
class Application:
    """Verify people, and say on the pipe what is known of it, before going on."""

    verifier: Verifier
    store: SteppedStore
    people: People
    reports: Connection
    shift_seconds: float

    def say(self, word: Word) -> None:
        """Tell the judge, who hears it even if the next line is never reached."""
        self.reports.send(word)

    async def start(self, phone: PhoneNumber, method: Method | None = None) -> Attempt:
        self._ask(phone, may_ring=method is not None)
        return self.told(await self.verifier.start(phone, method=method))

    async def next_channel(self, attempt: Attempt) -> Attempt:
        self._ask(attempt.phone, may_ring=True)
        return self.told(await self.verifier.next_channel(attempt.id))

    async def submit(self, attempt: Attempt, typed: str) -> Outcome:
        outcome = await self.verifier.submit(attempt.id, typed)
        return self.heard(attempt, outcome)

    async def wait(self, attempt: Attempt) -> Outcome:
        return self.heard(attempt, await self.verifier.wait(attempt.id))

    def told(self, attempt: Attempt) -> Attempt:
        word = Told(
            attempt_id=attempt.id,
            phone=attempt.phone,
            outcome=attempt.outcome,
            tries_left=attempt.tries_left,
        )
        self.say(word)
        return attempt

    def heard(self, attempt: Attempt, outcome: Outcome) -> Outcome:
        word = Told(attempt_id=attempt.id, phone=attempt.phone, outcome=outcome)
        self.say(word)
        return outcome

    def _ask(self, phone: PhoneNumber, *, may_ring: bool) -> None:
        word = Asked(phone=phone, may_ring=may_ring, shift_seconds=self.shift_seconds)
        self.say(word)


@define(eq=False)
class People:
    """Let people type and dial, in the sandbox's telephone network."""

    transport: Transport
    base: str

    async def types(self, phone: PhoneNumber) -> str:
        """Return the pin that the person has learned."""
        answer = await self._control("GET", f"phones/{phone.e164}")
        return str(answer["typed"])

    async def dials(self, caller: PhoneNumber, number: PhoneNumber) -> None:
        """Call the leased number."""
        words = {"caller": caller.e164, "number": number.e164}
        await self._control("POST", "dials", words)

    async def _control(
        self, verb: str, path: str, words: dict[str, str] | None = None
    ) -> dict[str, object]:
        request = Request(
            provider="sandbox",
            operation="control",
            method=verb,
            template="/control/",
            url=Secret(f"{self.base}control/{path}"),
            body=None if words is None else Secret(json.dumps(words)),
            own_connection=False,
        )
        response = await self.transport.send(request, timeout_seconds=10.0)
        answer: dict[str, object] = json.loads(response.body)
        return answer


@asynccontextmanager
async def application(
    order: Order, steps: Steps, reports: Connection, *, later_seconds: float = 0.0
) -> AsyncIterator[Application]:
    """Open everything on the store of the order."""
    shift_seconds = order.shift_seconds + later_seconds
    clock = ShiftedClock(shift_seconds)
    # It trusts nobody, which is soon made; there is no TLS here.
    real = HttpxTransport(ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    transport = SteppedTransport(real, steps)
    store = DEFECTS[order.defect](SQLiteStore(order.store), steps)
    api = f"{order.base}api/v1/"
    async with AsyncExitStack() as stack:
        stack.push_async_callback(real.aclose)
        opened = stack.enter_async_context
        nerotech = await opened(
            NeroTechClient(1234, "key", base_url=api, transport=transport, clock=clock)
        )
        telefonip = await opened(
            TelefonIPClient(
                "token",
                base_url=f"{api}authcalls/",
                transport=transport,
                clock=clock,
            )
        )
        callpass = await opened(
            CallPassClient(
                "token", base_url=order.base, transport=transport, clock=clock
            )
        )
        desk = nerotech if order.desk == "nerotech" else telefonip
        channels: list[Channel] = [ReverseCall(desk), FlashCall(callpass)]
        verifier = await opened(
            Verifier(
                channels,
                store=store,
                pepper=_PEPPER,
                policy=_COOLING if order.cools_down else _HURRIED,
                poll=_POLL,
                clock=clock,
            )
        )
        people = People(real, order.base)
        yield Application(verifier, store, people, reports, shift_seconds)
