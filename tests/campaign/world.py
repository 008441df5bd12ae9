"""World: one sandbox, three clients and one clock, made anew for every run."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from attrs import define, frozen

from callauth import (
    CallPassClient,
    Clock,
    ManualClock,
    NeroTechClient,
    PhoneNumber,
    TelefonIPClient,
    Transport,
)
from callauth.client.events import Event
from callauth.protocol.callpass import Version
from callauth.sandbox import Answer, Sandbox, Subscriber, Typing
from tests.support.sandboxes import nobody_listens

_STRANGER = PhoneNumber("+79990000000")


@frozen(kw_only=True)
class Person:
    """Say what somebody does, and whether that proves that he holds the phone."""

    subscriber: Subscriber
    is_holder: bool


PEOPLE = (
    Person(subscriber=Subscriber(dials_after_seconds=15.0), is_holder=True),
    Person(subscriber=Subscriber(dials_after_seconds=118.0), is_holder=True),
    Person(
        subscriber=Subscriber(
            types=Typing.WRONG, dials_after_seconds=15.0, dials_from=_STRANGER
        ),
        is_holder=False,
    ),
    Person(
        subscriber=Subscriber(answers=Answer.SWITCHED_OFF, types=Typing.NOTHING),
        is_holder=False,
    ),
)


@define(kw_only=True, eq=False)
class World:
    """Hold what one run works with."""

    phone: PhoneNumber
    person: Person
    clock: Clock
    sandbox: Sandbox
    nerotech: NeroTechClient
    telefonip: TelefonIPClient
    callpass: dict[Version, CallPassClient]
    events: list[Event]


@asynccontextmanager
async def world(
    seed: int, person: Person, *, clock: Clock | None = None
) -> AsyncIterator[World]:
    """Make a world of its own in which this person has the phone."""
    # The jitter of the clients comes from the same integer.
    random.seed(seed)
    clock = clock or ManualClock()
    phone = PhoneNumber(f"+79{seed % 10**9:09}")
    async with (
        Sandbox(clock=clock, seed=seed, webhook_sender=nobody_listens) as sandbox,
        part_of(sandbox, sandbox.transport(), phone, person) as made,
    ):
        yield made


@asynccontextmanager
async def part_of(
    sandbox: Sandbox,
    transport: Transport,
    phone: PhoneNumber,
    person: Person,
    *,
    base: str = "http://sandbox/",
) -> AsyncIterator[World]:
    """Give a person a phone in this sandbox, and clients to verify it with."""
    events: list[Event] = []
    sandbox.network.subscribers[phone] = person.subscriber
    clock, hooks = sandbox.clock, [events.append]
    versions: tuple[Version, ...] = ("v1.0", "v2.0", "v3.0")
    async with AsyncExitStack() as stack:
        opened = stack.enter_async_context
        yield World(
            phone=phone,
            person=person,
            clock=sandbox.clock,
            sandbox=sandbox,
            events=events,
            nerotech=await opened(
                NeroTechClient(
                    1234,
                    "key",
                    base_url=f"{base}api/v1/",
                    transport=transport,
                    clock=clock,
                    hooks=hooks,
                )
            ),
            telefonip=await opened(
                TelefonIPClient(
                    "token",
                    base_url=f"{base}api/v1/authcalls/",
                    transport=transport,
                    clock=clock,
                    hooks=hooks,
                )
            ),
            callpass={
                version: await opened(
                    CallPassClient(
                        "token",
                        version=version,
                        base_url=base,
                        transport=transport,
                        clock=clock,
                        hooks=hooks,
                    )
                )
                for version in versions
            },
        )
