"""Every method of every client once, and what is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from callauth import (
    AuthenticationFailed,
    CallPassClient,
    ConfigurationError,
    HangupCause,
    IdempotencyKey,
    InvalidPhoneNumber,
    NeroTechClient,
    NumberRejected,
    PhoneNumber,
    TelefonIPClient,
    TestModeRefused,
)
from callauth.protocol.callpass import Version
from callauth.sandbox import ResetAfter
from callauth.sandbox.telefonip import TelefonIP
from tests.support.canaries import Canaries
from tests.support.refusals import refused

from .world import World

_PHONE = PhoneNumber("+79991234567")
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


_BAD_CLIENTS: dict[str, Callable[[str], object]] = {
    "key with a blank": lambda text: NeroTechClient(1, f"{text} x"),
    "key with umlauts": lambda text: NeroTechClient(1, f"{text}ä"),
    "key with a newline": lambda text: NeroTechClient(1, f"{text}\n"),
    "bytes": lambda text: NeroTechClient(1, text.encode()),  # type: ignore[arg-type] # the point
    "blank key": lambda _: NeroTechClient(1, " "),
    "empty key": lambda _: NeroTechClient(1, ""),
    "zero service": lambda text: NeroTechClient(0, text),
    "negative service": lambda text: NeroTechClient(-1, text),
    "boolean service": lambda text: NeroTechClient(True, text),  # noqa: FBT003
    "text service": lambda text: NeroTechClient("x", text),
    "foreign digits": lambda text: NeroTechClient("１２", text),
    "float service": lambda text: NeroTechClient(1.5, text),  # type: ignore[arg-type] # the point
    "token with a blank": lambda text: TelefonIPClient(f"{text} x"),
    "dots": lambda _: TelefonIPClient(".."),
    "encoding": lambda text: TelefonIPClient(text, post_encoding="xml"),  # type: ignore[arg-type] # the point
    "bearer with a newline": lambda text: CallPassClient(f"{text}\nX: y"),
    "version": lambda text: CallPassClient(text, version="v4.0"),  # type: ignore[arg-type] # the point
    "ftp": lambda text: CallPassClient(text, base_url="ftp://api.example/"),
    "empty": lambda text: CallPassClient(text, base_url=""),
    "query": lambda text: TelefonIPClient(text, base_url="https://api.example/?x"),
    "no host": lambda text: NeroTechClient(1, text, base_url="https:///x"),
    "password": lambda text: NeroTechClient(
        1, "k", base_url=f"https://user:{text}@api.example/"
    ),
    "password of callpass": lambda text: CallPassClient(
        "k", base_url=f"https://user:{text}@api.example/"
    ),
    "password of telefon-ip": lambda text: TelefonIPClient(
        "k", base_url=f"https://user:{text}@api.example/"
    ),
}


@pytest.mark.parametrize("make", _BAD_CLIENTS.values(), ids=list(_BAD_CLIENTS))
def test_a_wrong_set_up_is_refused_without_showing_the_key(
    make: Callable[[str], object], canaries: Canaries
) -> None:
    """Somebody pastes the traceback into a ticket."""
    with refused(ConfigurationError, match="^expected"):
        make(canaries.secret().reveal())


_NAMES = {
    NeroTechClient: {
        "CALLAUTH_NEROTECH_SERVICE_ID": "1234",
        "CALLAUTH_NEROTECH_SECRET_KEY": "",
    },
    TelefonIPClient: {"CALLAUTH_TELEFONIP_TOKEN": ""},
    CallPassClient: {"CALLAUTH_CALLPASS_TOKEN": ""},
}
_ENV = pytest.mark.parametrize("cls", _NAMES, ids=lambda cls: cls.__name__)


def _set(
    monkeypatch: pytest.MonkeyPatch, canaries: Canaries, cls: type, **more: str
) -> None:
    for name, value in (_NAMES[cls] | more).items():
        monkeypatch.setenv(name, value or canaries.secret().reveal())


@_ENV
async def test_a_client_comes_from_the_environment(
    cls: Any,  # noqa: ANN401 - one of three classes
    monkeypatch: pytest.MonkeyPatch,
    world: World,
) -> None:
    """Its options are those of the constructor."""
    _set(monkeypatch, world.canaries, cls)
    client = cls.from_env(transport=world.wire, clock=world.clock)
    async with client:
        if cls is NeroTechClient:
            assert await client.voicemail(world.phone())
        elif cls is TelefonIPClient:
            assert await client.reverse_auth_phone_get(world.phone())
        else:
            assert len((await client.start_call_password(world.phone())).pin) == 7

    assert len(world.wire.sent) == 1


async def test_the_version_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    """Which API was bought is a matter of the account."""
    _set(
        monkeypatch, world.canaries, CallPassClient, CALLAUTH_CALLPASS_VERSION=" v2.0 "
    )
    client = CallPassClient.from_env(transport=world.wire, clock=world.clock)
    async with client:
        assert len((await client.start_call_password(world.phone())).pin) == 4


@_ENV
@pytest.mark.parametrize("value", [None, "", "  "])
def test_missing_variables_are_named(
    cls: Any,  # noqa: ANN401 - one of three classes
    value: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All of them at once, so that nobody has to start four times."""
    for name in _NAMES[cls]:
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)

    with refused(ConfigurationError) as refusal:
        cls.from_env()

    assert all(name in str(refusal.error) for name in _NAMES[cls])


