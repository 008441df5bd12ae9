"""What a client is set up with, in code or from the environment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from callauth import CallPassClient, ConfigurationError, NeroTechClient, TelefonIPClient
from tests.support.canaries import Canaries
from tests.support.refusals import refused

from .world import World

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
