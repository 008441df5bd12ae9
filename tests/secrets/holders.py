"""One object of every public class, made of canaries wherever it can hold one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from callauth import (
    AiohttpTransport,
    AnswerLost,
    Attempt,
    AttemptId,
    CallPassClient,
    CallSettled,
    DialInChallenge,
    FlashCall,
    HttpxTransport,
    IdempotencyKey,
    MemoryStore,
    Method,
    NativeTransport,
    NeroTechClient,
    NumberLease,
    Pending,
    PinChallenge,
    PlacedCall,
    Request,
    RequestSettled,
    Response,
    ReverseCall,
    Sandbox,
    ScriptedTransport,
    SQLiteStore,
    SuspiciousAnswer,
    TelefonIPClient,
    Verifier,
    VoiceCall,
    VoiceOtp,
    WebhookHint,
)
from callauth.sandbox import Subscriber
from tests.support.canaries import Canaries
from tests.support.operations import SERVICE_NUMBER, operations

_NOW = datetime(2026, 1, 1, tzinfo=UTC)

# What is put into these are words of ours, times and counts. An AttemptId and an
# IdempotencyKey name an attempt and open nothing; a Challenge is one of two others.
HOLD_NOTHING = {
    "AnswerLost",
    "AttemptId",
    "AttemptNotFound",
    "AttemptSettled",
    "AuthenticationFailed",
    "BreakerClosed",
    "BreakerOpened",
    "CallAuthError",
    "CallInProgress",
    "Challenge",
    "Clock",
    "ConfigurationError",
    "Confirmed",
    "ContractWarning",
    "Event",
    "Expired",
    "HangupCause",
    "Hook",
    "IdempotencyKey",
    "InsufficientFunds",
    "InvalidPhoneNumber",
    "Limit",
    "ManualClock",
    "Method",
    "NoChannelLeft",
    "NotSent",
    "NumberBlocked",
    "NumberInvalid",
    "NumberRejected",
    "Outcome",
    "Pending",
    "PollSchedule",
    "ProtocolError",
    "ProviderError",
    "ProviderUnavailable",
    "RateLimited",
    "Rejected",
    "Replay",
    "RetryPolicy",
    "RetryScheduled",
    "RingLocked",
    "StoreError",
    "SystemClock",
    "TestModeRefused",
    "TooManyAttempts",
    "Transport",
    "TransportError",
    "Unknown",
    "VerificationError",
    "VerificationPolicy",
    "parse_webhook",
}


def holders(canaries: Canaries) -> dict[str, object]:
    """Return an object of every other public class, by the name of the class."""
    found = [
        canaries.phone(),
        canaries.pin(7),
        canaries.secret(),
        *_values(canaries),
        *_exchanged(canaries),
        *_clients(canaries),
        *_verification(canaries),
    ]
    return {type(each).__name__: each for each in found}


def all_operations(canaries: Canaries) -> dict[str, Any]:
    """Return every operation and its request."""
    made = operations(canaries)
    requests = {f"request of {name}": each.request for name, each in made.items()}
    return {**made, **requests}


def _values(canaries: Canaries) -> list[object]:
    phone = canaries.phone()
    call = VoiceCall(
        call_id="1", pin=canaries.pin(4), idempotency_key=IdempotencyKey("k"),
        sent_at=_NOW,
    )  # fmt: skip
    return [
        call,
        PlacedCall(call_id="1", pin=canaries.pin(7), sent_at=_NOW, ring_seconds=30),
        NumberLease.from_sent_at(
            number=canaries.phone(), user=phone, lease_id=1, sent_at=_NOW
        ),
        WebhookHint(lease_id=1, phone=phone, success=True),
        CallSettled(
            provider="p", operation="o", phone=phone, started_at=_NOW, result=call
        ),
        RequestSettled(
            provider="p",
            operation="o",
            tries=1,
            seconds=1.0,
            error=AnswerLost("p", "o", "x"),
        ),
        SuspiciousAnswer(provider="p", operation="o", phone=phone, clause="x"),
    ]


def _exchanged(canaries: Canaries) -> list[object]:
    response = Response(
        status=200,
        headers={"set-cookie": canaries.secret().reveal()},
        body=canaries.secret().reveal().encode(),
    )
    request: Request = operations(canaries)["start v3.0"].request
    script = ScriptedTransport([response])
    script.requests.append(request)
    return [response, request, script]


def _clients(canaries: Canaries) -> list[object]:
    password = canaries.secret().reveal()
    sandbox = Sandbox()
    sandbox.network.subscribers[canaries.phone()] = Subscriber(
        dials_from=canaries.phone()
    )
    sandbox.telefonip.token = canaries.secret()
    sandbox.callpass.token = canaries.secret()
    sandbox.nerotech.credentials = (1, canaries.secret())
    sandbox.nerotech.blocked.add(canaries.phone())
    return [
        HttpxTransport(proxy=f"http://user:{password}@127.0.0.1:1"),
        AiohttpTransport(),
        NativeTransport(),
        NeroTechClient(1, canaries.secret()),
        TelefonIPClient(canaries.secret()),
        CallPassClient(canaries.secret()),
        sandbox,
    ]


def _verification(canaries: Canaries) -> list[object]:
    phone = canaries.phone()
    # Its number is shown to the person, and printed as the link that dials it.
    lease = NumberLease.from_sent_at(
        number=SERVICE_NUMBER, user=phone, lease_id=1, sent_at=_NOW
    )
    challenge = DialInChallenge(lease)
    channels: list[FlashCall | VoiceOtp | ReverseCall] = [
        FlashCall(CallPassClient(canaries.secret())),
        VoiceOtp(NeroTechClient(1, canaries.secret())),
        ReverseCall(TelefonIPClient(canaries.secret())),
    ]
    store = MemoryStore()
    canaries.plant(store.pepper.reveal())
    verifier = Verifier(
        channels,
        store=store,
        pepper=canaries.secret(),
        webhook_base="https://app.example/hooks/",
    )
    return [
        Attempt(
            id=AttemptId("a" * 22),
            phone=phone,
            purpose="login",
            method=Method.REVERSE_CALL,
            channel="reverse_call:telefonip",
            challenge=challenge,
            outcome=Pending(),
            started_at=_NOW,
        ),
        challenge,
        PinChallenge(Method.VOICE_OTP, 4, _NOW),
        *channels,
        store,
        SQLiteStore("callauth.db"),
        verifier,
    ]
