"""What goes over the wire."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from attrs import frozen

from callauth.models.key import IdempotencyKey
from callauth.models.phone import PhoneNumber
from callauth.models.pin import Pin
from callauth.models.secret import Secret
from callauth.protocol import callpass, nerotech, telefonip
from callauth.protocol.message import Operation, Replay
from tests.support.canaries import Canaries
from tests.support.operations import operations

_COMMON = {
    "accept": "application/json",
    "accept-encoding": "identity",
    "cache-control": "no-store",
}
_FORM = {"content-type": "application/x-www-form-urlencoded"}


@frozen
class _Wire:
    """Hold a request as a server sees it; the order of a query does not count."""

    method: str
    url: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @classmethod
    def of(cls, operation: Operation[Any]) -> _Wire:
        request = operation.request
        url, _, query = request.url.reveal().partition("?")
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
        assert len(dict(pairs)) == len(pairs)
        headers = {name.lower(): value for name, value in request.reveal_headers()}
        return cls(request.method, url, dict(pairs), headers, request.reveal_body())


def _get(url: str, **query: str) -> _Wire:
    return _Wire("GET", url, query, _COMMON, b"")


def _nerotech(canaries: Canaries) -> tuple[nerotech.Account, str]:
    key = canaries.secret()
    return nerotech.Account(1234, key), key.reveal()


def _telefonip(canaries: Canaries) -> tuple[telefonip.Account, str]:
    token = canaries.secret()
    return telefonip.Account(token), token.reveal()


@pytest.mark.parametrize(
    ("test", "sent"), [(False, {}), (True, {"test": "1"})], ids=["live", "test"]
)
def test_voicemail(test: bool, sent: dict[str, str], canaries: Canaries) -> None:  # noqa: FBT001 - a case
    """NeroTech, dictated code, method "voicemail"."""
    account, key = _nerotech(canaries)
    user = canaries.phone()
    operation = nerotech.voicemail(account, user, key=IdempotencyKey("k-1"), test=test)

    assert _Wire.of(operation) == _get(
        "https://api.nerotech.ru/api/v1/voicemail",
        service_id="1234",
        secret_key=key,
        phone=user.msisdn,
        idempotency_key="test-k-1" if test else "k-1",
        **sent,
    )


def test_check_code(canaries: Canaries) -> None:
    """NeroTech, dictated code, method "checkCode": it has no service_id."""
    account, key = _nerotech(canaries)
    operation = nerotech.check_code(account, "000103000", Pin("0777"))

    assert _Wire.of(operation) == _get(
        "https://api.nerotech.ru/api/v1/checkCode",
        call_id="000103000",
        secret_key=key,
        code="0777",
    )


def test_incoming_init(canaries: Canaries) -> None:
    """NeroTech, outgoing authorisation, method "init"."""
    account, key = _nerotech(canaries)
    user = canaries.phone()

    assert _Wire.of(nerotech.incoming_init(account, user)) == _get(
        "https://api.nerotech.ru/api/v1/incoming/init",
        service_id="1234",
        secret_key=key,
        user_phone=user.msisdn,
    )


def test_incoming_verify(canaries: Canaries) -> None:
    """NeroTech, outgoing authorisation, method "verify"."""
    account, key = _nerotech(canaries)
    user, number = canaries.phone(), PhoneNumber("+79123456789")
    operation = nerotech.incoming_verify(account, number=number, user=user)

    assert _Wire.of(operation) == _get(
        "https://api.nerotech.ru/api/v1/incoming/verify",
        service_id="1234",
        secret_key=key,
        service_phone="79123456789",
        user_phone=user.msisdn,
    )


def test_reverse_auth_phone_get(canaries: Canaries) -> None:
    """Telefon-IP, "reverse_auth_phone_get": the number begins with 8."""
    account, token = _telefonip(canaries)
    user = canaries.phone()

    assert _Wire.of(telefonip.reverse_auth_phone_get(account, user)) == _get(
        f"https://api.telefon-ip.ru/api/v1/authcalls/{token}/reverse_auth_phone_get",
        phone=user.national,
    )


@pytest.mark.parametrize("encoding", ["json", "form"])
def test_reverse_auth_phone_post(
    encoding: telefonip.BodyEncoding, canaries: Canaries
) -> None:
    """Telefon-IP, "reverse_auth_phone_post": the document is silent on the encoding."""
    account, token = _telefonip(canaries)
    user = canaries.phone()
    webhook = canaries.plant("https://app.example/hook/zaq1&2=3")
    operation = telefonip.reverse_auth_phone_post(
        account, user, webhook=Secret(webhook), encoding=encoding
    )

    wire = _Wire.of(operation)

    url = f"https://api.telefon-ip.ru/api/v1/authcalls/{token}/reverse_auth_phone_post"
    types = {"json": {"content-type": "application/json"}, "form": _FORM}
    assert wire == _Wire("POST", url, {}, _COMMON | types[encoding], wire.body)
    read = json.loads if encoding == "json" else _form
    assert read(wire.body) == {"phone": user.national, "webhook": webhook}


def test_reverse_auth_phone_post_sends_json_by_default(canaries: Canaries) -> None:
    """Public code that works does so."""
    wire = _Wire.of(operations(canaries)["post"])

    assert wire.headers["content-type"] == "application/json"


def test_reverse_auth_phone_check(canaries: Canaries) -> None:
    """Telefon-IP, "reverse_auth_phone_check": the id is part of the path."""
    account, token = _telefonip(canaries)

    assert _Wire.of(telefonip.reverse_auth_phone_check(account, 122760)) == _get(
        "https://api.telefon-ip.ru/api/v1/authcalls/"
        f"{token}/reverse_auth_phone_check/122760"
    )


def test_a_token_stays_one_segment_of_the_path() -> None:
    """A slash in a token must not choose another operation."""
    account = telefonip.Account(Secret("a/b?c"))
    url = telefonip.reverse_auth_phone_check(account, 1).request.url.reveal()

    assert (
        urlsplit(url).path == "/api/v1/authcalls/a%2Fb%3Fc/reverse_auth_phone_check/1"
    )
    assert urlsplit(url).query == ""


@pytest.mark.parametrize(
    ("version", "asynchronous", "flag"),
    [
        ("v1.0", False, {}),
        ("v2.0", False, {"async": "0"}),
        ("v2.0", True, {"async": "1"}),
        ("v3.0", False, {"async": "0"}),
        ("v3.0", True, {"async": "1"}),
    ],
)
def test_start_call_password(
    version: callpass.Version,
    asynchronous: bool,  # noqa: FBT001 - a case
    flag: dict[str, str],
    canaries: Canaries,
) -> None:
    """CallPass, initiation of a call: version 1.0 does not know ``async``."""
    token, user = canaries.secret(), canaries.phone()
    operation = callpass.start_call_password(
        callpass.Account(token, version),
        user,
        timeout_seconds=30,
        asynchronous=asynchronous,
    )

    wire = _Wire.of(operation)

    url = f"https://api.callpass.sp-com.ru/api/{version}/start-call-password/"
    headers = _COMMON | _FORM | {"authorization": f"Bearer {token.reveal()}"}
    assert wire == _Wire("POST", url, {}, headers, wire.body)
    assert _form(wire.body) == {"dn": user.msisdn, "timeout": "30", **flag}


@pytest.mark.parametrize("version", ["v2.0", "v3.0"])
def test_get_call_password_status(
    version: callpass.Version, canaries: Canaries
) -> None:
    """CallPass, data of a call: ``callid`` and a slash, as in the runnable example."""
    token = canaries.secret()
    operation = callpass.get_call_password_status(
        callpass.Account(token, version), "4f2ea8a1&x"
    )

    wire = _Wire.of(operation)

    url = f"https://api.callpass.sp-com.ru/api/{version}/get-call-password-status/"
    headers = _COMMON | _FORM | {"authorization": f"Bearer {token.reveal()}"}
    assert wire == _Wire("POST", url, {}, headers, wire.body)
    assert _form(wire.body) == {"callid": "4f2ea8a1&x"}


def test_another_base_url_replaces_the_host_and_its_path(canaries: Canaries) -> None:
    """The same service is sold under other brands, and a sandbox stands in for it."""
    base = "http://127.0.0.1:8080/x/"
    key, user = canaries.secret(), canaries.phone()
    built: list[Operation[Any]] = [
        nerotech.incoming_init(nerotech.Account(1, key, base), user),
        telefonip.reverse_auth_phone_get(telefonip.Account(key, base), user),
        callpass.get_call_password_status(
            callpass.Account(key, "v3.0", base_url=base), "1"
        ),
    ]

    assert [_Wire.of(operation).url for operation in built] == [
        f"{base}incoming/init",
        f"{base}{key.reveal()}/reverse_auth_phone_get",
        f"{base}api/v3.0/get-call-password-status/",
    ]
    assert {operation.request.template[: len(base)] for operation in built} == {base}


_REPLAYS = {
    "voicemail": Replay.KEYED,
    "test voicemail": Replay.KEYED,
    "checkCode": Replay.ONCE_MORE,
    "incoming/init": Replay.ONCE_MORE,
    "incoming/verify": Replay.CONSUMING,
    "get": Replay.ONCE_MORE,
    "post": Replay.ONCE_MORE,
    "post form": Replay.ONCE_MORE,
    "check": Replay.SAFE,
    "start v1.0": Replay.UNSENT_ONLY,
    "start v2.0": Replay.UNSENT_ONLY,
    "start v3.0": Replay.UNSENT_ONLY,
    "status v2.0": Replay.SAFE,
    "status v3.0": Replay.SAFE,
}


def test_every_operation_says_whether_it_may_be_sent_again(canaries: Canaries) -> None:
    """Not by its verb: three of the GETs have effects, one POST is a plain read."""
    found = {name: each.replay for name, each in operations(canaries).items()}

    assert found == _REPLAYS


def test_an_answer_without_a_name_needs_a_connection_of_its_own(
    canaries: Canaries,
) -> None:
    """Only these two name what was asked about: a stray answer is recognised."""
    found = {
        name
        for name, each in operations(canaries).items()
        if not each.request.own_connection
    }

    assert found == {"check", "status v2.0", "status v3.0"}


_TEMPLATES = {
    "voicemail": "https://api.nerotech.ru/api/v1/voicemail?service_id={service_id}"
    "&secret_key={secret_key}&phone={phone}&idempotency_key={idempotency_key}",
    "checkCode": "https://api.nerotech.ru/api/v1/checkCode?call_id={call_id}"
    "&secret_key={secret_key}&code={code}",
    "check": "https://api.telefon-ip.ru/api/v1/authcalls/{token}"
    "/reverse_auth_phone_check/{id}",
    "get": "https://api.telefon-ip.ru/api/v1/authcalls/{token}"
    "/reverse_auth_phone_get?phone={phone}",
    "start v3.0": "https://api.callpass.sp-com.ru/api/v3.0/start-call-password/",
}


@pytest.mark.parametrize(("name", "template"), _TEMPLATES.items())
def test_a_template_names_the_parts_that_were_left_out(
    name: str, template: str, canaries: Canaries
) -> None:
    """A span is found by it, whatever the key and the number."""
    assert operations(canaries)[name].request.template == template


def test_only_a_voice_call_carries_its_key(canaries: Canaries) -> None:
    """The age of the key bounds how long the call may be sent again."""
    built = operations(canaries)

    keyed = {name for name, operation in built.items() if operation.key is not None}
    assert keyed == {"voicemail", "test voicemail"}


@pytest.mark.parametrize("timeout", [2, 30, 99])
def test_a_missed_call_has_15_seconds_more_than_it_may_ring(
    timeout: int, canaries: Canaries
) -> None:
    """In synchronous mode the answer comes when the call has ended."""
    operation = callpass.start_call_password(
        callpass.Account(canaries.secret()),
        canaries.phone(),
        timeout_seconds=timeout,
        asynchronous=False,
    )

    assert operation.deadline_seconds == timeout + 15


@pytest.mark.parametrize(("asynchronous", "least"), [(False, 30), (True, 0)])
def test_a_call_is_not_tried_again_when_its_answer_would_come_too_late(
    asynchronous: bool,  # noqa: FBT001 - a case
    least: int,
    canaries: Canaries,
) -> None:
    """The phone would ring for an answer that nobody waits for."""
    operation = callpass.start_call_password(
        callpass.Account(canaries.secret(), "v2.0"),
        canaries.phone(),
        timeout_seconds=30,
        asynchronous=asynchronous,
    )

    assert operation.least_seconds == least


def test_other_operations_are_tried_up_to_their_deadline(canaries: Canaries) -> None:
    """Their answers come at once."""
    found = {name for name, each in operations(canaries).items() if each.least_seconds}

    assert found == {"start v1.0"}


def test_a_voice_call_has_time_to_wait_for_one_in_progress(canaries: Canaries) -> None:
    """5, 10 and 20 seconds must fit in, and the tries between them."""
    deadline = operations(canaries)["voicemail"].deadline_seconds

    assert deadline is not None
    assert deadline > 5 + 10 + 20 + 1.5


def test_a_test_key_is_never_a_live_key(canaries: Canaries) -> None:
    """A test result replayed for a live call would verify somebody unheard."""
    account, _ = _nerotech(canaries)
    user, key = canaries.phone(), IdempotencyKey("same")
    live = _Wire.of(nerotech.voicemail(account, user, key=key))
    test = _Wire.of(nerotech.voicemail(account, user, key=key, test=True))

    assert live.query["idempotency_key"] != test.query["idempotency_key"]


def _form(body: bytes) -> dict[str, str]:
    pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)
