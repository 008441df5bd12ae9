"""Verify a phone number by a call, with NeroTech, Telefon-IP and CallPass."""

from __future__ import annotations

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
    AuthenticationFailed,
    CallAuthError,
    CallInProgress,
    ConfigurationError,
    InsufficientFunds,
    InvalidPhoneNumber,
    NotSent,
    NumberBlocked,
    NumberInvalid,
    NumberRejected,
    ProtocolError,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    TestModeRefused,
    TransportError,
)
from .models.call import PlacedCall, VoiceCall
from .models.cause import HangupCause
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
from .transport.clock import ManualClock, SystemClock
from .transport.httpx import HttpxTransport
from .transport.port import Clock, Transport
from .transport.scripted import ScriptedTransport

__all__ = [
    "AnswerLost",
    "AuthenticationFailed",
    "BreakerClosed",
    "BreakerOpened",
    "CallAuthError",
    "CallInProgress",
    "CallPassClient",
    "CallSettled",
    "Clock",
    "ConfigurationError",
    "Confirmed",
    "ContractWarning",
    "Event",
    "Expired",
    "HangupCause",
    "Hook",
    "HttpxTransport",
    "IdempotencyKey",
    "InsufficientFunds",
    "InvalidPhoneNumber",
    "ManualClock",
    "Method",
    "NeroTechClient",
    "NotSent",
    "NumberBlocked",
    "NumberInvalid",
    "NumberLease",
    "NumberRejected",
    "Outcome",
    "Pending",
    "PhoneNumber",
    "Pin",
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
    "Sandbox",
    "ScriptedTransport",
    "Secret",
    "SuspiciousAnswer",
    "SystemClock",
    "TelefonIPClient",
    "TestModeRefused",
    "Transport",
    "TransportError",
    "Unknown",
    "VoiceCall",
    "WebhookHint",
    "parse_webhook",
]
