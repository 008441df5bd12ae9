from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import product
from typing import Any

import pytest

from callauth import (
    Attempt,
    AttemptId,
    AttemptNotFound,
    AttemptSettled,
    ConfigurationError,
    Confirmed,
    Expired,
    MemoryStore,
    Method,
    Pending,
    PhoneNumber,
    Pin,
    Rejected,
    VerificationPolicy,
    Verifier,
)
from callauth.sandbox import Typing
from callauth.verification import Record
from tests.support.refusals import refused

from .own import Bell
from .watched import Watched
from .world import World, wrong

_SEVEN = Pin("2214610")
_UNKNOWN = AttemptId("AAAAAAAAAAAAAAAAAAAAAA")


async def _rung(
    world: World, bell: Bell, pin: Pin = _SEVEN
) -> tuple[Verifier, Attempt]:
    bell.pins = [pin] * 99
    verifier = await world.verifier([bell])
    return verifier, await verifier.start(world.phone())


async def test_the_right_pin_confirms(world: World, phone: PhoneNumber) -> None:
    """The secret reached the phone: nothing is stronger."""
    verifier = await world.verifier()
    attempt = await verifier.start(phone)
    await world.clock.sleep(5)

    outcome = await verifier.submit(attempt.id, world.typed(attempt))

    assert outcome == Confirmed(at=world.clock.now(), assurance="code")
    assert (await verifier.get(attempt.id)).outcome == outcome
    assert world.sandbox.ledger.backs(phone, since=attempt.started_at)


@pytest.mark.parametrize(
    "typed",
    [
        "2214610",
        " 221-46-10 ",
        "(221) 46.10",
        "2 2 1 4 6 1 0",
        "+7 495 221-46-10",
        "8 (495) 221-46-10",
        "84952214610",
        "+74952214610",
    ],
)
async def test_the_pin_may_be_typed_or_pasted(
    typed: str, world: World, bell: Bell
) -> None:
    """People copy the whole number of a missed call."""
    verifier, attempt = await _rung(world, bell)

    assert isinstance(await verifier.submit(attempt.id, typed), Confirmed)


@pytest.mark.parametrize(
    "typed", ["2214611", "214610", "22146100", "0000000", "+7 495 221-46-11", "2", "+2"]
)
async def test_a_wrong_pin_costs_a_try(typed: str, world: World, bell: Bell) -> None:
    """Too few digits are a guess as well."""
    verifier, attempt = await _rung(world, bell)

    assert await verifier.submit(attempt.id, typed) == Pending()

    after = await verifier.get(attempt.id)
    assert (after.tries_left, after.challenge) == (2, attempt.challenge)


@pytest.mark.parametrize(
    "typed",
    ["", " ", "abc", "22l4610", "٢٢١٤٦١٠", "２２１４６１０", "2214610x", None, 2214610],
)
async def test_what_is_no_digits_is_refused_without_a_charge(
    typed: object, world: World, bell: Bell
) -> None:
    """The application can ask again, and no try is lost."""
    verifier, attempt = await _rung(world, bell)

    with refused(ConfigurationError):
        await verifier.submit(attempt.id, typed)  # type: ignore[arg-type] # wrong on purpose

    assert await verifier.get(attempt.id) == attempt


async def test_three_wrong_pins_reject(world: World, phone: PhoneNumber) -> None:
    """More tries would be more guesses."""
    verifier = await world.verifier()
    attempt = await verifier.start(phone)
    right = world.typed(attempt)
    for _ in range(2):
        assert await verifier.submit(attempt.id, wrong(right)) == Pending()

    outcome = await verifier.submit(attempt.id, wrong(right))

    assert outcome == Rejected(at=world.clock.now(), reason="too many wrong pins")
    with refused(AttemptSettled):
        await verifier.submit(attempt.id, right)
    after = await verifier.get(attempt.id)
    assert (after.outcome, after.tries_left, after.challenge) == (outcome, 0, None)


