"""Sequences of tries at the operations that ring nobody."""

from __future__ import annotations

import pytest

from callauth import AnswerLost, NotSent, RetryPolicy
from callauth.sandbox import ResetAfter
from callauth.transport.scripted import Step
from tests.support.answers import answer, sample
from tests.support.refusals import refused

from .world import World

_BUSY = answer(body=b"", status=503, headers={"retry-after": "6"})
_LEASE = sample("telefonip/lease_repaired")


async def test_retry_after_of_an_error_page_is_honoured(world: World) -> None:
    """A provider under repair says when it is back."""
    world.script([_BUSY, _LEASE])

    async with world.telefonip() as client:
        await client.reverse_auth_phone_get(world.canaries.phone())

    assert world.wire.gaps() == [6]


@pytest.mark.parametrize(
    "steps",
    [
        [AnswerLost, NotSent, NotSent],
        [AnswerLost, AnswerLost],
        [NotSent, AnswerLost, NotSent],
        [AnswerLost, answer(status=429, body=b""), NotSent],
    ],
)
async def test_a_lease_whose_answer_was_lost_is_no_lease_that_was_not_asked_for(
    steps: list[Step], world: World
) -> None:
    """A number may be leased and paid for."""
    script = world.script(steps)

    async with world.telefonip() as client:
        with refused(AnswerLost):
            await client.reverse_auth_phone_get(world.canaries.phone())

    assert len(script.requests) == len(steps)


@pytest.mark.parametrize("operation", ["get", "post"])
async def test_only_the_last_lease_of_telefon_ip_is_used(
    operation: str, world: World
) -> None:
    """Somebody who dials the number of the lost lease proves nothing to us."""
    phone = world.phone(dials_after_seconds=5)
    world.sandbox.faults.add(ResetAfter(), operation=f"reverse_auth_phone_{operation}")

    async with world.telefonip() as client:
        if operation == "get":
            lease = await client.reverse_auth_phone_get(phone)
        else:
            lease = await client.reverse_auth_phone_post(
                phone, webhook="https://app.example/hook"
            )

    first, second = world.wire.sent
    assert lease.lease_id == world.sandbox.telefonip.first_id + 1
    assert first.at < second.at
    assert (lease.leased_at - world.sandbox.ledger.stamp()["at"]).total_seconds() == (
        second.at - world.clock.monotonic()
    )


async def test_only_the_last_lease_of_nerotech_is_used(world: World) -> None:
    """The lease begins with the request that was answered, not with the first."""
    phone = world.phone()
    world.sandbox.faults.add(ResetAfter(), operation="incoming/init")

    async with world.nerotech() as client:
        lease = await client.incoming_init(phone)

    second = world.wire.of("incoming/init")[1]
    asked = world.wire.of("incoming/verify")[0]
    assert asked.fields["service_phone"] == lease.number.msisdn
    assert lease.seconds_left(world.clock.now()) == 120 - (
        world.clock.monotonic() - second.at
    )


@pytest.mark.parametrize("tries", [1, 2, 5])
async def test_the_policy_bounds_the_tries(tries: int, world: World) -> None:
    """Whoever pays decides how often."""
    script = world.script([NotSent] * 10)

    async with world.telefonip(retry=RetryPolicy(tries=tries)) as client:
        with refused(NotSent):
            await client.reverse_auth_phone_get(world.canaries.phone())

    assert len(script.requests) == min(tries, 5)


async def test_a_check_of_a_code_whose_answer_was_lost_is_one_guess(
    world: World,
) -> None:
    """Both requests carry the same code."""
    script = world.script([AnswerLost, answer({"status": False, "error": 5})])

    async with world.nerotech() as client:
        assert not await client.check_code("103000", world.canaries.pin(4))

    assert len(script.requests) == 2
    assert len({sent.fields["code"] for sent in world.wire.sent}) == 1
