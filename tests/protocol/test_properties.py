"""No bytes whatever make a reader say yes, or raise what nobody expects.

The oracle here reads JSON leniently and checks only what a "yes" must rest on; it
shares nothing with the readers.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from callauth.errors import AnswerLost, ProtocolError, ProviderError
from callauth.models.phone import PhoneNumber
from callauth.protocol.callpass import StartReply, StatusReply
from callauth.protocol.message import Response
from callauth.protocol.nerotech import VerifyReply, VoicemailReply
from callauth.protocol.telefonip import CheckReply, LeaseReply
from tests.support.answers import SAMPLES
from tests.support.canaries import Canaries
from tests.support.operations import CALL_ID, LEASE_ID, operations
from tests.support.refusals import caught

# Built once: an example must be cheap, and what leaks here leaks in every other test.
_OPERATIONS = operations(Canaries())
_REPLIES: dict[str, tuple[type, ...]] = {
    "voicemail": (VoicemailReply,),
    "test voicemail": (VoicemailReply,),
    "checkCode": (bool,),
    "incoming/init": (PhoneNumber,),
    "incoming/verify": (VerifyReply,),
    "get": (LeaseReply,),
    "post": (LeaseReply,),
    "post form": (LeaseReply,),
    "check": (PhoneNumber, CheckReply),
    "start v1.0": (StartReply,),
    "start v2.0": (StartReply,),
    "start v3.0": (StartReply,),
    "status v2.0": (StatusReply,),
    "status v3.0": (StatusReply,),
}
_EXPECTED = (AnswerLost, ProtocolError, ProviderError)

_KEYS = st.sampled_from(
    [
        key
        for text in (
            "status success error id code service_phone data auth_phone",
            "phone callid pin result message x",
        )
        for key in text.split()
    ]
)
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["success", "error", "true", "null", "", "0777", "2214610"])
    | st.sampled_from(["79123456789", "89243555100", "84951234567", "442079460018"])
    | st.sampled_from([CALL_ID, "NO_ANSWER", "expired"])
    | st.sampled_from([0, 1, 5, 6, 13, LEASE_ID, str(LEASE_ID)])
)
_VALUES = (
    _LEAVES
    | st.lists(_LEAVES, max_size=2)
    | st.dictionaries(_KEYS, _LEAVES, max_size=4)
)
_STATUSES = st.sampled_from([200, 200, 200, 201, 302, 400, 401, 404, 429, 500, 503])
_HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "retry-after", "content-encoding", "age"]),
    st.text(max_size=8) | st.sampled_from(["text/html", "5", "gzip", "identity"]),
    max_size=2,
)
_SAMPLES = [path.read_bytes() for path in sorted(SAMPLES.rglob("*.json"))]


_GOOD_SAMPLES = {
    "voicemail": "nerotech/voicemail_repaired",
    "test voicemail": "nerotech/voicemail_integer_code",
    "checkCode": "nerotech/check_code_repaired",
    "incoming/init": "nerotech/init_repaired",
    "incoming/verify": "nerotech/verify_repaired",
    "get": "telefonip/lease_repaired",
    "post": "telefonip/lease_repaired",
    "post form": "telefonip/lease_repaired",
    "check": "telefonip/check",
    "start v1.0": "callpass/start_sync",
    "start v2.0": "callpass/start_v2",
    "start v3.0": "callpass/start_v3",
    "status v2.0": "callpass/status",
    "status v3.0": "callpass/status",
}
_GOOD: dict[str, dict[str, Any]] = {
    name: json.loads((SAMPLES / f"{sample}.json").read_bytes())
    for name, sample in _GOOD_SAMPLES.items()
}


def _written(value: object, doubled: int) -> str:
    """Return JSON in which one pair in so many comes twice, with another value."""
    if isinstance(value, list):
        return f"[{', '.join(_written(each, doubled) for each in value)}]"
    if not isinstance(value, dict):
        return json.dumps(value)
    pairs = [f"{json.dumps(k)}: {_written(v, doubled)}" for k, v in value.items()]
    if doubled and len(pairs) >= doubled:
        pairs.append(f"{json.dumps(list(value)[doubled - 1])}: null")
    return f"{{{', '.join(pairs)}}}"


@st.composite
def _mutated(draw: st.DrawFn, name: str, most: int = 3) -> bytes:
    """Take a good answer and drop, replace, add or double so many of its pairs."""
    document = json.loads(json.dumps(_GOOD[name]))
    for _ in range(draw(st.integers(0, most))):
        inner = document.get("data")
        target = inner if isinstance(inner, dict) and draw(st.booleans()) else document
        key = draw(st.sampled_from([*target, "error", "data", "x"]))
        if draw(st.booleans()):
            target.pop(key, None)
        else:
            target[key] = draw(_VALUES)
    doubled = draw(st.sampled_from([0, 0, 0, 1, 2, 3])) if most > 1 else 0
    return _written(document, doubled).encode()


@st.composite
def _torn(draw: st.DrawFn, name: str) -> bytes:
    """Cut a good answer, or change a byte of it."""
    body = bytearray(draw(_mutated(name)))
    place = draw(st.integers(0, len(body) - 1))
    if draw(st.booleans()):
        del body[place:]
    else:
        body[place] = draw(st.integers(0, 255))
    return bytes(body)


_UNLIKE = (
    st.binary(max_size=200)
    | st.sampled_from(_SAMPLES)
    | _VALUES.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(_KEYS, _VALUES).map(lambda value: json.dumps(value).encode())
)


def _responses(name: str) -> st.SearchStrategy[Response]:
    nearly_good = st.builds(Response, status=st.just(200), body=_mutated(name, 1))
    bodies = _mutated(name) | _torn(name) | _UNLIKE
    return nearly_good | st.builds(
        Response, status=_STATUSES, headers=_HEADERS, body=bodies
    )


def _says_yes(document: dict[str, Any]) -> bool:
    """Say whether this is a success in the words of any provider."""
    if document.get("status") == "success":
        content = document["data"]
        return bool(content.get("result") != "error" and content["callid"])
    return document.get("status") is True or document.get("success") is True


def _is_number(phone: PhoneNumber, digits: str) -> bool:
    """Say whether it is that number: 7… and 89… are Russia's, the rest foreign."""
    is_ours = len(digits) == 11 and digits.startswith(("7", "89"))
    return phone.e164 == ("+7" + digits[1:] if is_ours else "+" + digits)


