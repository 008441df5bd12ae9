"""What child processes do: one lives until it is killed, another one goes on."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TypeAlias

from callauth import (
    Attempt,
    AttemptId,
    AttemptNotFound,
    DialInChallenge,
    Method,
    Outcome,
    Pending,
    PhoneNumber,
    PinChallenge,
    RingLocked,
    TooManyAttempts,
)

from .application import Application, application
from .orders import (
    Deed,
    Failed,
    Finished,
    Order,
    Person,
    Proven,
    Ready,
)
from .steps import Steps

# The people of the cycles have numbers of their own, from +7900 on.
STRANGER = PhoneNumber("+79990000000")
DEAD_AFTER_SECONDS = 10.0
# Longer than any attempt lives and any lock stands.
ALL_IS_OVER_SECONDS = 700.0
# A number of NeroTech that was dialled before may have told so to the dead process.
_SHORT_PATIENCE_SECONDS = 0.3

Life: TypeAlias = Callable[[Order, Steps, Connection], Awaitable[None]]


def begin(order: Order, reports: Connection) -> None:
    """Verify the people of the order."""
    asyncio.run(begin_here(order, reports))


def go_on(order: Order, reports: Connection) -> None:
    """Finish what another process has begun."""
    asyncio.run(go_on_here(order, reports))


async def begin_here(order: Order, reports: Connection) -> None:
    """Do as ``begin`` does, in the loop that runs."""
    await _reported(_begin, order, reports)


async def go_on_here(order: Order, reports: Connection) -> None:
    """Do as ``go_on`` does, in the loop that runs."""
    await _reported(_go_on, order, reports)


async def _reported(life: Life, order: Order, reports: Connection) -> None:
    steps = Steps(order.death)
    try:
        await life(order, steps, reports)
    except Exception:  # noqa: BLE001 - whatever it is, the judge must hear of it
        reports.send(Failed(traceback.format_exc()))
    else:
        reports.send(Finished(steps.count))


async def _begin(order: Order, steps: Steps, reports: Connection) -> None:
    async with application(order, steps, reports) as app:
        app.say(Ready())
        deeds = [_DEEDS[person.deed](app, person.phone) for person in order.people]
        if order.at_once:
            await asyncio.gather(*deeds)
        else:
            for deed in deeds:
                await deed


async def _type(app: Application, phone: PhoneNumber) -> None:
    attempt = await app.start(phone, Method.FLASH_CALL)
    typed = await app.people.types(phone)
    await app.submit(attempt, wrong(typed))
    await app.submit(attempt, typed)


async def _dial(app: Application, phone: PhoneNumber) -> None:
    attempt = await app.start(phone)
    await app.people.dials(phone, _leased(attempt))
    await app.wait(attempt)


async def _change(app: Application, phone: PhoneNumber) -> None:
    attempt = await app.next_channel(await app.start(phone))
    await app.submit(attempt, await app.people.types(phone))


async def _guess(app: Application, phone: PhoneNumber) -> None:
    attempt = await app.start(phone, Method.FLASH_CALL)
    typed = await app.people.types(phone)
    for _ in range(3):
        await app.submit(attempt, wrong(typed))


async def _leave(app: Application, phone: PhoneNumber) -> None:
    attempt = await app.start(phone, Method.FLASH_CALL)
    app.told(await app.verifier.cancel(attempt.id))


async def _be_absent(app: Application, phone: PhoneNumber) -> None:
    await app.start(phone)


async def _let_a_stranger_dial(app: Application, phone: PhoneNumber) -> None:
    attempt = await app.start(phone)
    await app.people.dials(STRANGER, _leased(attempt))
    await app.wait(attempt)


_DEEDS: Mapping[Deed, Callable[[Application, PhoneNumber], Awaitable[None]]] = {
    Deed.TYPES: _type,
    Deed.DIALS: _dial,
    Deed.CHANGES: _change,
    Deed.GUESSES: _guess,
    Deed.LEAVES: _leave,
    Deed.IS_ABSENT: _be_absent,
    Deed.LETS_A_STRANGER_DIAL: _let_a_stranger_dial,
}


async def _go_on(order: Order, steps: Steps, reports: Connection) -> None:
    if not order.ends_all:
        async with application(order, steps, reports) as app:
            app.say(Ready())
            for attempt_id, phone in order.known:
                await _finish(app, order, _person(order, phone), attempt_id)
            for person in order.people:
                await _start_again(app, person.phone)
    later = ALL_IS_OVER_SECONDS
    async with application(order, steps, reports, later_seconds=later) as app:
        app.say(Ready())
        for text in (await app.store.changes(0)).attempt_ids:
            await _end(app, AttemptId(text), order.patience_seconds)
        for person in order.people:
            await _verify_again(app, person.phone)


def _person(order: Order, phone: PhoneNumber) -> Person:
    return next(person for person in order.people if person.phone == phone)


async def _finish(
    app: Application, order: Order, person: Person, attempt_id: AttemptId
) -> None:
    try:
        attempt = app.told(await app.verifier.get(attempt_id))
    except AttemptNotFound:
        # The judge misses it in the store.
        return
    match attempt.challenge:
        case PinChallenge():
            await _finish_typing(app, person, attempt)
        case DialInChallenge() if person.deed in (Deed.DIALS, Deed.CHANGES):
            await _finish_dialling(app, order, attempt)


async def _finish_typing(app: Application, person: Person, attempt: Attempt) -> None:
    typed = await app.people.types(person.phone)
    if person.deed in (Deed.TYPES, Deed.CHANGES):
        _prove(app, attempt, await app.submit(attempt, typed))
    else:
        await app.submit(attempt, wrong(typed))


async def _finish_dialling(app: Application, order: Order, attempt: Attempt) -> None:
    await app.people.dials(attempt.phone, _leased(attempt))
    if order.shift_seconds <= DEAD_AFTER_SECONDS:
        # Nobody asks before the other process is taken for dead.
        return
    is_sure = order.desk == "telefonip"
    outcome: Outcome
    try:
        patience = order.patience_seconds if is_sure else _SHORT_PATIENCE_SECONDS
        async with asyncio.timeout(patience):
            outcome = await app.wait(attempt)
    except TimeoutError:
        outcome = Pending()
    if is_sure:
        _prove(app, attempt, outcome)


def _prove(app: Application, attempt: Attempt, outcome: Outcome) -> None:
    app.say(Proven(attempt_id=attempt.id, phone=attempt.phone, outcome=outcome))


async def _start_again(app: Application, phone: PhoneNumber) -> None:
    # The judge counts how often it rang.
    with suppress(RingLocked, TooManyAttempts):
        await app.start(phone, Method.FLASH_CALL)


async def _end(app: Application, attempt_id: AttemptId, seconds: float) -> None:
    attempt = await app.verifier.get(attempt_id)
    # The judge finds those that are still pending.
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await app.wait(attempt)


async def _verify_again(app: Application, phone: PhoneNumber) -> None:
    attempt = await app.start(phone, Method.FLASH_CALL)
    outcome = await app.submit(attempt, await app.people.types(phone))
    _prove(app, attempt, outcome)


def wrong(typed: str) -> str:
    """Return another pin."""
    return typed[:-1] + str((int(typed[-1]) + 1) % 10)


def _leased(attempt: Attempt) -> PhoneNumber:
    if not isinstance(attempt.challenge, DialInChallenge):
        raise TypeError("expected a number to dial")
    return attempt.challenge.lease.number
