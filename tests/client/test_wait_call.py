"""The reverse call of Telefon-IP: only the user's own number confirms."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Literal

import pytest
from attrs import evolve

from callauth import (
    AuthenticationFailed,
    ConfigurationError,
    Confirmed,
    Expired,
    NotSent,
    NumberLease,
    Outcome,
    PhoneNumber,
    ProtocolError,
    ProviderError,
    Rejected,
    Response,
    TelefonIPClient,
)
from callauth.client.pace import Pace
from callauth.sandbox import (
    BeforeCall,
    Garbage,
    Hang,
    ResetAfter,
    ServerError,
    Subscriber,
    TooMany,
)
from callauth.transport.scripted import Step
from tests.support.answers import answer, sample
from tests.support.refusals import refused

from .world import World

_CHECK = "reverse_auth_phone_check"
_LEASE = sample("telefonip/lease_repaired")
_ID = 122760


def _called(phone: str, lease_id: object = _ID) -> Response:
    return answer(
        {"success": True, "error": "", "data": {"phone": phone, "id": lease_id}}
    )


async def _outcome(world: World, phone: PhoneNumber) -> Outcome:
    async with world.telefonip() as client:
        lease = await client.reverse_auth_phone_get(phone)
        return await client.wait_call(lease)


@pytest.mark.parametrize("prefix", ["7", "8"])
@pytest.mark.parametrize("dials_after", [0.5, 60, 119, 120])
async def test_the_users_own_call_confirms(
    dials_after: float, prefix: Literal["7", "8"], world: World
) -> None:
    """Two minutes are two minutes, and a number is one in both spellings."""
    world.sandbox.telefonip.caller_prefix = prefix
    phone = world.phone(dials_after_seconds=dials_after)

    outcome = await _outcome(world, phone)

    assert outcome == Confirmed(at=world.clock.now(), assurance="caller_id")
    assert world.clock.monotonic() <= min(130.0, dials_after + 5.6)
    assert world.sandbox.ledger.backs(phone)


@pytest.mark.parametrize("before_call", BeforeCall)
@pytest.mark.parametrize("says_expired", [True, False])
async def test_whatever_stands_for_not_yet_is_waited_through(
    before_call: BeforeCall, *, says_expired: bool, world: World
) -> None:
    """The document does not say what is answered before the call."""
    world.sandbox.telefonip.before_call = before_call
    world.sandbox.telefonip.says_expired = says_expired

    outcome = await _outcome(world, world.phone())

    assert outcome == Expired(at=world.clock.now())
    assert 120 <= world.clock.monotonic() <= 130.01


async def test_another_caller_is_rejected(world: World) -> None:
    """Anybody can dial the leased number."""
    stranger = world.canaries.phone()
    phone = world.phone(dials_after_seconds=3, dials_from=stranger)

    outcome = await _outcome(world, phone)

    assert outcome == Rejected(at=world.clock.now(), reason="another number called")
    assert not world.sandbox.ledger.backs(phone)


async def test_a_caller_from_abroad_is_rejected(world: World) -> None:
    """The same last digits under another country's code are another number."""
    phone = PhoneNumber("+79991234567")
    script = world.script([_LEASE, _called("380991234567")])
    async with world.telefonip() as client:
        lease = await client.reverse_auth_phone_get(phone)

        assert type(await client.wait_call(lease)) is Rejected
    assert len(script.requests) == 2


@pytest.mark.parametrize("lease_id", [_ID + 1, str(_ID + 1), 0, -1, None, True, "x"])
async def test_an_answer_about_another_id_never_confirms(
    lease_id: object, world: World
) -> None:
    """Somebody else's call is no proof for this person."""
    phone = world.canaries.phone()
    script = world.script([_LEASE, *[_called(phone.msisdn, lease_id)] * 100])
    async with world.telefonip() as client:
        lease = await client.reverse_auth_phone_get(phone)

        with refused(ProtocolError):
            await client.reverse_auth_phone_check(lease)
        assert type(await client.wait_call(lease)) is Expired

    assert len(script.requests) > 5