def _voicemail(reply: VoicemailReply, document: dict[str, Any]) -> bool:
    code = str(document["code"]).rjust(4, "0")
    return (reply.pin.reveal(), reply.call_id) == (code, str(document["id"]))


def _lease(reply: LeaseReply, document: dict[str, Any]) -> bool:
    content = document["data"]
    same_number = _is_number(reply.number, content["auth_phone"])
    return same_number and reply.lease_id == int(content["id"])


def _start(reply: StartReply, document: dict[str, Any]) -> bool:
    content = document["data"]
    codes = (content.get("pin"), content.get("phone"))
    return reply.pin.reveal() in codes and reply.call_id == content["callid"]


def _status(reply: StatusReply, document: dict[str, Any]) -> bool:
    return bool(document["data"]["callid"] == CALL_ID)


def _phone(reply: PhoneNumber, document: dict[str, Any]) -> bool:
    if document.get("status") is True:
        return _is_number(reply, document["service_phone"])
    content = document["data"]
    return _is_number(reply, content["phone"]) and int(content["id"]) == LEASE_ID


_BACKED: dict[type, Callable[[Any, dict[str, Any]], bool]] = {
    VoicemailReply: _voicemail,
    LeaseReply: _lease,
    StartReply: _start,
    StatusReply: _status,
    PhoneNumber: _phone,
    bool: lambda reply, document: reply,
    VerifyReply: lambda reply, document: True,
}
_NO = (
    False,
    VerifyReply.NOT_CALLED,
    VerifyReply.ALREADY_VERIFIED,
    CheckReply.PENDING,
    CheckReply.EXPIRED,
    StatusReply(cause=None, found=False),
)


def _is_backed(reply: object, response: Response) -> bool:
    """Say whether the answer holds what such a reply must rest on."""
    if reply in _NO:
        return True
    document = json.loads(response.body)
    says_yes = _says_yes(document) and 200 <= response.status < 300
    return says_yes and _BACKED[type(reply)](reply, document)


@pytest.mark.parametrize("name", _REPLIES)
@given(data=st.data())
def test_no_answer_whatever_is_misread(name: str, data: st.DataObject) -> None:
    """A reader returns what the answer says, or one of three errors."""
    operation = _OPERATIONS[name]
    response = data.draw(_responses(name))

    said = caught(lambda: operation.read(response), *_EXPECTED)

    event(type(said).__name__)
    assert isinstance(said, (*_EXPECTED, *_REPLIES[name]))
    assert isinstance(said, _EXPECTED) or _is_backed(said, response)


@pytest.mark.parametrize("name", _REPLIES)
@given(data=st.data())
def test_no_doubled_key_is_a_yes(name: str, data: st.DataObject) -> None:
    """Which of the two is meant depends on who reads."""
    body = data.draw(_mutated(name))
    doubled = body.replace(b"{", b'{"x": 1, "x": 2, ', 1)
    response = Response(status=200, body=doubled)

    said = caught(lambda: _OPERATIONS[name].read(response), *_EXPECTED)

    assert isinstance(said, _EXPECTED)


def test_every_operation_is_covered() -> None:
    """A new operation must say what its reader returns."""
    assert _OPERATIONS.keys() == _REPLIES.keys() == _GOOD.keys()


def test_the_oracle_can_say_no() -> None:
    """A check that cannot fail protects nothing."""
    called = PhoneNumber("+79243555100")
    other = {"success": True, "data": {"phone": "89243555101", "id": LEASE_ID}}
    moscow = PhoneNumber("+74951234567")
    vietnam = {"success": True, "data": {"phone": "84951234567", "id": LEASE_ID}}
    stale = {"success": True, "data": {"phone": "89243555100", "id": 1}}

    assert not _is_backed(called, Response(status=200, body=json.dumps(other).encode()))
    assert not _is_backed(
        moscow, Response(status=200, body=json.dumps(vietnam).encode())
    )
    assert not _is_backed(called, Response(status=200, body=json.dumps(stale).encode()))
    assert not _is_backed(True, Response(status=200, body=b'{"status": 1}'))  # noqa: FBT003 - a reply
    assert not _is_backed(True, Response(status=404, body=b'{"status": true}'))  # noqa: FBT003 - a reply
