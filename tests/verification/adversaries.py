"""Adversaries: what people do who want to be taken for others, or to do harm.

Each scene has a victim with a phone of his own and somebody who is not he. What the
impostor begins must never be confirmed. Luck is not what is tested: an impostor who
would type the right digits by chance types others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random
from typing import TypeAlias

from callauth import (
    Attempt,
    CallAuthError,
    DialInChallenge,
    Method,
    PinChallenge,
    RingLocked,
    TooManyAttempts,
    WebhookHint,
)
from callauth.sandbox import Subscriber

from .chronicle import Desk, Person
from .town import DIAL_NEROTECH, Town

Scene: TypeAlias = Callable[[Town, Random], Awaitable[None]]

# Calls when the scene says so, and not by himself.
_SCRIPTED = Subscriber(dials_after_seconds=None)
_GUESSING_SECONDS = 26 * 3600.0


async def strange_caller(town: Town, dice: Random) -> None:
    """Let a stranger call the number that was leased to somebody else."""
    comes = dice.random() < 0.5
    victim = town.settle("called for", _SCRIPTED, must_be=None if comes else False)
    stranger = town.settle("stranger", _SCRIPTED, must_be=False)
    desk = dice.choice(town.desks)
    for _ in range(2):
        attempt = await _dial_in(town, desk, victim, dice)
        if attempt is None:
            return
        await town.clock.sleep(dice.uniform(1, 30))
        _dial(town, stranger, attempt)
        await town.clock.sleep(dice.uniform(0, 30))
        if comes:
            _dial(town, victim, attempt)
        await desk.wait(victim, attempt.id)


async def leftover_call(town: Town, dice: Random) -> None:
    """Let a person call twice, and leave the second call for an impostor."""
    victim = town.settle("calling twice", _SCRIPTED, must_be=True)
    desk, other = _two(town, dice)
    attempt = await _dial_in(town, desk, victim, dice)
    if attempt is None:
        victim.must_be = None
        return
    await town.clock.sleep(dice.uniform(1, 60))
    _dial(town, victim, attempt)
    await desk.wait(victim, attempt.id)
    await town.clock.sleep(dice.uniform(0, 4))
    _dial(town, victim, attempt)
    await _impose(town, other, victim, dice, until=town.elapsed() + 200)


async def stale_call(town: Town, dice: Random) -> None:
    """Let a person give up and call all the same, before an impostor comes."""
    victim = town.settle("calling too late", _SCRIPTED, must_be=False)
    desk, other = _two(town, dice)
    attempt = await _dial_in(town, desk, victim, dice)
    if attempt is None:
        return
    if dice.random() < 0.8:
        await desk.cancel(victim, attempt.id)
    else:
        victim.must_be = None
    await town.clock.sleep(dice.uniform(0, 114))
    for number in town.sandbox.nerotech.numbers:
        town.sandbox.network.dial(victim.phone, number)
    _dial(town, victim, attempt)
    await _impose(town, other, victim, dice, until=town.elapsed() + 250)


async def race(town: Town, dice: Random) -> None:
    """Let an impostor begin at the very moment at which a person does."""
    victim = town.settle("in a race", _SCRIPTED)
    desk, other = _two(town, dice)
    end = town.elapsed() + 200

    async def play() -> None:
        await town.clock.sleep(dice.choice((0.0, 0.0, 0.5)))
        attempt = await _dial_in(town, desk, victim, dice)
        if attempt is not None:
            await town.clock.sleep(dice.uniform(0, 60))
            _dial(town, victim, attempt)
            await desk.wait(victim, attempt.id)

    await asyncio.gather(play(), _impose(town, other, victim, dice, until=end))


async def forged_webhooks(town: Town, dice: Random) -> None:
    """Send webhooks for a call that was never made, and old ones again."""
    victim = town.settle("not calling", _SCRIPTED, must_be=False)
    forger = town.impostor(victim)
    desk = dice.choice(town.desks)
    attempt = await _dial_in(town, desk, victim, dice)
    if attempt is None or not isinstance(attempt.challenge, DialInChallenge):
        return
    first = town.sandbox.telefonip.first_id
    for _ in range(30):
        lease_id = attempt.challenge.lease.lease_id or first + dice.randrange(2000)
        hint = WebhookHint(lease_id=lease_id, phone=victim.phone, success=True)
        with suppress(CallAuthError):
            await desk.receive(forger, dice.choice([hint, *town.hints[-5:]]))
        await town.clock.sleep(dice.choice((0.0, 0.0, 1.0)))


async def guesser(town: Town, dice: Random) -> None:
    """Guess for more than a day, across calls, attempts and Verifiers."""
    victim = town.settle("guessed", _SCRIPTED)
    impostor = town.impostor(victim)
    end = town.elapsed() + _GUESSING_SECONDS
    while town.elapsed() < end:
        desk = dice.choice(town.desks)
        try:
            # Nothing but pins.
            attempt = await desk.start(impostor, purpose="recovery")
            await _guess_often(town, impostor, attempt, dice)
            await town.clock.sleep(dice.uniform(20, 90))
            attempt = await desk.next_channel(impostor, attempt.id)
            await _guess_often(town, impostor, attempt, dice)
        except (RingLocked, TooManyAttempts) as error:
            wait = max(error.retry_after, dice.choice((0.0, 900.0, 3600.0)))
            await town.clock.sleep(wait + 0.001)
        except CallAuthError:
            await town.clock.sleep(dice.uniform(0, 600))


async def borrowed_pin(town: Town, dice: Random) -> None:
    """Type the pin of one's own phone for another phone, and the other way."""
    victim = town.settle("lending", _SCRIPTED)
    impostor = town.impostor(victim)
    himself = town.settle("borrower", _SCRIPTED)
    desk, other = _two(town, dice)
    for method in (Method.FLASH_CALL, Method.VOICE_OTP):
        theirs = await _begun(town, other, impostor, method)
        his = await _begun(town, desk, himself, method)
        await town.clock.sleep(dice.uniform(4, 25))
        pairs = ((impostor, theirs, himself), (himself, his, victim))
        for who, attempt, lender in pairs:
            typed = town.sandbox.network.typed(lender.phone)
            right = town.codes(who.phone)
            if attempt is not None and typed is not None and typed not in right:
                with suppress(CallAuthError):
                    await dice.choice(town.desks).submit(who, attempt.id, typed)
        await town.clock.sleep(dice.uniform(30, 60))