@pytest.mark.parametrize("tries", [1, 2, 5])
async def test_the_policy_says_how_often_one_may_try(
    tries: int, world: World, bell: Bell
) -> None:
    """A payment may be stricter than a newsletter."""
    policy = VerificationPolicy(tries_per_pin=tries)
    verifier = await world.verifier([bell], policy=policy)
    attempt = await verifier.start(world.phone())

    outcomes = [await verifier.submit(attempt.id, "9999") for _ in range(tries)]

    assert outcomes[:-1] == [Pending()] * (tries - 1)
    assert isinstance(outcomes[-1], Rejected)


@pytest.mark.parametrize("typed", ["2214610", "2214611", "letters"])
async def test_an_attempt_is_confirmed_once(
    typed: str, world: World, bell: Bell
) -> None:
    """A pin that was seen over a shoulder is worth nothing afterwards."""
    verifier, attempt = await _rung(world, bell)
    await verifier.submit(attempt.id, "2214610")

    with refused(AttemptSettled):
        await verifier.submit(attempt.id, typed)


@pytest.mark.parametrize("attempt_id", [_UNKNOWN, "", "\ud800", None, 5])
async def test_an_unknown_attempt_is_an_error(
    attempt_id: object, world: World, bell: Bell
) -> None:
    """Ids come from cookies."""
    verifier = await world.verifier([bell])
    asks: list[Callable[[Any], Awaitable[object]]] = [
        lambda each: verifier.submit(each, "1234"),
        verifier.get,
        verifier.wait,
        verifier.cancel,
        verifier.next_channel,
    ]
    for ask in asks:
        with refused(AttemptNotFound):
            await ask(attempt_id)


@pytest.mark.parametrize(
    ("seconds", "kind"), [(119.9, Confirmed), (120, Expired), (121, Expired)]
)
async def test_a_pin_lives_as_long_as_it_is_shown(
    seconds: float, kind: type, world: World, bell: Bell
) -> None:
    """120 seconds by default."""
    verifier, attempt = await _rung(world, bell)
    await world.clock.sleep(seconds)

    assert type(await verifier.submit(attempt.id, "2214610")) is kind


@pytest.mark.parametrize("typed", ["2214610", "9999999", "letters"])
async def test_a_pin_after_its_time_is_expired_and_no_error(
    typed: str, world: World, bell: Bell
) -> None:
    """Late, and late by a moment, are the same to the person."""
    verifier, attempt = await _rung(world, bell)
    await world.clock.sleep(500)

    outcome = await verifier.submit(attempt.id, typed)

    assert isinstance(outcome, Expired)
    assert await verifier.wait(attempt.id) == outcome


async def test_a_pin_for_a_reverse_call_is_refused(
    world: World, phone: PhoneNumber
) -> None:
    """There is none, and the attempt goes on."""
    verifier = await world.verifier()
    attempt = await verifier.start(phone, method=Method.REVERSE_CALL)

    with refused(ConfigurationError):
        await verifier.submit(attempt.id, "1234")

    assert await verifier.get(attempt.id) == attempt


async def test_one_of_many_wins(world: World, bell: Bell) -> None:
    """Two browsers with one pin are one log-in."""
    verifier = await world.verifier([bell], store=Watched(yields=True))
    attempt = await verifier.start(world.phone())

    answers = await asyncio.gather(
        *(verifier.submit(attempt.id, "1000") for _ in range(64)),
        return_exceptions=True,
    )

    assert sum(isinstance(each, Confirmed) for each in answers) == 1
    assert sum(isinstance(each, AttemptSettled) for each in answers) == 63


async def test_guesses_at_once_are_counted_each(world: World, bell: Bell) -> None:
    """64 at once have three tries, as one after the other has."""
    verifier = await world.verifier([bell], store=Watched(yields=True))
    attempt = await verifier.start(world.phone())

    answers = await asyncio.gather(
        *(verifier.submit(attempt.id, f"{2000 + each}") for each in range(64)),
        return_exceptions=True,
    )

    assert sum(isinstance(each, Pending) for each in answers) == 2
    assert sum(isinstance(each, Rejected) for each in answers) == 1


