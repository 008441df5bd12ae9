"""How a person is verified, whatever the provider.

What an application needs is in ``callauth``. Here is what those need who write hooks,
channels for their own providers, or stores.
"""

from __future__ import annotations

from .channels import Channel, LeasesNumber, RingsPhone, Rung, TellsSuspicions
from .counters import Charge, Hit, Refusal
from .events import (
    AttemptEnded,
    AttemptStarted,
    ChallengeIssued,
    ChannelPassed,
    StartLimited,
    SuspiciousAttempt,
    VerificationEvent,
    VerificationHook,
)
from .store import Changes, Lock, Record, Store

__all__ = [
    "AttemptEnded",
    "AttemptStarted",
    "ChallengeIssued",
    "Changes",
    "Channel",
    "ChannelPassed",
    "Charge",
    "Hit",
    "LeasesNumber",
    "Lock",
    "Record",
    "Refusal",
    "RingsPhone",
    "Rung",
    "StartLimited",
    "Store",
    "SuspiciousAttempt",
    "TellsSuspicions",
    "VerificationEvent",
    "VerificationHook",
]