async def old_pin(town: Town, dice: Random) -> None:
    """Type the code of an earlier call, overheard, for a new one."""
    victim = town.settle("overheard", _SCRIPTED)
    impostor = town.impostor(victim)
    desk, other = _two(town, dice)
    first = await _begun(town, desk, victim, Method.FLASH_CALL)
    await town.clock.sleep(5.0)
    typed = town.sandbox.network.typed(victim.phone)
    if first is None or typed is None:
        return
    if dice.random() < 0.5:
        with suppress(CallAuthError):
            await desk.submit(victim, first.id, typed)
    await town.clock.sleep(dice.uniform(26, 60))
    second = await _begun(town, other, impostor, Method.FLASH_CALL)
    await town.clock.sleep(5.0)
    if second is not None and typed not in town.codes(victim.phone)[1:]:
        with suppress(CallAuthError):
            await other.submit(impostor, second.id, typed)


async def storm(town: Town, dice: Random) -> None:
    """Press every button many times at once."""
    person = town.settle("impatient")
    begun: list[Attempt] = []

    async def start() -> None:
        with suppress(CallAuthError):
            begun.append(await dice.choice(town.desks).start(person))

    async def next_channel(attempt: Attempt) -> None:
        with suppress(CallAuthError):
            await dice.choice(town.desks).next_channel(person, attempt.id)

    await asyncio.gather(*(start() for _ in range(6)))
    for _ in range(4):
        await town.clock.sleep(dice.choice((0.0, 1.0, 30.0, 60.0)))
        await asyncio.gather(*(next_channel(each) for each in begun for _ in range(5)))
        typed = town.sandbox.network.typed(person.phone)
        for attempt in begun if typed else ():
            with suppress(CallAuthError):
                await town.desks[0].submit(person, attempt.id, typed or "")


async def undecided(town: Town, dice: Random) -> None:
    """Cancel, type and ask for another call at the same moment."""
    person = town.settle("undecided", Subscriber(dials_after_seconds=5.0))
    method = dice.choice((None, Method.FLASH_CALL, Method.VOICE_OTP))
    attempt = await _begun(town, dice.choice(town.desks), person, method)
    if attempt is None:
        return
    await town.clock.sleep(dice.choice((0.0, 5.0, 5.0, 40.0, 119.99, 120.0)))
    typed = town.sandbox.network.typed(person.phone) or "0000"
    desk = dice.choice(town.desks)
    acts: list[Callable[[], Awaitable[object]]] = [
        lambda: desk.cancel(person, attempt.id),
        lambda: desk.next_channel(person, attempt.id),
        *[_submitting(each, person, attempt, typed) for each in town.desks * 2],
    ]
    dice.shuffle(acts)
    await asyncio.gather(*(_at_some_turn(act, dice) for act in acts))


