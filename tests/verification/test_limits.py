from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from callauth import (
    ConfigurationError,
    Limit,
    PhoneNumber,
    RingLocked,
    StoreError,
    TooManyAttempts,
    VerificationPolicy,
    Verifier,
)
from callauth.verification import StartLimited
from tests.support.refusals import refused

from .own import Bell, Desk
from .watched import Watched
from .world import World

_FREE = VerificationPolicy(cool_down=())
_HOUR = 3600.0


async def _fill(verifier: Verifier, phones: Sequence[PhoneNumber]) -> int:
    answers = await asyncio.gather(
        *(verifier.start(each, client_ip="192.0.2.1") for each in phones),
        return_exceptions=True,
    )
    limited = [each for each in answers if isinstance(each, TooManyAttempts)]
    assert len(limited) == sum(isinstance(each, Exception) for each in answers)
    return len(answers) - len(limited)


@pytest.mark.parametrize(
    ("limit", "name"),
    [
        ("starts_per_client_ip", "starts/ip"),
        ("starts_per_prefix", "starts/prefix"),
        ("starts", "starts"),
    ],
)
async def test_a_limit_is_exact_whatever_happens_at_once(
    limit: str, name: str, world: World, bell: Bell
) -> None:
    """64 at once get in as many as one after the other would."""
    policy = VerificationPolicy(**{limit: Limit(7, seconds=_HOUR)})  # type: ignore[arg-type] # by name
    verifier = await world.verifier([bell], policy=policy, store=Watched(yields=True))
    phones = [PhoneNumber(f"+7900123{each:04}") for each in range(64)]

    assert await _fill(verifier, phones) == len(bell.rung) == 7

    with refused(TooManyAttempts) as refusal:
        await verifier.start(phones[-1], client_ip="192.0.2.1")
    assert (refusal.error.limit, refusal.error.retry_after) == (name, _HOUR)


async def test_the_spend_limit_is_exact(world: World, bell: Bell) -> None:
    """A stolen form costs no more than that."""
    bell.cost = 30
    policy = VerificationPolicy(spend=Limit(100, seconds=_HOUR))
    verifier = await world.verifier([bell], policy=policy, store=Watched(yields=True))

    assert await _fill(verifier, [world.phone() for _ in range(64)]) == 3
    assert len(bell.rung) == 3


async def test_a_leased_number_costs_something_too(world: World, desk: Desk) -> None:
    """Some providers take money for it."""
    desk.cost = 50
    policy = VerificationPolicy(spend=Limit(100))
    verifier = await world.verifier([desk], policy=policy)

    assert await _fill(verifier, [world.phone() for _ in range(9)]) == 2
    with refused(TooManyAttempts) as refusal:
        await verifier.start(world.phone())
    assert refusal.error.limit == "spend"


async def test_a_lease_that_is_too_dear_leaves_the_phone_free(
    world: World, desk: Desk, bell: Bell
) -> None:
    """What was locked for it is given back."""
    desk.cost, bell.cost = 200, 10
    verifier = await world.verifier([desk], policy=VerificationPolicy(spend=Limit(100)))
    phone = world.phone()
    with refused(TooManyAttempts):
        await verifier.start(phone)
    desk.cost = 0

    assert (await verifier.start(phone)).channel == "desk"


async def test_starts_per_phone_are_exact(world: World) -> None:
    """Calls are what people suffer from."""
    desks = [Desk(world.clock, name=f"desk {each}") for each in range(3)]
    verifier = await world.verifier(desks, store=Watched(yields=True))
    phone = world.phone()
    for _ in range(5):
        await verifier.cancel((await verifier.start(phone)).id)

    with refused(TooManyAttempts) as refusal:
        await verifier.start(phone)

    assert refusal.error.limit == "starts/phone"
    assert refusal.error.retry_after == 24 * _HOUR
    assert sum(len(desk.leases) for desk in desks) == 5


async def test_one_of_many_starts_rings(world: World, bell: Bell) -> None:
    """64 tabs are one phone."""
    phone = world.phone()
    verifier = await world.verifier([bell], policy=_FREE, store=Watched(yields=True))

    answers = await asyncio.gather(
        *(verifier.start(phone) for _ in range(64)), return_exceptions=True
    )

    assert sum(isinstance(each, RingLocked) for each in answers) == 63
    assert bell.rung == [phone]


async def test_a_refusal_counts_nothing(world: World, bell: Bell) -> None:
    """Who waits as long as he was told gets in."""
    policy = VerificationPolicy(starts_per_phone=Limit(2, seconds=_HOUR), cool_down=())
    verifier = await world.verifier([bell], policy=policy)
    phone = world.phone()
    await verifier.start(phone)
    await world.clock.sleep(100)
    await verifier.start(phone)
    for _ in range(20):
        await world.clock.sleep(100)
        with refused(TooManyAttempts):
            await verifier.start(phone)

    await world.clock.sleep(_HOUR - 2100)

    assert (await verifier.start(phone)).challenge is not None


async def test_the_cool_down_grows(world: World, bell: Bell) -> None:
    """30 seconds after the first call, then 60, then 120, then 120 again."""
    policy = VerificationPolicy(starts_per_phone=None)
    verifier = await world.verifier([bell], policy=policy)
    phone = world.phone()
    for pause in (30, 60, 120, 120):
        await verifier.start(phone)
        await world.clock.sleep(20)
        with refused(TooManyAttempts) as refusal:
            await verifier.start(phone)
        assert refusal.error.limit == "rings/phone"
        assert refusal.error.retry_after == pause - 20
        await world.clock.sleep(pause - 20)

    assert len(bell.rung) == 4