async def test_the_last_try_may_be_the_right_one_only_once(
    world: World, bell: Bell
) -> None:
    """A right pin among wrong ones wins, or comes too late; never both."""
    verifier = await world.verifier([bell], store=Watched(yields=True))
    attempt = await verifier.start(world.phone())
    typed = ["2000", "2001", "1000", "2002", "1000"]

    answers = await asyncio.gather(
        *(verifier.submit(attempt.id, each) for each in typed), return_exceptions=True
    )

    ended = [each for each in answers if isinstance(each, Confirmed | Rejected)]
    assert ended == [(await verifier.get(attempt.id)).outcome]


@pytest.mark.parametrize(("whose_id", "whose_pin"), list(product(range(3), range(3))))
async def test_a_pin_fits_its_own_attempt_alone(
    whose_id: int, whose_pin: int, world: World
) -> None:
    """Another attempt of the same phone, or of another, is another attempt."""
    anna, boris = Bell(world.clock, name="a"), Bell(world.clock, name="b")
    anna.pins, boris.pins = [Pin("1111"), Pin("3333")], [Pin("2222")]
    policy = VerificationPolicy(cool_down=())
    first, second = [
        await world.verifier([bell], policy=policy) for bell in (anna, boris)
    ]
    phones = [world.phone(), world.phone()]
    started = [(first, await first.start(phones[0]))]
    started.append((second, await second.start(phones[1])))
    await world.clock.sleep(20)
    started.append((first, await first.start(phones[0])))
    pins = ["1111", "2222", "3333"]

    verifier, attempt = started[whose_id]
    outcome = await verifier.submit(attempt.id, pins[whose_pin])

    assert isinstance(outcome, Confirmed) is (whose_id == whose_pin)


async def test_the_right_digits_at_another_phone_do_not_count(
    world: World, bell: Bell
) -> None:
    """What is kept of a pin is bound to attempt and phone."""
    bell.pins = [Pin("1234")] * 2
    store = MemoryStore()
    verifier = await world.verifier([bell], store=store)
    victim = await verifier.start(world.phone())
    mine = await verifier.start(world.phone())
    await _give_document(store, of=victim, to=mine)

    assert await verifier.submit(mine.id, "1234") == Pending()


async def _give_document(store: MemoryStore, *, of: Attempt, to: Attempt) -> None:
    # The pin of one attempt in the place of another's, as by a mistake in a store.
    theirs, mine = await store.get(of.id), await store.get(to.id)
    assert theirs is not None
    assert mine is not None
    record = Record(
        attempt_id=mine.attempt_id,
        version=mine.version + 1,
        document=theirs.document.replace(of.id, to.id).replace(
            of.phone.e164, to.phone.e164
        ),
        worker=mine.worker,
        purge_at=mine.purge_at,
    )
    assert await store.replace(record, expected_version=mine.version)


async def test_who_types_wrong_is_never_confirmed(world: World) -> None:
    """However often."""
    phone = world.phone(types=Typing.WRONG)
    verifier = await world.verifier()
    attempt = await verifier.start(phone)

    for _ in range(3):
        outcome = await verifier.submit(attempt.id, world.typed(attempt))

    assert isinstance(outcome, Rejected)


async def test_a_submit_whose_caller_is_gone_tells_those_who_wait(
    world: World, bell: Bell
) -> None:
    """The request was cancelled; the person typed the right pin all the same."""
    verifier = await world.verifier([bell], store=Watched(yields=True))
    attempt = await verifier.start(world.phone())
    submitting = asyncio.create_task(verifier.submit(attempt.id, "1000"))
    await asyncio.sleep(0)
    submitting.cancel()
    await asyncio.wait([submitting])

    assert isinstance(await world.end(verifier, attempt.id), Confirmed)


async def test_a_closed_verifier_takes_nothing(world: World, bell: Bell) -> None:
    """Its store may be closed already."""
    verifier, attempt = await _rung(world, bell)
    await verifier.aclose()

    asks: list[Callable[[], Awaitable[object]]] = [
        lambda: verifier.submit(attempt.id, "2214610"),
        lambda: verifier.start(world.phone()),
        lambda: verifier.wait(attempt.id),
        lambda: verifier.cancel(attempt.id),
        lambda: verifier.next_channel(attempt.id),
    ]
    for ask in asks:
        with refused(ConfigurationError):
            await ask()
