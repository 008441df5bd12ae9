"""Verify a phone number by a call, with NeroTech, Telefon-IP and CallPass.

Importing this loads nothing; a name is loaded with its module when it is first used.
"""

from __future__ import annotations

import importlib
import typing

if typing.TYPE_CHECKING:
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
    from .transport.aiohttp import AiohttpTransport
    from .transport.clock import ManualClock, SystemClock
    from .transport.httpx import HttpxTransport
    from .transport.native import NativeTransport
    from .transport.port import Clock, Transport
    from .transport.scripted import ScriptedTransport
    from .verification.channels import FlashCall, ReverseCall, VoiceOtp
    from .verification.memory import MemoryStore
    from .verification.policy import Limit, VerificationPolicy
    from .verification.verifier import Verifier

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

_MODULES = {
    "AiohttpTransport": "transport.aiohttp",
    "AnswerLost": "errors",
    "Attempt": "models.attempt",
    "AttemptId": "models.attempt",
    "AttemptNotFound": "errors",
    "AttemptSettled": "errors",
    "AuthenticationFailed": "errors",
    "BreakerClosed": "client.events",
    "BreakerOpened": "client.events",
    "CallAuthError": "errors",
    "CallInProgress": "errors",
    "CallPassClient": "client.callpass",
    "CallSettled": "client.events",
    "Challenge": "models.challenge",
    "Clock": "transport.port",
    "ConfigurationError": "errors",
    "Confirmed": "models.outcome",
    "ContractWarning": "client.events",
    "DialInChallenge": "models.challenge",
    "Event": "client.events",
    "Expired": "models.outcome",
    "FlashCall": "verification.channels",
    "HangupCause": "models.cause",
    "Hook": "client.events",
    "HttpxTransport": "transport.httpx",
    "IdempotencyKey": "models.key",
    "InsufficientFunds": "errors",
    "InvalidPhoneNumber": "errors",
    "Limit": "verification.policy",
    "ManualClock": "transport.clock",
    "MemoryStore": "verification.memory",
    "Method": "models.method",
    "NativeTransport": "transport.native",
    "NeroTechClient": "client.nerotech",
    "NoChannelLeft": "errors",
    "NotSent": "errors",
    "NumberBlocked": "errors",
    "NumberInvalid": "errors",
    "NumberLease": "models.lease",
    "NumberRejected": "errors",
    "Outcome": "models.outcome",
    "Pending": "models.outcome",
    "PhoneNumber": "models.phone",
    "Pin": "models.pin",
    "PinChallenge": "models.challenge",
    "PlacedCall": "models.call",
    "PollSchedule": "protocol.schedule",
    "ProtocolError": "errors",
    "ProviderError": "errors",
    "ProviderUnavailable": "errors",
    "RateLimited": "errors",
    "Rejected": "models.outcome",
    "Replay": "protocol.message",
    "Request": "protocol.message",
    "RequestSettled": "client.events",
    "Response": "protocol.message",
    "RetryPolicy": "protocol.retry",
    "RetryScheduled": "client.events",
    "ReverseCall": "verification.channels",
    "RingLocked": "errors",
    "SQLiteStore": "stores",
    "Sandbox": "sandbox",
    "ScriptedTransport": "transport.scripted",
    "Secret": "models.secret",
    "StoreError": "errors",
    "SuspiciousAnswer": "client.events",
    "SystemClock": "transport.clock",
    "TelefonIPClient": "client.telefonip",
    "TestModeRefused": "errors",
    "TooManyAttempts": "errors",
    "Transport": "transport.port",
    "TransportError": "errors",
    "Unknown": "models.outcome",
    "VerificationError": "errors",
    "VerificationPolicy": "verification.policy",
    "Verifier": "verification.verifier",
    "VoiceCall": "models.call",
    "VoiceOtp": "verification.channels",
    "WebhookHint": "models.hint",
    "parse_webhook": "protocol.telefonip",
}


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


# A type checker that saw this would believe in any name.
if not typing.TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)
        # The next use finds it without asking here.
        globals()[name] = value
        return value