@pytest.mark.parametrize("early", [1.0, 0.001])
async def test_retry_after_is_true(early: float, world: World, bell: Bell) -> None:
    """A moment earlier is refused, and that very moment is not."""
    verifier = await world.verifier([bell])
    phone = world.phone()
    await verifier.start(phone)
    await world.clock.sleep(21)
    with refused(TooManyAttempts) as refusal:
        await verifier.start(phone)
    await world.clock.sleep(refusal.error.retry_after - early)
    with refused(TooManyAttempts):
        await verifier.start(phone)

    await world.clock.sleep(early)

    assert (await verifier.start(phone)).challenge is not None


async def test_a_dry_run_refuses_nobody(world: World, bell: Bell) -> None:
    """One looks at the limits before one switches them on."""
    policy = VerificationPolicy(
        dry_run=True,
        starts_per_phone=Limit(1),
        failures_per_phone=Limit(3),
        cool_down=(40.0,),
    )
    verifier = await world.verifier([bell], policy=policy)
    phone = world.phone()
    for _ in range(3):
        attempt = await verifier.start(phone)
        for _ in range(3):
            await verifier.submit(attempt.id, "9999")
        await world.clock.sleep(20)

    told = world.seen(StartLimited)
    assert len(bell.rung) == 3
    assert {each.limit for each in told} == {
        "starts/phone",
        "rings/phone",
        "failures/phone",
    }
    assert all(each.is_dry_run for each in told)


async def test_a_dry_run_keeps_the_locks(world: World, bell: Bell) -> None:
    """They are no limits: two calls at once are wrong in any case."""
    policy = VerificationPolicy(dry_run=True)
    verifier = await world.verifier([bell], policy=policy)
    phone = world.phone()
    await verifier.start(phone)

    with refused(RingLocked):
        await verifier.start(phone)


async def test_a_limit_that_is_reached_is_told(world: World, bell: Bell) -> None:
    """Somebody may be trying something."""
    verifier = await world.verifier([bell], policy=VerificationPolicy(starts=Limit(1)))
    await verifier.start(world.phone())
    phone = world.phone()
    with refused(TooManyAttempts):
        await verifier.start(phone)

    (told,) = world.seen(StartLimited)
    assert (told.phone, told.limit, told.is_dry_run) == (phone, "starts", False)
    assert told.retry_after == 24 * _HOUR


async def test_no_limits_is_a_policy_too(world: World, bell: Bell) -> None:
    """For a test of one's own."""
    policy = VerificationPolicy(
        starts_per_phone=None, starts_per_client_ip=None, cool_down=()
    )
    verifier = await world.verifier([bell], policy=policy)
    phone = world.phone()
    for _ in range(20):
        attempt = await verifier.start(phone, client_ip="192.0.2.1")
        await verifier.cancel(attempt.id)
        await world.clock.sleep(20)

    assert len(bell.rung) == 20


@pytest.mark.parametrize(
    ("phones", "addresses", "started"), [(1, 3, 2), (3, 1, 2), (3, 3, 3)]
)
async def test_limits_are_per_phone_and_per_address(
    phones: int, addresses: int, started: int, world: World, desk: Desk
) -> None:
    """One of them alone is easily got around."""
    policy = VerificationPolicy(
        starts_per_phone=Limit(2), starts_per_client_ip=Limit(2)
    )
    verifier = await world.verifier([desk], policy=policy)
    numbers = [world.phone() for _ in range(phones)]
    count = 0
    for each in range(3):
        try:
            attempt = await verifier.start(
                numbers[each % phones], client_ip=f"192.0.2.{each % addresses}"
            )
        except TooManyAttempts:
            continue
        count += 1
        await verifier.cancel(attempt.id)

    assert count == started


async def test_what_fails_between_is_given_back(world: World, bell: Bell) -> None:
    """A store that fails while it counts leaves the phone free."""
    store = Watched()

    async def before(operation: str, about: str) -> None:
        if operation == "charge" and "failures/" in about:
            raise StoreError("x")

    store.before = before
    verifier = await world.verifier([bell], store=store)
    phone = world.phone()
    with refused(StoreError):
        await verifier.start(phone)
    store.before = None

    assert (await verifier.start(phone)).tries_left == 3


async def test_the_next_channel_counts_for_the_address_too(
    world: World, bell: Bell, desk: Desk
) -> None:
    """Or each start would be worth as many calls as there are channels."""
    policy = VerificationPolicy(starts_per_client_ip=Limit(1), cool_down=())
    verifier = await world.verifier([bell, desk], policy=policy)
    attempt = await verifier.start(world.phone(), client_ip="192.0.2.1")
    await world.clock.sleep(30)

    with refused(TooManyAttempts) as refusal:
        await verifier.next_channel(attempt.id, client_ip="192.0.2.1")
    with refused(ConfigurationError):
        await verifier.next_channel(attempt.id, client_ip=7)  # type: ignore[arg-type] # wrong on purpose
    after = await verifier.next_channel(attempt.id, client_ip="192.0.2.2")

    assert (refusal.error.limit, after.channel) == ("starts/ip", "desk")


@pytest.mark.parametrize("dry_run", [True, False])
async def test_tries_of_a_laxer_policy_are_kept(
    world: World, bell: Bell, *, dry_run: bool
) -> None:
    """While a release with a stricter one is rolled out both serve the same people."""
    store, channels = Watched(), [bell, Bell(world.clock, name="other")]
    lax = VerificationPolicy(cool_down=(), tries_per_pin=5)
    strict = VerificationPolicy(cool_down=(), tries_per_pin=3, dry_run=dry_run)
    before = await world.verifier(channels, store=store, policy=lax)
    after = await world.verifier(channels, store=store, policy=strict)
    attempt = await before.start(world.phone())
    await world.clock.sleep(21)

    assert (await after.next_channel(attempt.id)).tries_left == 5
