from __future__ import annotations

import asyncio

import pytest

from callauth import (
    ConfigurationError,
    Confirmed,
    DialInChallenge,
    InvalidPhoneNumber,
    Method,
    NoChannelLeft,
    Pending,
    PhoneNumber,
    PinChallenge,
    RingLocked,
    Unknown,
    VerificationPolicy,
)
from callauth.verification import AttemptStarted
from tests.support.refusals import refused

from .own import Bell, Desk
from .watched import Watched
from .world import World

_FOREIGN = PhoneNumber("+4915112345678")
_FIXED = PhoneNumber("+74951234567")


@pytest.mark.parametrize(
    "typed", ["+7 {}", "8 ({0:.3}) {0:.10}", "7{}", "8{}", "8-{}", "{}"]
)
async def test_a_number_may_be_typed_in_any_russian_way(
    typed: str, world: World, bell: Bell
) -> None:
    """People know their number, not a format."""
    verifier = await world.verifier([bell])
    ten = "9991234567"
    text = f"8 ({ten[:3]}) {ten[3:6]}-{ten[6:]}" if "(" in typed else typed.format(ten)

    attempt = await verifier.start(text)

    assert attempt.phone == PhoneNumber("+79991234567")


async def test_a_start_returns_what_the_person_must_do(
    world: World, phone: PhoneNumber
) -> None:
    """A page is made of it."""
    verifier = await world.verifier()

    attempt = await verifier.start(phone, purpose="sign-up")

    assert (attempt.phone, attempt.purpose) == (phone, "sign-up")
    assert attempt.method is Method.FLASH_CALL
    assert attempt.channel == "flash_call:callpass"
    assert isinstance(attempt.challenge, PinChallenge)
    assert (attempt.challenge.digits, attempt.tries_left) == (7, 3)
    assert attempt.challenge.seconds_left(world.clock.now()) == 120
    assert (attempt.outcome, attempt.started_at) == (Pending(), world.clock.now())
    assert await verifier.get(attempt.id) == attempt


@pytest.mark.parametrize(
    "typed", ["", "hello", "+7 999", "+7 999 123-45-67-89", "8 999 123 45 6x"]
)
async def test_what_is_no_number_is_refused(
    typed: str, world: World, bell: Bell
) -> None:
    """Nobody is called for a slip of the finger."""
    verifier = await world.verifier([bell])

    with refused(InvalidPhoneNumber):
        await verifier.start(typed)

    assert (bell.rung, world.events) == ([], [])


@pytest.mark.parametrize(
    ("types", "allowed"),
    [
        ({"mobile"}, [True, False, False]),
        ({"fixed"}, [False, True, False]),
        ({"mobile", "foreign"}, [True, False, True]),
    ],
)
async def test_only_types_of_numbers_that_are_allowed_are_called(
    types: set[str], allowed: list[bool], world: World, bell: Bell
) -> None:
    """Calls abroad are what fraudsters want."""
    policy = VerificationPolicy(number_types=frozenset(types))  # type: ignore[arg-type] # they are of the type
    verifier = await world.verifier([bell], policy=policy)
    numbers = [world.phone(), _FIXED, _FOREIGN]

    for number, is_allowed in zip(numbers, allowed, strict=True):
        if is_allowed:
            await verifier.start(number)
        else:
            with refused(InvalidPhoneNumber):
                await verifier.start(number)

    assert len(bell.rung) == sum(allowed)


@pytest.mark.parametrize(
    ("method", "channel"),
    [
        (None, "flash_call:callpass"),
        (Method.FLASH_CALL, "flash_call:callpass"),
        (Method.VOICE_OTP, "voice_otp:nerotech"),
        (Method.REVERSE_CALL, "reverse_call:telefonip"),
    ],
)
async def test_a_method_leaves_out_the_others(
    method: Method | None, channel: str, world: World, phone: PhoneNumber
) -> None:
    """A person who cannot hear asks for a call that is not answered."""
    verifier = await world.verifier()

    assert (await verifier.start(phone, method=method)).channel == channel


async def test_a_method_without_a_channel_is_refused(
    world: World, phone: PhoneNumber, bell: Bell
) -> None:
    """Another method was not what was asked for."""
    verifier = await world.verifier([bell])

    with refused(NoChannelLeft):
        await verifier.start(phone, method=Method.VOICE_OTP)


async def test_a_reverse_call_shows_the_number_to_dial(
    world: World, phone: PhoneNumber
) -> None:
    """There is no pin to type, and so no tries."""
    verifier = await world.verifier()

    attempt = await verifier.start(phone, method=Method.REVERSE_CALL)

    assert isinstance(attempt.challenge, DialInChallenge)
    assert attempt.challenge.lease.user == phone
    assert attempt.tries_left is None


