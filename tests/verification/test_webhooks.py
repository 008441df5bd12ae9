from __future__ import annotations

import asyncio
import random
import re
import string

import pytest

from callauth import (
    AnswerLost,
    Attempt,
    ConfigurationError,
    Confirmed,
    MemoryStore,
    Pending,
    PhoneNumber,
    Rejected,
    ReverseCall,
    StoreError,
    Verifier,
    WebhookHint,
)
from tests.support.refusals import refused

from .own import Bell, Desk, raises
from .watched import Watched
from .world import World

_BASE = "https://app.example/hooks"
_PHONE = PhoneNumber("+79991234567")


def _hint(lease_id: int = 1, phone: PhoneNumber | None = None) -> WebhookHint:
    return WebhookHint(lease_id=lease_id, phone=phone or _PHONE, success=True)


async def _started(world: World, desk: Desk) -> tuple[Verifier, Attempt]:
    verifier = await world.verifier([desk], webhook_base=_BASE)
    return verifier, await verifier.start(world.phone())


@pytest.mark.parametrize("base", [_BASE, _BASE + "/"])
async def test_the_url_ends_with_a_part_that_nobody_guesses(
    base: str, world: World, desk: Desk
) -> None:
    """128 bits, without a query since the provider appends its own."""
    verifier = await world.verifier([desk], webhook_base=base)
    attempt = await verifier.start(world.phone())

    url = verifier.webhook_url(attempt)

    assert re.fullmatch(re.escape(_BASE) + r"/[\w-]{22}\.[0-9a-f]{32}", url)
    assert desk.webhooks == [url]


async def test_the_path_of_an_attempt_is_known(world: World, desk: Desk) -> None:
    """In every process that has the same pepper."""
    verifier, attempt = await _started(world, desk)

    path = verifier.webhook_url(attempt).rpartition("/")[2]

    assert verifier.check_webhook_path(path)


async def test_any_other_path_is_unknown(world: World, desk: Desk) -> None:
    """Each single character counts."""
    verifier, attempt = await _started(world, desk)
    path = verifier.webhook_url(attempt).rpartition("/")[2]
    for place, right in enumerate(path):
        for other in set(string.ascii_letters + string.digits + "-_.Ж٣\n/") - {right}:
            changed = path[:place] + other + path[place + 1 :]
            assert not verifier.check_webhook_path(changed), (place, other)
        assert not verifier.check_webhook_path(path[:place] + path[place + 1 :])
        assert not verifier.check_webhook_path(path[:place] + "a" + path[place:])


@pytest.mark.parametrize("path", ["", "x", "\ud800", None, 5, b"x", "a" * 100_000])
async def test_what_is_no_path_is_unknown(
    path: object, world: World, desk: Desk
) -> None:
    """Anybody can send anything."""
    verifier = await world.verifier([desk])

    assert verifier.check_webhook_path(path) is False  # type: ignore[arg-type] # wrong on purpose


async def test_the_path_of_another_deployment_is_unknown(
    world: World, desk: Desk
) -> None:
    """It was made with another key."""
    _, attempt = await _started(world, desk)
    other = await world.verifier([desk], webhook_base=_BASE)
    theirs, _ = await _started(world, desk)

    path = theirs.webhook_url(attempt).rpartition("/")[2]

    assert not other.check_webhook_path(path)


async def test_without_a_base_there_is_no_url(world: World, desk: Desk) -> None:
    """And the provider is not asked for webhooks."""
    verifier = await world.verifier([desk])
    attempt = await verifier.start(world.phone())

    with refused(ConfigurationError):
        verifier.webhook_url(attempt)
    assert desk.webhooks == [None]


@pytest.mark.parametrize(
    "base", ["http://app.example/", "https://app.example/?x=1", "ftp://x/", "x"]
)
def test_a_base_that_cannot_be_one_is_refused(base: str, bell: Bell) -> None:
    """Webhooks come over https."""
    with refused(ConfigurationError):
        Verifier([bell], webhook_base=base)


async def test_telefonip_is_given_the_url(world: World) -> None:
    """Its webhook comes to the application, which hands it on."""
    urls: list[str] = []
    phone = world.phone(dials_after_seconds=3.5)
    verifier = await world.verifier([ReverseCall(world.telefonip)], webhook_base=_BASE)
    attempt = await verifier.start(phone)
    urls.append(verifier.webhook_url(attempt))

    assert isinstance(await world.end(verifier, attempt.id), Confirmed)

    assert world.received("reverse_auth_phone_post") == 1
    assert world.received("reverse_auth_phone_get") == 0


async def test_a_hint_makes_us_ask(world: World, desk: Desk) -> None:
    """It proves nothing itself, whatever it says."""
    verifier, attempt = await _started(world, desk)

    await verifier.receive(_hint(phone=attempt.phone))

    assert desk.checks == 1
    assert (await verifier.get(attempt.id)).outcome == Pending()


