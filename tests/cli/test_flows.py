from __future__ import annotations

from collections.abc import AsyncIterator

import anyio
import pytest
from attrs import define, field

from callauth.cli.flows import CODE_SECONDS
from callauth.cli.kinds import (
    CALLPASS_ASYNC,
    CALLPASS_SYNC,
    INCOMING,
    KINDS,
    REVERSE,
    VOICEMAIL,
    Kind,
    flow_of,
    kind_of,
    sandbox_client,
)
from callauth.cli.result import Refused, Result, result_of
from callauth.cli.subscribers import PlayedPerson
from callauth.errors import ConfigurationError
from callauth.models.cause import HangupCause
from callauth.models.lease import NumberLease
from callauth.models.outcome import Confirmed, Expired, Rejected, Unknown
from callauth.models.phone import PhoneNumber
from callauth.sandbox import Answer, ResetAfter, Sandbox, Subscriber, Typing
from callauth.transport.clock import ManualClock
from tests.support.canaries import Canaries
from tests.support.refusals import refused

CODES = (CALLPASS_SYNC, CALLPASS_ASYNC, VOICEMAIL)
DIALS = (INCOMING, REVERSE)
RIGHT = Subscriber(dials_after_seconds=10.0)


@define
class Mute:
    """Somebody who types the given lines, and then waits or has gone."""

    lines: list[str]
    is_gone: bool = False
    causes: list[HangupCause] = field(factory=list)

    def sees(self, lease: NumberLease) -> None:
        """Do nothing."""

    def learns(self, cause: HangupCause) -> None:
        self.causes.append(cause)

    async def types(self, *, digits: int, tries_left: int) -> str | None:
        if not self.lines and not self.is_gone:
            await anyio.sleep_forever()
        return self.lines.pop(0) if self.lines else None


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(clock=ManualClock()) as sandbox:
        yield sandbox


@pytest.fixture
def phone(canaries: Canaries) -> PhoneNumber:
    return canaries.phone()


async def verified(
    sandbox: Sandbox, kind: Kind, phone: PhoneNumber, person: Mute | None = None
) -> Result:
    clock = sandbox.clock
    client = sandbox_client(kind.provider, transport=sandbox.transport(), clock=clock)
    played = PlayedPerson(sandbox, phone, typing_seconds=4.0)
    async with client:
        flow = flow_of(kind, client, clock)
        return await result_of(flow.verify(phone, person or played), clock)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.title)
async def test_a_person_who_does_right_is_confirmed(
    sandbox: Sandbox, kind: Kind, phone: PhoneNumber
) -> None:
    """Every flow leads to its end."""
    sandbox.network.default = RIGHT

    result = await verified(sandbox, kind, phone)

    assert isinstance(result, Confirmed)
    assert result.assurance == ("caller_id" if kind in DIALS else "code")
    assert sandbox.ledger.backs(phone)


@pytest.mark.parametrize("kind", CODES, ids=lambda kind: kind.title)
async def test_three_wrong_codes_are_rejected(
    sandbox: Sandbox, kind: Kind, phone: PhoneNumber
) -> None:
    """A fourth guess would help only a stranger."""
    sandbox.network.default = Subscriber(types=Typing.WRONG)

    result = await verified(sandbox, kind, phone)

    assert result == Rejected(at=sandbox.clock.now(), reason="3 wrong codes")


@pytest.mark.parametrize("kind", CODES, ids=lambda kind: kind.title)
@pytest.mark.parametrize(
    "person",
    [Subscriber(types=Typing.NOTHING), Subscriber(answers=Answer.UNREACHABLE)],
    ids=["types nothing", "unreachable"],
)
async def test_a_code_that_is_not_typed_expires_after_two_minutes(
    sandbox: Sandbox, kind: Kind, phone: PhoneNumber, person: Subscriber
) -> None:
    """The time counts from the request, however late the answer came."""
    sandbox.network.default = person
    began = sandbox.clock.monotonic()

    result = await verified(sandbox, kind, phone)

    assert isinstance(result, Expired)
    assert sandbox.clock.monotonic() - began == pytest.approx(CODE_SECONDS)


