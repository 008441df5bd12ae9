from __future__ import annotations

from typing import Any

import pytest

from callauth.errors import ConfigurationError
from callauth.models.method import Method
from callauth.models.phone import PhoneNumber
from callauth.sandbox import Answer, Dial, Ring, Sandbox, Subscriber, Typing
from callauth.transport.clock import ManualClock

from .wire import OTHER, PHONE, Wire

SHOWN = [Answer.ANSWERS, Answer.BUSY, Answer.NO_ANSWER]
ABSENT = [Answer.UNREACHABLE, Answer.SWITCHED_OFF]


@pytest.mark.parametrize("answers", SHOWN)
async def test_a_flash_call_shows_its_caller_answered_or_not(
    wire: Wire, sandbox: Sandbox, answers: Answer
) -> None:
    """Busy and no answer are no failures: the number can be read and typed."""
    sandbox.network.default = Subscriber(answers=answers)
    answer = await wire.start()
    assert sandbox.network.typed(PHONE) == answer["data"]["phone"]
    assert sandbox.ledger.backs(PHONE)


@pytest.mark.parametrize("answers", ABSENT)
async def test_a_phone_that_is_off_has_seen_nothing(
    wire: Wire, sandbox: Sandbox, clock: ManualClock, answers: Answer
) -> None:
    """The call was placed all the same, and counts as one."""
    sandbox.network.default = Subscriber(answers=answers)
    await wire.start()
    await clock.advance(60)
    assert sandbox.network.seen(PHONE) == []
    assert sandbox.network.typed(PHONE) is None
    assert not sandbox.ledger.backs(PHONE)
    assert len(sandbox.ledger.rings(PHONE)) == 1


@pytest.mark.parametrize("answers", [*ABSENT, Answer.BUSY, Answer.NO_ANSWER])
async def test_a_spoken_code_is_heard_by_those_who_answer_only(
    wire: Wire, sandbox: Sandbox, clock: ManualClock, answers: Answer
) -> None:
    """A missed voice call tells nobody its code."""
    sandbox.network.default = Subscriber(answers=answers)
    await wire.voicemail()
    await clock.advance(60)
    assert sandbox.network.heard(PHONE) == []
    assert not sandbox.ledger.backs(PHONE)


async def test_a_spoken_code_is_heard_when_the_phone_is_answered(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """Before that nobody can type it, and nothing is proven."""
    sandbox.network.default = Subscriber(answers_after_seconds=5)
    code = (await wire.voicemail())["code"]
    await clock.advance(4)
    assert sandbox.network.typed(PHONE) is None
    assert not sandbox.ledger.backs(PHONE)
    await clock.advance(1)
    assert sandbox.network.typed(PHONE) == code
    assert sandbox.ledger.backs(PHONE)


@pytest.mark.parametrize("last", ["9", "0"])
async def test_a_wrong_code_differs_from_the_right_one(
    wire: Wire, sandbox: Sandbox, last: str
) -> None:
    """A wrong code that happens to be right would verify by chance."""
    sandbox.network.default = Subscriber(types=Typing.WRONG)
    sandbox.callpass.next_codes.append("222222" + last)
    right = (await wire.start())["data"]["phone"]
    typed = sandbox.network.typed(PHONE)
    assert typed is not None
    assert typed != right
    assert len(typed) == len(right)


async def test_some_people_type_nothing(wire: Wire, sandbox: Sandbox) -> None:
    """Most attempts in the world end like this."""
    sandbox.network.default = Subscriber(types=Typing.NOTHING)
    await wire.start()
    assert sandbox.network.typed(PHONE) is None


async def test_people_type_the_code_that_reached_them_last(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """The order of reaching counts, not the order in which calls were placed."""
    spoken = (await wire.voicemail())["code"]
    shown = (await wire.start())["data"]["phone"]
    assert sandbox.network.typed(PHONE) == shown
    await clock.advance(3)
    assert sandbox.network.typed(PHONE) == spoken


async def test_a_phone_of_its_own_behaves_by_itself(
    wire: Wire, sandbox: Sandbox
) -> None:
    """The default is for everybody else."""
    sandbox.network.subscribers[PHONE] = Subscriber(types=Typing.NOTHING)
    for phone in (PHONE, OTHER):
        await wire.start("v3.0", phone)
    assert sandbox.network.typed(PHONE) is None
    assert sandbox.network.typed(OTHER) is not None


async def test_a_person_may_dial_from_the_wrong_phone(
    wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """Then his call proves nothing about the phone that was asked for."""
    sandbox.network.default = Subscriber(dials_after_seconds=1, dials_from=OTHER)
    number = await wire.leased()
    await clock.advance(1)
    (dial,) = sandbox.ledger.entries(Dial)
    assert (dial.caller, dial.number) == (OTHER, number)
    assert not sandbox.ledger.backs(PHONE)
    assert not sandbox.ledger.backs(OTHER)


async def test_a_ring_tells_what_became_of_it(wire: Wire, sandbox: Sandbox) -> None:
    """The ledger holds enough to judge every client."""
    await wire.voicemail()
    (ring,) = sandbox.ledger.entries(Ring)
    assert (ring.provider, ring.method) == ("nerotech", Method.VOICE_OTP)
    assert (ring.reached_after_seconds, ring.ends_after_seconds) == (3, 13)
    assert isinstance(ring.caller, PhoneNumber)


@pytest.mark.parametrize(
    "settings",
    [
        {"answers_after_seconds": -1.0},
        {"answers_after_seconds": float("nan")},
        {"answers_after_seconds": True},
        {"answers_after_seconds": "3"},
        {"dials_after_seconds": -0.1},
    ],
)
def test_nobody_acts_before_he_is_asked(settings: dict[str, Any]) -> None:
    """A moment in the past, or none at all, is a mistake in a test."""
    with pytest.raises(ConfigurationError, match="as a number from 0 on"):
        Subscriber(**settings)