@pytest.mark.parametrize("is_right", [True, False])
async def test_what_the_provider_says_counts(
    world: World, desk: Desk, *, is_right: bool
) -> None:
    """And not the number in the webhook."""
    verifier, attempt = await _started(world, desk)
    desk.dial(attempt.phone if is_right else world.phone())

    await verifier.receive(_hint(phone=_PHONE if is_right else attempt.phone))

    outcome = (await verifier.get(attempt.id)).outcome
    assert type(outcome) is (Confirmed if is_right else Rejected)


async def test_repeated_hints_ask_once_per_second(world: World, desk: Desk) -> None:
    """Otherwise anybody could make us flood the provider."""
    verifier, attempt = await _started(world, desk)
    for second in range(3):
        for _ in range(10):
            await verifier.receive(_hint(phone=attempt.phone))
        await asyncio.gather(*(verifier.receive(_hint()) for _ in range(10)))
        # The poller asks once a second as well.
        assert desk.checks == 2 * second + 1
        await world.clock.sleep(1.0)


async def test_hints_at_two_verifiers_ask_once(world: World, desk: Desk) -> None:
    """The limit is kept in the store."""
    store = MemoryStore()
    verifiers = [await world.verifier([desk], store=store) for _ in range(3)]
    await verifiers[0].start(world.phone())

    for each in verifiers:
        await each.receive(_hint())

    assert desk.checks == 1


async def test_forged_hints_change_nothing(world: World) -> None:
    """10,000 of them for 20 attempts."""
    desk = Desk(world.clock)
    verifier = await world.verifier([desk])
    attempts = [await verifier.start(world.phone()) for _ in range(20)]
    chance = random.Random(1)
    for _ in range(10_000):
        lease_id = chance.choice([chance.randrange(1, 21), chance.randrange(10**9)])
        await verifier.receive(_hint(lease_id))

    assert desk.checks == 20
    assert [await verifier.get(each.id) for each in attempts] == attempts


async def test_a_hint_for_an_unknown_lease_asks_nobody(
    world: World, desk: Desk
) -> None:
    """It is from yesterday, or from nowhere."""
    verifier, _ = await _started(world, desk)

    await verifier.receive(_hint(2))

    assert desk.checks == 0


async def test_a_hint_for_a_challenge_that_was_given_up_asks_nobody(
    world: World, desk: Desk, bell: Bell
) -> None:
    """The attempt waits for a pin by now."""
    verifier = await world.verifier([desk, bell])
    attempt = await verifier.start(world.phone())
    await verifier.next_channel(attempt.id)

    await verifier.receive(_hint())

    assert desk.checks == 0


@pytest.mark.parametrize("error", [AnswerLost("desk", "check", "x"), ValueError("x")])
async def test_a_provider_that_fails_then_is_asked_later(
    error: Exception, world: World, desk: Desk
) -> None:
    """The sender of a webhook learns nothing of it."""
    verifier, attempt = await _started(world, desk)
    desk.answers = raises(error)

    await verifier.receive(_hint())

    desk.answers = None
    desk.dial(attempt.phone)
    assert isinstance(await world.end(verifier, attempt.id), Confirmed)


async def test_a_store_that_fails_is_told(world: World, desk: Desk) -> None:
    """The application answers 500, and the provider may send it again."""
    store = Watched()
    verifier = await world.verifier([desk], store=store)
    await verifier.start(world.phone())
    store.failing.add("holder")

    with refused(StoreError):
        await verifier.receive(_hint())


async def test_a_store_that_fails_while_we_ask_is_told(
    world: World, desk: Desk
) -> None:
    """As well."""
    store = Watched()
    verifier = await world.verifier([desk], store=store)
    attempt = await verifier.start(world.phone())
    store.failing.add("get")

    with refused(StoreError):
        await verifier.receive(_hint())

    store.failing.clear()
    assert (await verifier.get(attempt.id)).outcome == Pending()


async def test_a_hint_in_a_process_without_the_channel_is_harmless(
    world: World, desk: Desk, bell: Bell
) -> None:
    """Whoever looks after the attempt asks by himself."""
    store = MemoryStore()
    mine = await world.verifier([desk], store=store)
    other = await world.verifier([bell], store=store)
    attempt = await mine.start(world.phone())
    desk.dial(attempt.phone)

    await other.receive(_hint())

    assert (await mine.get(attempt.id)).outcome == Pending()
    assert isinstance(await world.end(other, attempt.id), Confirmed)


@pytest.mark.parametrize("hint", [None, "id=1", 5])
async def test_what_is_no_hint_is_refused(
    hint: object, world: World, desk: Desk
) -> None:
    """parse_webhook makes one."""
    verifier = await world.verifier([desk])

    with refused(ConfigurationError):
        await verifier.receive(hint)  # type: ignore[arg-type] # wrong on purpose


async def test_a_webhook_does_not_ask_for_what_is_told_once(
    world: World, desk: Desk
) -> None:
    """Its answer could be lost, and only the poller would remember that."""
    desk.tells_once, phone = True, world.phone()
    verifier = await world.verifier([desk])
    attempt = await verifier.start(phone)
    desk.dial(phone)

    await verifier.receive(_hint(1, phone))

    assert desk.checks == 0
    assert isinstance(await world.end(verifier, attempt.id), Confirmed)
