"""What is refused as it stands is in no traceback that shows local variables."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import pytest

from callauth import (
    CallAuthError,
    CallPassClient,
    HttpxTransport,
    NeroTechClient,
    NumberLease,
    PhoneNumber,
    Pin,
    Secret,
    TelefonIPClient,
    parse_webhook,
)
from tests.support.canaries import Canaries

from .conftest import Place
from .party import Party, outcome_of
from .printers import TRACEBACKS, scan_outcome

# Refused as they stand: the canary is in an argument. No frame of these functions keeps
# it: what a traceback shows was kept by callauth.
_REFUSED: Mapping[str, Callable[[Canaries], object]] = {
    "a key with a newline": lambda c: NeroTechClient(1, _key(c) + "\n"),
    "a key as a Secret": lambda c: NeroTechClient(1, Secret(_key(c) + " ")),
    "a key as bytes": lambda c: NeroTechClient(1, _any(_key(c).encode())),
    "a key for the id": lambda c: NeroTechClient(_key(c), "key"),
    "a key, a wrong id": lambda c: NeroTechClient(-1, _key(c)),
    "a key, a wrong URL": lambda c: NeroTechClient(1, _key(c), base_url="ftp://x"),
    "a key, a misspelt option": lambda c: _any(NeroTechClient)(1, _key(c), retries=3),
    "a key, a wrong policy": lambda c: NeroTechClient(1, _key(c), hooks=_any(5)),
    "a URL with a password": lambda c: NeroTechClient(
        1, "key", base_url=f"https://user:{_key(c)}@host/"
    ),
    "a token with a blank": lambda c: TelefonIPClient(_key(c) + " x"),
    "a token, a wrong encoding": lambda c: TelefonIPClient(
        _key(c), post_encoding=_any("xml")
    ),
    "a token, a misspelt option": lambda c: _any(TelefonIPClient)(_key(c), retries=3),
    "a token that is not ASCII": lambda c: CallPassClient(_key(c) + "é"),
    "a token, a wrong version": lambda c: CallPassClient(_key(c), version=_any("v9")),
    "a token with a version, a misspelt option": lambda c: _any(CallPassClient)(
        _key(c), version="v2.0", retries=3
    ),
    "a proxy with a password": lambda c: HttpxTransport(
        proxy=f"http://user:{_key(c)}@host:port/"
    ),
    "an unknown proxy": lambda c: HttpxTransport(proxy=f"nothing://{_key(c)}@host"),
    "a phone to be parsed": lambda c: PhoneNumber.parse(c.text_phone() + "0"),
    "a phone with words": lambda c: PhoneNumber.parse(f"call {c.text_phone()} now"),
    "a phone of a region": lambda c: PhoneNumber.parse(c.text_phone(), region="XX"),
    "a phone without a plus": lambda c: PhoneNumber(c.phone().msisdn),
    "a pin that is too long": lambda c: Pin(_key(c)),
    "a pin with a blank": lambda c: Pin(f" {c.pin().reveal()}"),
    "a Secret as bytes": lambda c: Secret.of(_any(_key(c).encode())),
    "a webhook": lambda c: parse_webhook(f"success=1&phone={c.phone().national}&id=1"),
}


def _key(canaries: Canaries) -> str:
    return canaries.secret().reveal()


def _any(value: object) -> Any:  # noqa: ANN401 - what a type checker would refuse
    return value


def _error_of(make: Callable[[], object]) -> Exception | None:
    try:
        make()
    except Exception as error:  # noqa: BLE001 - whatever comes is to be scanned
        return error
    return None


@pytest.mark.parametrize("printer", TRACEBACKS)
@pytest.mark.parametrize("name", _REFUSED)
async def test_no_refusal_of_an_argument_shows_it(
    name: str, printer: str, canaries: Canaries
) -> None:
    """A key with a newline at its end is the first mistake that people make."""
    error = _error_of(partial(_REFUSED[name], canaries))

    assert error is not None
    scan_outcome(canaries, printer, error)


_SETTINGS: Mapping[str, tuple[type[Any], dict[str, str]]] = {
    "service_id": (
        NeroTechClient,
        {"NEROTECH_SERVICE_ID": "x", "NEROTECH_SECRET_KEY": "canary"},
    ),
    "nerotech base URL": (
        NeroTechClient,
        {
            "NEROTECH_SERVICE_ID": "1",
            "NEROTECH_SECRET_KEY": "canary",
            "NEROTECH_BASE_URL": "ftp://x",
        },
    ),
    "telefonip base URL": (
        TelefonIPClient,
        {"TELEFONIP_TOKEN": "canary", "TELEFONIP_BASE_URL": "x"},
    ),
    "token": (TelefonIPClient, {"TELEFONIP_TOKEN": "canary canary"}),
    "version": (
        CallPassClient,
        {"CALLPASS_TOKEN": "canary", "CALLPASS_VERSION": "v9"},
    ),
    "one is missing": (NeroTechClient, {"NEROTECH_SECRET_KEY": "canary"}),
}


@pytest.mark.parametrize("printer", TRACEBACKS)
@pytest.mark.parametrize("name", _SETTINGS)
def test_no_refusal_of_the_environment_shows_it(
    name: str, printer: str, canaries: Canaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that does not start is reported with all that it knows."""
    client, variables = _SETTINGS[name]
    for variable, value in variables.items():
        key = f"CALLAUTH_{variable}"
        monkeypatch.setenv(key, value.replace("canary", _key(canaries)))

    error = _error_of(client.from_env)

    assert isinstance(error, CallAuthError)
    scan_outcome(canaries, printer, error)


