"""World: one sandbox, three clients and one clock, made anew for every run."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from attrs import define, frozen

from callauth import (
    CallPassClient,
    ManualClock,
    NeroTechClient,
    PhoneNumber,
    TelefonIPClient,
)
from callauth.client.events import Event
from callauth.protocol.callpass import Version
from callauth.sandbox import Answer, Sandbox, Subscriber, Typing

_STRANGER = PhoneNumber("+79990000000")


async def _unheard(_: str) -> int:
    return 200


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
    clock: ManualClock
    sandbox: Sandbox
    nerotech: NeroTechClient
    telefonip: TelefonIPClient
    callpass: dict[Version, CallPassClient]
    events: list[Event]


@asynccontextmanager
async def world(seed: int, person: Person) -> AsyncIterator[World]:
    """Make a world in which this person has the phone."""
    # The jitter of the clients comes from the same integer.
    random.seed(seed)
    clock = ManualClock()
    phone = PhoneNumber(f"+79{seed % 10**9:09}")
    events: list[Event] = []
    async with Sandbox(clock=clock, seed=seed, webhook_sender=_unheard) as sandbox:
        sandbox.network.subscribers[phone] = person.subscriber
        transport = sandbox.transport()
        versions: tuple[Version, ...] = ("v1.0", "v2.0", "v3.0")
        made = World(
            phone=phone,
            person=person,
            clock=clock,
            sandbox=sandbox,
            events=events,
            nerotech=NeroTechClient(
                1234, "key", transport=transport, clock=clock, hooks=[events.append]
            ),
            telefonip=TelefonIPClient(
                "token", transport=transport, clock=clock, hooks=[events.append]
            ),
            callpass={
                version: CallPassClient(
                    "token",
                    version=version,
                    transport=transport,
                    clock=clock,
                    hooks=[events.append],
                )
                for version in versions
            },
        )
        try:
            yield made
        finally:
            await made.nerotech.aclose()
            await made.telefonip.aclose()
            for client in made.callpass.values():
                await client.aclose()