_BAD_ENV = [
    (NeroTechClient, "CALLAUTH_NEROTECH_SERVICE_ID", "abc"),
    (NeroTechClient, "CALLAUTH_NEROTECH_BASE_URL", "ftp://api.example/"),
    (NeroTechClient, "CALLAUTH_NEROTECH_SECRET_KEY", "{} x"),
    (TelefonIPClient, "CALLAUTH_TELEFONIP_BASE_URL", "https://u:{}@api.example/"),
    (TelefonIPClient, "CALLAUTH_TELEFONIP_TOKEN", "{} x"),
    (CallPassClient, "CALLAUTH_CALLPASS_VERSION", "v9"),
    (CallPassClient, "CALLAUTH_CALLPASS_BASE_URL", "x"),
    (CallPassClient, "CALLAUTH_CALLPASS_TOKEN", "{}ä"),
]


@pytest.mark.parametrize(("cls", "name", "value"), _BAD_ENV)
def test_wrong_variables_are_refused_without_showing_them(
    cls: Any,  # noqa: ANN401 - one of three classes
    name: str,
    value: str,
    monkeypatch: pytest.MonkeyPatch,
    canaries: Canaries,
) -> None:
    """Whoever starts a service logs its traceback."""
    _set(monkeypatch, canaries, cls)
    monkeypatch.setenv(name, value.format(canaries.secret().reveal()))

    with refused(ConfigurationError, match="^expected"):
        cls.from_env()


async def test_the_base_url_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    """The same API is served under other names; an option goes first."""
    name = "CALLAUTH_CALLPASS_BASE_URL"
    _set(monkeypatch, world.canaries, CallPassClient, **{name: "https://other.example"})
    script = world.script([])
    for option in (None, "https://option.example/x/"):
        options: dict[str, Any] = {} if option is None else {"base_url": option}
        client = CallPassClient.from_env(transport=script, clock=world.clock, **options)
        async with client:
            await world.tolerate(client.start_call_password(world.phone()))

    templates = dict.fromkeys(request.template for request in script.requests)
    assert list(templates) == [
        "https://other.example/api/v3.0/start-call-password/",
        "https://option.example/x/api/v3.0/start-call-password/",
    ]


_Bad = Callable[[World, str], Awaitable[object]]


async def _nerotech(world: World, ask: Callable[[NeroTechClient], Any]) -> object:
    async with world.nerotech() as client:
        return await ask(client)


async def _telefonip(world: World, ask: Callable[[TelefonIPClient], Any]) -> object:
    async with world.telefonip() as client:
        return await ask(client)


async def _callpass(
    world: World, ask: Callable[[CallPassClient], Any], version: Version = "v3.0"
) -> object:
    async with world.callpass(version) as client:
        return await ask(client)


_TEXT_FOR_A_NUMBER: dict[str, Callable[[World, Any], Awaitable[object]]] = {
    "voicemail": lambda w, t: _nerotech(w, lambda c: c.voicemail(t)),
    "init": lambda w, t: _nerotech(w, lambda c: c.incoming_init(t)),
    "get": lambda w, t: _telefonip(w, lambda c: c.reverse_auth_phone_get(t)),
    "post": lambda w, t: _telefonip(
        w, lambda c: c.reverse_auth_phone_post(t, webhook="https://a.example/x")
    ),
    "start": lambda w, t: _callpass(w, lambda c: c.start_call_password(t)),
}


@pytest.mark.parametrize("name", _TEXT_FOR_A_NUMBER)
async def test_text_is_no_number(name: str, world: World) -> None:
    """It has to be parsed once, at the edge; and nobody sees it in a traceback."""
    with refused(InvalidPhoneNumber, match=r"PhoneNumber\.parse"):
        await _TEXT_FOR_A_NUMBER[name](world, world.canaries.phone().e164)

    assert world.wire.sent == []