# Asked of an open client, and refused before anything is sent.
_WRONGLY_ASKED: Mapping[str, Callable[[Party], Awaitable[object]]] = {
    "voicemail of a text": lambda p: p.nerotech.voicemail(_any(_phone(p))),
    "voicemail with a key that is too long": lambda p: p.nerotech.voicemail(
        p.phone, idempotency_key=_key(p.canaries) * 9
    ),
    "check_code of a long code": lambda p: p.nerotech.check_code(
        "1", p.canaries.pin(7).reveal()
    ),
    "check_code of words": lambda p: p.nerotech.check_code("1", _key(p.canaries)),
    "check_code of another id": lambda p: p.nerotech.check_code(
        _key(p.canaries), p.canaries.pin(4)
    ),
    "incoming_init of a text": lambda p: p.nerotech.incoming_init(_any(_phone(p))),
    "get of a text": lambda p: p.telefonip.reverse_auth_phone_get(_any(_phone(p))),
    "post of a text": lambda p: p.telefonip.reverse_auth_phone_post(
        _any(_phone(p)), webhook="https://app.example/"
    ),
    "post with a query": lambda p: p.telefonip.reverse_auth_phone_post(
        p.phone, webhook=f"https://app.example/?{_key(p.canaries)}"
    ),
    "post without TLS": lambda p: p.telefonip.reverse_auth_phone_post(
        p.phone, webhook=f"http://app.example/{_key(p.canaries)}"
    ),
    "post abroad": lambda p: p.telefonip.reverse_auth_phone_post(
        PhoneNumber("+442079460018"), webhook=f"https://app.example/{_key(p.canaries)}"
    ),
    "start of a text": lambda p: p.callpass.start_call_password(_any(_phone(p))),
    "start with a wrong timeout": lambda p: p.callpass.start_call_password(
        p.phone, timeout_seconds=1
    ),
    "status of a wrong id": lambda p: p.callpass.get_call_password_status(
        f"{_key(p.canaries)} {_key(p.canaries)}"
    ),
    "check of a lease without an id": lambda p: p.telefonip.reverse_auth_phone_check(
        _without_id(p.lease())
    ),
    "a misspelt option": lambda p: _any(p.telefonip.reverse_auth_phone_post)(
        p.phone, webhook=f"https://app.example/{_key(p.canaries)}", retries=3
    ),
    "verify of a text": lambda p: p.nerotech.incoming_verify(_any(_phone(p))),
    "wait_incoming of a text": lambda p: p.nerotech.wait_incoming(_any(_phone(p))),
    "check of a text": lambda p: p.telefonip.reverse_auth_phone_check(_any(_phone(p))),
    "wait_call of a text": lambda p: p.telefonip.wait_call(_any(_phone(p))),
    "wait_status of a text": lambda p: p.callpass.wait_status(_any(_phone(p))),
}


def _phone(party: Party) -> str:
    return party.canaries.phone().e164


def _without_id(lease: NumberLease) -> NumberLease:
    return NumberLease(
        number=lease.number,
        user=lease.user,
        leased_at=lease.leased_at,
        expires_at=lease.expires_at,
    )


@pytest.mark.parametrize("printer", TRACEBACKS)
@pytest.mark.parametrize("name", _WRONGLY_ASKED)
async def test_no_refusal_of_a_question_shows_it(
    name: str, printer: str, place: Place
) -> None:
    """The number that a visitor typed goes to nobody but the provider."""
    outcome = await outcome_of(_WRONGLY_ASKED[name], place.party)

    assert isinstance(outcome, CallAuthError | TypeError)
    assert len(place.sandbox.ledger) == 0
    scan_outcome(place.party.canaries, printer, outcome)