async def leaver(town: Town, dice: Random) -> None:
    """Close the page while the call is being placed."""
    person = town.settle("leaving", Subscriber(dials_after_seconds=10.0))
    desk = dice.choice(town.desks)
    task = asyncio.ensure_future(desk.start(person))
    for _ in range(dice.randrange(12)):
        await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError, CallAuthError):
        await task
    with suppress(CallAuthError):
        await desk.start(person)


SCENES: tuple[Scene, ...] = (
    strange_caller,
    leftover_call,
    stale_call,
    race,
    forged_webhooks,
    guesser,
    borrowed_pin,
    old_pin,
    storm,
    undecided,
    leaver,
)


async def _impose(
    town: Town, desk: Desk, victim: Person, dice: Random, *, until: float
) -> None:
    """Begin for the victim's phone again and again, and hope for his call."""
    impostor = town.impostor(victim)
    while town.elapsed() < until:
        attempt = None
        try:
            attempt = await desk.start(impostor, method=Method.REVERSE_CALL)
            if dice.random() < 0.5 and not _is_nerotech(attempt):
                attempt = await desk.next_channel(impostor, attempt.id)
        except (RingLocked, TooManyAttempts) as error:
            await town.clock.sleep(min(error.retry_after, 60.0) + 0.001)
            continue
        except CallAuthError:
            await town.clock.sleep(dice.uniform(1, 30))
        if attempt is None:
            continue
        await town.clock.sleep(dice.uniform(0, 20))
        with suppress(CallAuthError):
            if dice.random() < 0.5:
                await desk.cancel(impostor, attempt.id)
            else:
                await desk.wait(impostor, attempt.id)


async def _dial_in(
    town: Town, desk: Desk, person: Person, dice: Random
) -> Attempt | None:
    attempt = await _begun(town, desk, person, Method.REVERSE_CALL)
    if attempt is None or _is_nerotech(attempt) or dice.random() < 0.5:
        return attempt
    with suppress(CallAuthError):
        return await desk.next_channel(person, attempt.id)
    return attempt


async def _begun(
    town: Town, desk: Desk, person: Person, method: Method | None
) -> Attempt | None:
    for _ in range(3):
        try:
            return await desk.start(person, method=method)
        except (RingLocked, TooManyAttempts) as error:
            await town.clock.sleep(min(error.retry_after, 150.0) + 0.001)
        except CallAuthError:
            return None
    return None


def _dial(town: Town, person: Person, attempt: Attempt) -> None:
    if isinstance(attempt.challenge, DialInChallenge):
        town.sandbox.network.dial(person.phone, attempt.challenge.lease.number)


def _two(town: Town, dice: Random) -> tuple[Desk, Desk]:
    desks = town.desks
    return dice.choice(desks), dice.choice(desks)


def _is_nerotech(attempt: Attempt) -> bool:
    return attempt.channel == DIAL_NEROTECH


async def _guess_often(town: Town, who: Person, attempt: Attempt, dice: Random) -> None:
    """Guess once or up to eight times, all at once and at every desk."""
    desks = town.desks * dice.choice((1, 1, 4))
    if dice.random() < 0.5:
        desks = desks[:1]
    await asyncio.gather(*(_guess(town, each, who, attempt, dice) for each in desks))


async def _guess(
    town: Town, desk: Desk, who: Person, attempt: Attempt, dice: Random
) -> None:
    if not isinstance(attempt.challenge, PinChallenge):
        return
    digits = attempt.challenge.digits
    typed = f"{dice.randrange(10**digits):0{digits}}"
    if typed in town.codes(who.phone):
        return
    with suppress(CallAuthError):
        await desk.submit(who, attempt.id, typed)


def _submitting(
    desk: Desk, person: Person, attempt: Attempt, typed: str
) -> Callable[[], Awaitable[object]]:
    return lambda: desk.submit(person, attempt.id, typed)


async def _at_some_turn(act: Callable[[], Awaitable[object]], dice: Random) -> None:
    for _ in range(dice.randrange(4)):
        await asyncio.sleep(0)
    with suppress(CallAuthError):
        await act()
