"""A crowd before the Verifier, judged by what really happened.

``tests.campaign.crowd`` lets as many people come as one likes; one integer repeats a
town with everything in it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from attrs import evolve

from callauth import Method, RingLocked, VerificationPolicy
from callauth.sandbox import Latency
from tests.support.refusals import refused

from . import adversaries, planted
from .adversaries import Scene
from .crowd import crowd, one_town, setting_of
from .farstore import FarStore
from .residents import resident
from .town import DIAL_NEROTECH, DIAL_TELEFONIP, FLASH, ORDERS, Setting, town
from .verdicts import violations

_NO_PAUSES = VerificationPolicy(
    keep_seconds=604_800.0, cool_down=(), starts_per_phone=None
)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Write no log: its records would be formatted, and no canary is in them."""
    logger = logging.getLogger("callauth")
    logger.disabled = True
    yield
    logger.disabled = False


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order[0])
async def test_a_crowd_is_judged_rightly(order: tuple[str, ...]) -> None:
    """Nobody is confirmed falsely or rung twice; the honest are all confirmed."""
    became = await one_town(5, 80, evolve(setting_of(5), order=order))

    assert became.broken == []
    assert became.confirmed > 35
    assert became.unknown == 0


async def test_faults_break_no_promise() -> None:
    """Unknown comes only where an answer was lost."""
    became = await crowd(9, 160, fault_rate=0.12)

    assert became.broken == []
    assert became.faults > 120
    assert became.unknown > 0


async def test_a_bad_day_breaks_no_promise() -> None:
    """Providers fail so often that they are left alone for a while."""
    became = await crowd(25, 100, fault_rate=0.4)

    assert became.broken == []
    assert became.unknown > 10


@pytest.mark.parametrize("seed", range(1, 6))
async def test_one_integer_repeats_a_crowd(seed: int) -> None:
    """To the byte, or a finding could not be looked into."""
    setting = setting_of(seed, fault_rate=0.05)
    first = await one_town(seed, 20, setting)
    second = await one_town(seed, 20, setting)

    assert len(first.log) > 10_000
    assert first.log == second.log


async def test_attempts_that_are_due_at_once_end_in_their_order() -> None:
    """Ids of attempts are random, and must not decide what comes first."""
    logs = [
        (await one_town(2, 10, Setting(), scene=adversaries.borrowed_pin)).log
        for _ in range(3)
    ]

    assert logs[0] == logs[1] == logs[2]


async def test_a_call_that_was_long_on_its_way_rings_alone() -> None:
    """The phone is locked from the answer on, not from when the call was asked for."""
    async with town(1, Setting(policy=_NO_PAUSES)) as made:
        made.sandbox.faults.add(Latency(12.0, late_arrival=True))
        person, desk = made.settle("waiting"), made.desks[0]
        attempt = await desk.start(person, method=Method.FLASH_CALL)
        await desk.cancel(person, attempt.id)
        with refused(RingLocked) as refusal:
            await desk.start(person)
        await made.clock.sleep(refusal.error.retry_after)
        await desk.start(person)
        await made.clock.sleep(600.0)

        assert len(made.codes(person.phone)) == 2
        assert list(violations(made)) == []


@pytest.mark.parametrize("scene", adversaries.SCENES, ids=lambda scene: scene.__name__)
async def test_no_adversary_wins(scene: Scene) -> None:
    """Each by himself, where NeroTech has one number and counts any call."""
    setting = Setting(
        order=ORDERS[1],
        policy=_NO_PAUSES,
        one_service_number=True,
        counts_any_call=True,
        store=FarStore,
    )
    became = await one_town(3, 12, setting, scene=scene)

    assert became.broken == []
    assert became.attempts >= 10


@pytest.mark.parametrize(
    ("setting", "scene", "objection"),
    [
        pytest.param(
            Setting(store=planted.Unlocked, policy=_NO_PAUSES),
            adversaries.storm,
            "a phone rang again after 0.000 s",
            id="the ring lock is not taken",
        ),
        pytest.param(
            Setting(
                makes=planted.instead(
                    DIAL_TELEFONIP, lambda made: planted.Credulous(made.telefonip)
                )
            ),
            adversaries.strange_caller,
            "confirmed without a call from that phone",
            id="the caller is not compared",
        ),
        pytest.param(
            Setting(verifier=planted.Forgetful),
            adversaries.borrowed_pin,
            "confirmed without the code of a call",
            id="the pin is compared without the attempt",
        ),
        pytest.param(
            Setting(
                store=planted.ReverseUnlocked, order=ORDERS[1], one_service_number=True
            ),
            adversaries.race,
            "confirmed for somebody else",
            id="the reverse lock is not taken",
        ),
        pytest.param(
            Setting(
                order=ORDERS[1],
                one_service_number=True,
                makes=planted.instead(DIAL_NEROTECH, planted.Undrained),
            ),
            adversaries.stale_call,
            "confirmed for somebody else",
            id="a call of an earlier attempt is not used up",
        ),
        pytest.param(
            Setting(store=planted.Uncounted, policy=_NO_PAUSES),
            adversaries.guesser,
            "more than 10 guesses within a day",
            id="wrong pins are not counted",
        ),
        pytest.param(
            Setting(store=planted.Overwriting, policy=_NO_PAUSES),
            adversaries.undecided,
            "outcomes",
            id="the last one wins",
        ),
        pytest.param(
            Setting(verifier=planted.Believing, order=ORDERS[3]),
            adversaries.forged_webhooks,
            "confirmed without a call from that phone",
            id="a webhook is believed",
        ),
        pytest.param(
            Setting(
                fault_rate=0.6,
                makes=planted.instead(
                    FLASH, lambda made: planted.RingingAgain(made.callpass)
                ),
            ),
            resident,
            "2 rings for start of",
            id="a lost call is placed again",
        ),
    ],
)
async def test_the_judge_objects(
    setting: Setting, scene: Scene, objection: str
) -> None:
    """A judge who never objects would be a defect."""
    became = await one_town(1, 16, setting, scene=scene)

    assert any(objection in what for what in became.broken), became.broken
