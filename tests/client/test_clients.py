"""Every method of every client once."""

from __future__ import annotations

from typing import Any

import pytest

from callauth import (
    AuthenticationFailed,
    HangupCause,
    IdempotencyKey,
    NumberRejected,
    TelefonIPClient,
    TestModeRefused,
)
from callauth.protocol.callpass import Version
from callauth.sandbox import ResetAfter
from callauth.sandbox.telefonip import TelefonIP
from tests.support.refusals import refused

from .world import World

_VERSIONS = pytest.mark.parametrize("version", ["v1.0", "v2.0", "v3.0"])


async def test_nerotech_dictates_a_code_and_checks_it(world: World) -> None:
    """The pin of the call is the one that the robot spoke."""
    phone = world.phone()
    async with world.nerotech() as client:
        call = await client.voicemail(phone)
        await world.clock.sleep(15)
        (heard,) = world.sandbox.network.heard(phone)

        assert call.pin.matches(heard)
        assert await client.check_code(call.call_id, heard)
        assert await client.check_code(call.call_id, call.pin)
        wrong = f"{(int(heard) + 1) % 10_000:04}"
        assert not await client.check_code(call.call_id, wrong)


@pytest.mark.parametrize("id_as_text", [True, False])
async def test_an_id_is_sent_back_as_it_came(*, id_as_text: bool, world: World) -> None:
    """The document prints it as a number; it is a name."""
    world.sandbox.nerotech.id_as_text = id_as_text
    async with world.nerotech() as client:
        call = await client.voicemail(world.phone())

        assert await client.check_code(call.call_id, call.pin)


async def test_nerotech_refuses_a_wrong_key(world: World) -> None:
    """The message names the provider, the code and nothing else."""
    world.sandbox.nerotech.credentials = (1234, "another")
    async with world.nerotech() as client:
        with refused(AuthenticationFailed, match="nerotech voicemail: refused: 3"):
            await client.voicemail(world.phone())


@pytest.mark.parametrize("encoding", ["json", "form"])
async def test_telefon_ip_takes_the_webhook_in_either_encoding(
    encoding: Any,  # noqa: ANN401 - a literal, by parameter
    world: World,
) -> None:
    """The document does not say how the body is encoded."""
    phone = world.phone()
    hook = "https://app.example/hook/" + world.canaries.secret().reveal()
    client = TelefonIPClient(
        world.canaries.secret(),
        transport=world.wire,
        clock=world.clock,
        post_encoding=encoding,
    )
    async with client:
        lease = await client.reverse_auth_phone_post(phone, webhook=hook)

    assert lease.user == phone
    assert world.received("reverse_auth_phone_post") == 1


async def test_telefon_ip_answers_as_printed_are_no_leases(world: World) -> None:
    """The document's sample is no JSON."""
    telefonip: TelefonIP = world.sandbox.telefonip
    telefonip.as_printed = True
    async with world.telefonip() as client:
        error = await world.tolerate(client.reverse_auth_phone_get(world.phone()))

    assert type(error).__name__ == "ProtocolError"


@_VERSIONS
@pytest.mark.parametrize("asynchronous", [None, False, True])
async def test_callpass_calls_in_every_version(
    version: Version, *, asynchronous: bool | None, world: World
) -> None:
    """The code is the end of the number that the phone has shown."""
    if version == "v1.0" and asynchronous:
        return
    phone = world.phone()
    async with world.callpass(version) as client:
        call = await client.start_call_password(
            phone, timeout_seconds=20, asynchronous=asynchronous
        )
        is_over = asynchronous is False or version == "v1.0"
        if version != "v1.0":
            await world.clock.sleep(5)
            cause = await client.get_call_password_status(call.call_id)
            assert cause == HangupCause("NORMAL_CLEARING")

    (caller,) = world.sandbox.network.seen(phone)
    assert caller.e164.endswith(call.pin.reveal())
    assert len(call.pin) == (7 if version == "v3.0" else 4)
    assert (call.cause is not None) is is_over
    assert call.ring_seconds == 20


async def test_callpass_refuses_a_wrong_token(world: World) -> None:
    """Or an address that is not on the list: both are named."""
    world.sandbox.callpass.token = world.canaries.secret()
    async with world.callpass() as client:
        with refused(AuthenticationFailed, match="token and the IP allow-list"):
            await client.start_call_password(world.phone())


async def test_a_test_call_rings_nobody_and_verifies_nobody(world: World) -> None:
    """A forgotten test=True must not open every account."""
    phone = world.phone()
    async with world.nerotech() as client:
        call = await client.voicemail(phone, test=True)

        assert call.test
        with refused(TestModeRefused):
            call.pin.matches("7777")
        with refused(TestModeRefused):
            await client.check_code(call.call_id, "7777")

    assert world.sandbox.ledger.rings(phone) == []
    assert world.received("checkCode") == 0


async def test_an_application_may_accept_its_own_test_calls(world: World) -> None:
    """Somebody has to test the login."""
    async with world.nerotech(accept_test_calls=True) as client:
        call = await client.voicemail(world.phone(), test=True)

        assert call.pin.matches(call.pin.reveal())
        assert await client.check_code(call.call_id, call.pin)


async def test_a_key_is_never_shared_between_test_and_live(world: World) -> None:
    """The provider would answer the live call with the pin of the test."""
    phone = world.phone()
    async with world.nerotech() as client:
        await client.voicemail(phone, idempotency_key="attempt-1", test=True)
        live = await client.voicemail(phone, idempotency_key="attempt-1")

    (ring,) = world.sandbox.ledger.rings(phone)
    assert live.pin == ring.code
    keys = [sent.fields["idempotency_key"] for sent in world.wire.sent]
    assert keys == ["test-attempt-1", "attempt-1"]
    assert [sent.fields.get("test") for sent in world.wire.sent] == ["1", None]


@pytest.mark.parametrize("as_text", [True, False])
async def test_a_key_may_be_text_or_a_key(*, as_text: bool, world: World) -> None:
    """Stored keys come back as text."""
    text = "x" * 100
    key = text if as_text else IdempotencyKey(text)
    async with world.nerotech() as client:
        call = await client.voicemail(world.phone(), idempotency_key=key)

    assert call.idempotency_key.text == text
    assert call.idempotency_key.first_used_at == call.sent_at


async def test_a_voice_call_is_as_old_as_the_try_that_was_answered(
    world: World,
) -> None:
    """The key remembers the first try, the call the last."""
    world.sandbox.faults.add(ResetAfter())
    async with world.nerotech() as client:
        call = await client.voicemail(world.phone())

    first, second = world.wire.sent
    assert call.idempotency_key.first_used_at is not None
    age = call.sent_at - call.idempotency_key.first_used_at
    assert age.total_seconds() == second.at - first.at


async def test_a_number_that_the_provider_blocks_is_named_as_such(
    world: World,
) -> None:
    """The application tells the visitor nothing, and its log everything."""
    phone = world.phone()
    world.sandbox.callpass.blocked.add(phone)
    async with world.callpass() as client:
        with refused(NumberRejected) as refusal:
            await client.start_call_password(phone)

    assert refusal.error.meaning == "DESTINATION_NOT_ALLOWED"
    assert world.sandbox.ledger.rings(phone) == []
