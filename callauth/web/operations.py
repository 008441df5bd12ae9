"""Operations: the paths, what each takes and may answer, and who serves it.

Both frameworks make their routes of this table, so that neither has one of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from attrs import field, frozen

from .answers import Answer, MethodName, StartedVerification, VerificationState
from .events import EventStream
from .request import WebRequest
from .service import LONGEST_WAIT_SECONDS, Service

Serve: TypeAlias = Callable[[Service, WebRequest, str], Awaitable[Answer | EventStream]]

WEBHOOK_PATH = "/verification-webhooks/{path}"
WEBHOOK_VERBS = ("GET", "POST")


@dataclass(frozen=True, kw_only=True)
class StartWanted:
    """Ask for a verification of a phone."""

    phone: str
    purpose: str | None = None
    method: MethodName | None = None


@dataclass(frozen=True, kw_only=True)
class PinTyped:
    """Hand over what the person typed."""

    pin: str


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """Hand over nothing: an empty object, or no body at all."""


@frozen(kw_only=True)
class Operation:
    """Describe one operation.

    ``answers`` is what the body of ``status`` holds, None for a stream of events.
    ``problems`` are the kinds of problem documents it may be answered with.
    """

    verb: str
    path: str
    name: str
    summary: str
    serve: Serve
    status: int = 200
    takes: type | None = None
    answers: type | None = VerificationState
    query: Mapping[str, Mapping[str, object]] = field(factory=dict)
    problems: tuple[str, ...]


_ALWAYS = ("unavailable",)
_OWN = ("not-found", *_ALWAYS)
_BODY = ("cross-site", "not-an-object", "too-large", "not-json", "invalid-request")
_CALLS = ("too-many-attempts", "phone-busy", "not-called")

OPERATIONS = (
    Operation(
        verb="POST",
        path="/verifications",
        name="start_verification",
        summary="Call a phone, or lease a number for it to call",
        serve=lambda service, request, _: service.start(request),
        status=201,
        takes=StartWanted,
        answers=StartedVerification,
        problems=("invalid-phone", *_BODY, *_CALLS, *_ALWAYS),
    ),
    Operation(
        verb="GET",
        path="/verifications/{id}",
        name="show_verification",
        summary="Tell how it stands, at once or as soon as it is settled",
        serve=Service.show,
        query={
            "wait": {"type": "integer", "minimum": 0, "maximum": LONGEST_WAIT_SECONDS}
        },
        problems=("invalid-request", *_OWN),
    ),
    Operation(
        verb="GET",
        path="/verifications/{id}/events",
        name="follow_verification",
        summary="Tell how it stands whenever that changes, until it is settled",
        serve=Service.events,
        answers=None,
        problems=_OWN,
    ),
    Operation(
        verb="POST",
        path="/verifications/{id}/pin",
        name="submit_pin",
        summary="Take the digits that the person typed",
        serve=Service.submit,
        takes=PinTyped,
        problems=("settled", "no-pin-expected", "invalid-pin", *_BODY, *_OWN),
    ),
    Operation(
        verb="POST",
        path="/verifications/{id}/next",
        name="try_next_way",
        summary="Try the next way, since no call came",
        serve=Service.next_way,
        takes=Nothing,
        problems=("settled", "no-other-way", *_BODY, *_CALLS, *_OWN),
    ),
    Operation(
        verb="DELETE",
        path="/verifications/{id}",
        name="cancel_verification",
        summary="End it, so that nothing that comes later verifies anybody",
        serve=Service.cancel,
        problems=("settled", "cross-site", *_OWN),
    ),
)