@pytest.mark.parametrize(
    "step",
    [
        answer({"success": "true", "error": "", "data": {"phone": "7", "id": _ID}}),
        answer({"success": 1, "data": {"phone": "79991234567", "id": _ID}}),
        answer({"success": False, "data": {"phone": "79991234567", "id": _ID}}),
        answer({"data": {"phone": "79991234567", "id": _ID}}),
        answer({"success": True, "error": "x", "data": {"phone": "7", "id": _ID}}),
        _called("9991234567"),
        _called("+79991234567"),
        _called("７９９９１２３４５６７"),
        evolve(_called("79991234567"), status=302),
        evolve(_called("79991234567"), status=404),
        evolve(_called("79991234567"), status=500),
        evolve(_called("79991234567"), headers={"age": "1"}),
        evolve(_called("79991234567"), headers={"content-encoding": "gzip"}),
        answer(body=b'{"success": true, "success": true, "data": {}}'),
        answer(body=b""),
        NotSent,
    ],
)
async def test_an_answer_in_any_other_form_never_confirms(
    step: Step, world: World
) -> None:
    """A yes is believed in its one documented form only."""
    script = world.script([_LEASE, *[step] * 100])
    async with world.telefonip() as client:
        lease = await client.reverse_auth_phone_get(PhoneNumber("+79991234567"))

        assert type(await client.wait_call(lease)) is Expired
    del script


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_token_ends_the_wait(
    status: Literal[401, 403], world: World
) -> None:
    """A wrong token is as wrong in two minutes."""
    async with world.telefonip() as client:
        lease = await client.reverse_auth_phone_get(world.phone())
        world.sandbox.telefonip.token = world.canaries.secret()
        world.sandbox.telefonip.token_status = status

        with refused(AuthenticationFailed):
            await client.wait_call(lease)

    assert world.received(_CHECK) == 1


@pytest.mark.parametrize(
    "fault",
    [ResetAfter(), ServerError(), Garbage(), Hang(), TooMany(), TooMany(5)],
    ids=lambda fault: type(fault).__name__,
)
async def test_trouble_that_passes_does_not_end_the_wait(
    fault: ResetAfter, world: World
) -> None:
    """A check is a plain read: the next one answers as well."""
    phone = world.phone(dials_after_seconds=2)
    async with world.telefonip() as client:
        lease = await client.reverse_auth_phone_get(phone)
        world.sandbox.faults.add(fault, operation=_CHECK, times=4)

        assert type(await client.wait_call(lease)) is Confirmed


async def test_the_last_check_is_one_check(world: World) -> None:
    """A lease that is over is not asked about for another half minute."""
    async with world.telefonip() as client:
        lease = await client.reverse_auth_phone_get(world.phone())
        world.sandbox.faults.add(Hang(), operation=_CHECK, times=None)

        assert type(await client.wait_call(lease)) is Expired

    assert world.wire.times(_CHECK)[-1] <= 135
    assert world.clock.monotonic() <= 141


async def test_a_check_whose_turn_comes_too_late_is_not_made(world: World) -> None:
    """The number may be another user's by then, and somebody waits for the end."""
    pace = Pace(world.clock, calls_per_second=None, checks_per_second=1 / 400)
    async with world.telefonip() as client:
        end_pace = client.pace_by(pace)
        lease = await client.reverse_auth_phone_get(world.phone())
        outcome = await client.wait_call(lease)
        end_pace()

    assert isinstance(outcome, Expired)
    assert world.wire.times(_CHECK)[-1] <= 135
    assert world.clock.monotonic() <= 141


@pytest.mark.parametrize("step_seconds", [3600, -3600, 100, -100])
@pytest.mark.parametrize("at", [1, 60, 125])
async def test_a_wall_clock_that_is_set_changes_nothing(
    at: float, step_seconds: float, world: World
) -> None:
    """Waiting goes by a clock that nobody can set."""
    world.clock.call_later(
        at, lambda: world.clock.step_wall(timedelta(seconds=step_seconds))
    )

    outcome = await _outcome(world, world.phone(dials_after_seconds=119))

    assert type(outcome) is Confirmed
    assert world.clock.monotonic() <= 130


@pytest.mark.parametrize("step_seconds", [0, 3600, -3600, 100, -100])
@pytest.mark.parametrize("seconds", [135.1, 136, 600])
async def test_a_lease_that_is_over_is_not_asked_about(
    seconds: float, step_seconds: float, world: World
) -> None:
    """A clock that is set does not bring a dead lease back to life."""
    async with world.telefonip() as client:
        lease = await client.reverse_auth_phone_get(world.phone(dials_after_seconds=1))
        await world.clock.sleep(seconds)
        world.clock.step_wall(timedelta(seconds=step_seconds))

        assert type(await client.wait_call(lease)) is Expired

    assert world.received(_CHECK) == 0