_BAD_INPUT: dict[str, _Bad] = {
    "code of letters": lambda w, t: _nerotech(w, lambda c: c.check_code("1", f"{t}x")),
    "code among words": lambda w, t: _nerotech(
        w, lambda c: c.check_code("1", f"it is {t} I think")
    ),
    "code of 7": lambda w, t: _nerotech(w, lambda c: c.check_code("1", f"0{t}00")),
    "code of 5": lambda w, t: _nerotech(w, lambda c: c.check_code("1", f"{t}0")),
    "number for a code": lambda w, _: _nerotech(
        w,
        lambda c: c.check_code("1", 777),  # type: ignore[arg-type] # the point
    ),
    "foreign digits": lambda w, _: _nerotech(
        w, lambda c: c.check_code("1", "０７７７")
    ),
    "id of letters": lambda w, _: _nerotech(w, lambda c: c.check_code("../x", "0777")),
    "number for an id": lambda w, _: _nerotech(
        w,
        lambda c: c.check_code(103000, "0777"),  # type: ignore[arg-type] # the point
    ),
    "long key": lambda w, _: _nerotech(
        w, lambda c: c.voicemail(_PHONE, idempotency_key="x" * 101)
    ),
    "long key of a test": lambda w, _: _nerotech(
        w, lambda c: c.voicemail(_PHONE, idempotency_key="x" * 97, test=True)
    ),
    "empty key": lambda w, _: _nerotech(
        w, lambda c: c.voicemail(_PHONE, idempotency_key="")
    ),
    "key with a blank": lambda w, _: _nerotech(
        w, lambda c: c.voicemail(_PHONE, idempotency_key="a b")
    ),
    "key of a test": lambda w, _: _nerotech(
        w, lambda c: c.voicemail(_PHONE, idempotency_key="test-abc")
    ),
    "number for a key": lambda w, _: _nerotech(
        w,
        lambda c: c.voicemail(_PHONE, idempotency_key=5),  # type: ignore[arg-type] # the point
    ),
    "webhook over http": lambda w, t: _telefonip(
        w,
        lambda c: c.reverse_auth_phone_post(_PHONE, webhook=f"http://a.example/ {t} "),
    ),
    "webhook with a query": lambda w, t: _telefonip(
        w,
        lambda c: c.reverse_auth_phone_post(
            _PHONE, webhook=f"https://a.example/?x={t}"
        ),
    ),
    "no webhook": lambda w, _: _telefonip(
        w,
        lambda c: c.reverse_auth_phone_post(_PHONE, webhook=None),  # type: ignore[arg-type] # the point
    ),
    "too short a ring": lambda w, _: _callpass(
        w, lambda c: c.start_call_password(_PHONE, timeout_seconds=1)
    ),
    "too long a ring": lambda w, _: _callpass(
        w, lambda c: c.start_call_password(_PHONE, timeout_seconds=100)
    ),
    "half a second": lambda w, _: _callpass(
        w,
        lambda c: c.start_call_password(_PHONE, timeout_seconds=2.5),  # type: ignore[arg-type] # the point
    ),
    "asynchronous v1.0": lambda w, _: _callpass(
        w, lambda c: c.start_call_password(_PHONE, asynchronous=True), "v1.0"
    ),
    "status of v1.0": lambda w, _: _callpass(
        w, lambda c: c.get_call_password_status("x"), "v1.0"
    ),
    "blank call id": lambda w, _: _callpass(
        w, lambda c: c.get_call_password_status(" ")
    ),
    "long call id": lambda w, _: _callpass(
        w, lambda c: c.get_call_password_status("x" * 65)
    ),
    "a number abroad": lambda w, _: _callpass(
        w, lambda c: c.start_call_password(PhoneNumber("+4915112345678"))
    ),
    "a lease abroad": lambda w, _: _telefonip(
        w, lambda c: c.reverse_auth_phone_get(PhoneNumber("+4915112345678"))
    ),
}


@pytest.mark.parametrize("name", _BAD_INPUT)
async def test_bad_input_is_refused_before_anything_is_sent(
    name: str, world: World
) -> None:
    """A mistake of ours costs nobody a call."""
    with refused(ConfigurationError, match="^expected"):
        await _BAD_INPUT[name](world, world.canaries.pin(4).reveal())

    assert world.wire.sent == []


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