@pytest.mark.parametrize("kind", DIALS, ids=lambda kind: kind.title)
async def test_a_number_that_nobody_dials_expires(
    sandbox: Sandbox, kind: Kind, phone: PhoneNumber
) -> None:
    """Silence proves nothing."""
    assert isinstance(await verified(sandbox, kind, phone), Expired)


async def test_a_person_who_leaves_is_rejected(
    sandbox: Sandbox, phone: PhoneNumber
) -> None:
    """The end of standard input is not waited out."""
    result = await verified(sandbox, VOICEMAIL, phone, Mute(["1"], is_gone=True))

    assert result == Rejected(at=sandbox.clock.now(), reason="no code was typed")


@pytest.mark.parametrize("kind", CODES, ids=lambda kind: kind.title)
async def test_a_lost_answer_never_rings_twice(
    sandbox: Sandbox, kind: Kind, phone: PhoneNumber
) -> None:
    """With a key the call is asked for again, without one nobody can say."""
    sandbox.faults.add(ResetAfter())

    result = await verified(sandbox, kind, phone)

    assert isinstance(result, Confirmed if kind == VOICEMAIL else Unknown)
    assert len(sandbox.ledger.rings(phone)) == 1


async def test_the_end_of_a_call_is_told(sandbox: Sandbox, phone: PhoneNumber) -> None:
    """A phone that was switched off explains why no code comes."""
    sandbox.network.default = Subscriber(answers=Answer.SWITCHED_OFF)
    person = Mute([])

    await verified(sandbox, CALLPASS_ASYNC, phone, person)

    assert person.causes == [HangupCause("SUBSCRIBER_ABSENT")]


@pytest.mark.parametrize("text", ["something odd", "can't find callid"])
async def test_a_status_that_cannot_be_had_does_not_matter(
    sandbox: Sandbox, phone: PhoneNumber, text: str
) -> None:
    """The code is good however the call ended."""
    operation = "get-call-password-status"
    sandbox.callpass.refuse_next(text, operation=operation, times=None)
    person = Mute([])

    result = await verified(sandbox, CALLPASS_ASYNC, phone, person)

    assert isinstance(result, Expired)
    assert person.causes == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.title)
async def test_a_refusal_says_why(
    sandbox: Sandbox, kind: Kind, phone: PhoneNumber
) -> None:
    """Nobody was called."""
    for provider in (sandbox.callpass, sandbox.nerotech, sandbox.telefonip):
        provider.blocked.add(phone)

    result = await verified(sandbox, kind, phone)

    assert isinstance(result, Refused)
    assert sandbox.ledger.rings(phone) == []


async def test_a_played_person_without_a_call_types_nothing(
    sandbox: Sandbox, phone: PhoneNumber
) -> None:
    """He knows no code."""
    person = PlayedPerson(sandbox, phone, typing_seconds=1.0)

    with anyio.CancelScope() as scope:
        sandbox.clock.call_later(1000.0, scope.cancel)
        await person.types(digits=4, tries_left=3)

    assert scope.cancelled_caught


@pytest.mark.parametrize(
    ("provider", "name", "kind"),
    [
        ("callpass", None, CALLPASS_ASYNC),
        ("callpass", "sync", CALLPASS_SYNC),
        ("nerotech", None, VOICEMAIL),
        ("nerotech", "incoming", INCOMING),
        ("telefonip", "reverse", REVERSE),
    ],
)
def test_a_flow_is_found_by_name(provider: str, name: str | None, kind: Kind) -> None:
    """Without a name the usual one is meant."""
    assert kind_of(provider, name) == kind


def test_a_flow_of_another_provider_is_refused() -> None:
    """The message names those that there are."""
    with refused(ConfigurationError, match="expected --flow voicemail or incoming"):
        kind_of("nerotech", "sync")