@pytest.mark.parametrize(
    ("step_seconds", "expected"),
    [(0, Confirmed), (-3, Confirmed), (-3600, Expired), (3600, Expired)],
)
async def test_a_lease_of_another_process_goes_by_the_wall_clock(
    step_seconds: float, expected: type[Outcome], world: World
) -> None:
    """A clock that went far back makes a lease over, never longer."""
    async with world.telefonip() as ours, world.telefonip() as theirs:
        lease = await theirs.reverse_auth_phone_get(world.phone(dials_after_seconds=0))
        world.clock.step_wall(timedelta(seconds=step_seconds))

        assert type(await ours.wait_call(lease)) is expected


async def test_two_waits_on_one_lease_end_alike(world: World) -> None:
    """Two browser tabs show the same attempt."""
    async with world.telefonip() as client:
        lease = await client.reverse_auth_phone_get(world.phone(dials_after_seconds=9))

        outcomes = await asyncio.gather(*(client.wait_call(lease) for _ in range(3)))

    assert {type(outcome) for outcome in outcomes} == {Confirmed}


async def test_a_wait_that_was_cancelled_leaves_nothing(world: World) -> None:
    """A page that was closed costs the provider no more questions."""
    async with world.telefonip() as client:
        lease = await client.reverse_auth_phone_get(world.phone())
        wait = asyncio.create_task(client.wait_call(lease))
        await world.clock.sleep(30)
        wait.cancel()
        await asyncio.wait([wait])
        asked = world.received(_CHECK)

        await world.clock.sleep(100)

    assert world.received(_CHECK) == asked


async def test_a_single_check_names_the_caller(world: World) -> None:
    """Whether he is the right one is for the application to compare."""
    stranger = world.canaries.phone()
    phone = world.phone(dials_after_seconds=3, dials_from=stranger)
    async with world.telefonip() as client:
        lease = await client.reverse_auth_phone_get(phone)
        assert await client.reverse_auth_phone_check(lease) is None
        await world.clock.sleep(4)

        assert await client.reverse_auth_phone_check(lease) == stranger


async def test_misleading_links_are_ignored(world: World) -> None:
    """In the document's own sample the link dials another number."""
    world.sandbox.telefonip.misleading_links = True
    phone = world.phone(dials_after_seconds=3)

    assert type(await _outcome(world, phone)) is Confirmed


async def test_a_lease_without_an_id_is_none_of_telefon_ip(world: World) -> None:
    """A lease of NeroTech must not be asked about here."""
    phone = world.phone()
    async with world.nerotech() as nerotech:
        lease = await nerotech.incoming_init(phone)
    async with world.telefonip() as client:
        for asking in (client.wait_call, client.reverse_auth_phone_check):
            with refused(ConfigurationError, match="has an id"):
                await asking(lease)

    assert world.received(_CHECK) == 0


@pytest.mark.parametrize("says", ["refused", "blocked"])
async def test_a_refused_lease_says_so(says: str, world: World) -> None:
    """Telefon-IP has no codes, only words."""
    phone = world.phone()
    if says == "blocked":
        world.sandbox.telefonip.blocked.add(phone)
    else:
        world.sandbox.telefonip.refuse_next("no")
    async with world.telefonip() as client:
        with refused(ProviderError) as refusal:
            await client.reverse_auth_phone_get(phone)

    assert (refusal.error.code, refusal.error.meaning) == (None, "REFUSED")


async def test_the_latest_hundred_thousand_leases_are_known(world: World) -> None:
    """A service runs for months; its memory does not grow."""
    async with world.telefonip() as client:
        lease = await client.reverse_auth_phone_get(world.phone(dials_after_seconds=1))
        for number in range(100_000):
            client._sent.note(str(number), 0.0)
        world.clock.step_wall(timedelta(hours=-1))

        assert type(await client.wait_call(lease)) is Expired
        assert len(client._sent._sent) == 100_000


async def test_the_leases_of_a_client_and_its_outcomes_stand_apart(
    world: World,
) -> None:
    """A hundred people at once, and each gets his own outcome."""

    async def verify(client: TelefonIPClient, number: int) -> tuple[int, type[Outcome]]:
        phone = world.stranger()
        world.sandbox.network.subscribers[phone] = Subscriber(
            dials_after_seconds=[None, 5, 7][number % 3],
            dials_from=[None, None, world.stranger()][number % 3],
        )
        lease: NumberLease = await client.reverse_auth_phone_get(phone)
        return number % 3, type(await client.wait_call(lease))

    async with world.telefonip() as client:
        outcomes = await asyncio.gather(*(verify(client, n) for n in range(90)))

    assert set(outcomes) == {
        (0, Expired),
        (1, Confirmed),
        (2, Rejected),
    }
