"""Verify a phone number by a call, with NeroTech, Telefon-IP and CallPass."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .client.callpass import CallPassClient
from .client.events import (
    BreakerClosed,
    BreakerOpened,
    CallSettled,
    ContractWarning,
    Event,
    Hook,
    RequestSettled,
    RetryScheduled,
    SuspiciousAnswer,
)
from .client.nerotech import NeroTechClient
from .client.telefonip import TelefonIPClient
from .errors import (
    AnswerLost,
    AttemptNotFound,
    AttemptSettled,
    AuthenticationFailed,
    CallAuthError,
    CallInProgress,
    ConfigurationError,
    InsufficientFunds,
    InvalidPhoneNumber,
    NoChannelLeft,
    NotSent,
    NumberBlocked,
    NumberInvalid,
    NumberRejected,
    ProtocolError,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    RingLocked,
    StoreError,
    TestModeRefused,
    TooManyAttempts,
    TransportError,
    VerificationError,
)
from .models.attempt import Attempt, AttemptId
from .models.call import PlacedCall, VoiceCall
from .models.cause import HangupCause
from .models.challenge import Challenge, DialInChallenge, PinChallenge
from .models.hint import WebhookHint
from .models.key import IdempotencyKey
from .models.lease import NumberLease
from .models.method import Method
from .models.outcome import Confirmed, Expired, Outcome, Pending, Rejected, Unknown
from .models.phone import PhoneNumber
from .models.pin import Pin
from .models.secret import Secret
from .protocol.message import Replay, Request, Response
from .protocol.retry import RetryPolicy
from .protocol.schedule import PollSchedule
from .protocol.telefonip import parse_webhook
from .sandbox import Sandbox
from .stores import SQLiteStore
from .transport.clock import ManualClock, SystemClock
from .transport.httpx import HttpxTransport
from .transport.port import Clock, Transport
from .transport.scripted import ScriptedTransport
from .verification.channels import FlashCall, ReverseCall, VoiceOtp
from .verification.memory import MemoryStore
from .verification.policy import Limit, VerificationPolicy
from .verification.verifier import Verifier

if TYPE_CHECKING:
    from .transport.aiohttp import AiohttpTransport
    from .transport.native import NativeTransport

__all__ = [
    "AiohttpTransport",
    "AnswerLost",
    "Attempt",
    "AttemptId",
    "AttemptNotFound",
    "AttemptSettled",
    "AuthenticationFailed",
    "BreakerClosed",
    "BreakerOpened",
    "CallAuthError",
    "CallInProgress",
    "CallPassClient",
    "CallSettled",
    "Challenge",
    "Clock",
    "ConfigurationError",
    "Confirmed",
    "ContractWarning",
    "DialInChallenge",
    "Event",
    "Expired",
    "FlashCall",
    "HangupCause",
    "Hook",
    "HttpxTransport",
    "IdempotencyKey",
    "InsufficientFunds",
    "InvalidPhoneNumber",
    "Limit",
    "ManualClock",
    "MemoryStore",
    "Method",
    "NativeTransport",
    "NeroTechClient",
    "NoChannelLeft",
    "NotSent",
    "NumberBlocked",
    "NumberInvalid",
    "NumberLease",
    "NumberRejected",
    "Outcome",
    "Pending",
    "PhoneNumber",
    "Pin",
    "PinChallenge",
    "PlacedCall",
    "PollSchedule",
    "ProtocolError",
    "ProviderError",
    "ProviderUnavailable",
    "RateLimited",
    "Rejected",
    "Replay",
    "Request",
    "RequestSettled",
    "Response",
    "RetryPolicy",
    "RetryScheduled",
    "ReverseCall",
    "RingLocked",
    "SQLiteStore",
    "Sandbox",
    "ScriptedTransport",
    "Secret",
    "StoreError",
    "SuspiciousAnswer",
    "SystemClock",
    "TelefonIPClient",
    "TestModeRefused",
    "TooManyAttempts",
    "Transport",
    "TransportError",
    "Unknown",
    "VerificationError",
    "VerificationPolicy",
    "Verifier",
    "VoiceCall",
    "VoiceOtp",
    "WebhookHint",
    "parse_webhook",
]

# What needs a library that may be missing is imported when somebody asks for it.
_LATE = {
    "AiohttpTransport": ".transport.aiohttp",
    "NativeTransport": ".transport.native",
}


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(_LATE[name], __name__), name)
    return found