@pytest.mark.parametrize(
    "argument",
    [
        {"purpose": ""},
        {"purpose": None},
        {"purpose": 5},
        {"method": "flash_call"},
        {"client_ip": 5},
    ],
)
async def test_bad_input_is_refused(
    argument: dict[str, object], world: World, bell: Bell
) -> None:
    """A mistake of the application must not look like one of the person."""
    verifier = await world.verifier([bell])

    with refused(ConfigurationError):
        await verifier.start(world.phone(), **argument)  # type: ignore[arg-type] # wrong on purpose

    assert bell.rung == []


async def test_an_address_of_any_characters_is_counted(
    world: World, bell: Bell
) -> None:
    """It comes from a header that anybody can fill."""
    verifier = await world.verifier([bell])

    await verifier.start(world.phone(), client_ip="\ud800 или что угодно\x00")

    assert len(bell.rung) == 1


async def test_a_ringing_phone_is_not_called_again(
    world: World, phone: PhoneNumber
) -> None:
    """Two tabs of one browser are one person with one phone."""
    verifier = await world.verifier()
    await verifier.start(phone)
    await world.clock.sleep(10)

    with refused(RingLocked) as refusal:
        await verifier.start(phone)

    assert refusal.error.retry_after == pytest.approx(20, abs=0.1)
    assert world.rings(phone) == 1


async def test_a_cancelled_start_still_stores_the_pin(
    world: World, phone: PhoneNumber
) -> None:
    """The phone rings whether somebody waits for it or not."""
    verifier = await world.verifier()
    starting = asyncio.create_task(verifier.start(phone))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    starting.cancel()
    await asyncio.wait([starting])

    await world.clock.sleep(5)

    assert (starting.cancelled(), world.rings(phone)) == (True, 1)
    (begun,) = [event.attempt_id for event in world.seen(AttemptStarted)]
    typed = world.typed(await verifier.get(begun))
    assert (await verifier.submit(begun, typed)) == await verifier.wait(begun)


async def test_each_attempt_has_an_id_that_nobody_guesses(
    world: World, bell: Bell, desk: Desk
) -> None:
    """128 random bits, safe in a URL."""
    verifier = await world.verifier([bell])

    ids = {(await verifier.start(world.phone())).id for _ in range(20)}

    assert len(ids) == 20
    assert {len(each) for each in ids} == {22}


async def test_each_call_has_a_key_of_its_own(
    world: World, phone: PhoneNumber, bell: Bell
) -> None:
    """The same key would give the same call."""
    verifier = await world.verifier([bell])
    await verifier.start(phone)
    await world.clock.sleep(40)
    await verifier.start(phone)

    assert len({key.text for key in bell.keys}) == 2


@pytest.mark.parametrize("processes", [1, 2])
async def test_a_lock_that_ended_while_the_store_was_slow_allows_no_second_ring(
    processes: int, world: World, phone: PhoneNumber, bell: Bell
) -> None:
    """Somebody else rings the phone by then, and two calls at once must never be."""
    store = _slow_to_insert(world, 302.0)
    policy = VerificationPolicy(cool_down=())
    verifiers = [
        await world.verifier([bell], store=store, policy=policy)
        for _ in range(processes)
    ]
    starting = asyncio.create_task(verifiers[0].start(phone))
    await world.clock.sleep(290)

    attempt = await verifiers[-1].start(phone)

    with refused(NoChannelLeft):
        await starting
    assert bell.rung == [phone]
    assert isinstance(await verifiers[-1].submit(attempt.id, "1000"), Confirmed)


async def test_after_a_slow_store_another_channel_is_asked(
    world: World, phone: PhoneNumber, bell: Bell
) -> None:
    """The person is called all the same, under a lock that is new."""
    store = _slow_to_insert(world, 150.0)
    other = Bell(world.clock, name="other")
    policy = VerificationPolicy(cool_down=())
    verifier = await world.verifier([bell, other], store=store, policy=policy)

    attempt = await verifier.start(phone)

    assert (attempt.channel, bell.rung, other.rung) == ("other", [], [phone])
    with refused(RingLocked) as refusal:
        await verifier.start(phone)
    assert refusal.error.retry_after == 20


async def test_a_slow_store_takes_its_time_from_the_channel(
    world: World, phone: PhoneNumber
) -> None:
    """The phone was locked for both together: after that another may ring it."""
    bell = Bell(world.clock, seconds=60.0)
    store = _slow_to_insert(world, 100.0)
    verifier = await world.verifier([bell], store=store)

    attempt = await verifier.start(phone)

    assert isinstance(attempt.outcome, Unknown)
    assert world.clock.monotonic() == 150


def _slow_to_insert(world: World, seconds: float) -> Watched:
    store, pauses = Watched(), [seconds]

    async def before(operation: str, _: str) -> None:
        if operation == "insert" and pauses:
            await world.clock.sleep(pauses.pop())

    store.before = before
    return store
