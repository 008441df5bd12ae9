"""A make-believe telephone network and the three providers' server sides."""

from .account import Account
from .callpass import AllowList, BeforeEnd, CallPass, Shape
from .clock import FastClock
from .entries import (
    Charge,
    Dial,
    Entry,
    Guess,
    Lease,
    Received,
    Ring,
    Verification,
    WebhookSent,
)
from .faults import (
    CutBody,
    Fault,
    Faults,
    Garbage,
    Hang,
    Latency,
    LateWebhook,
    LostWebhook,
    Refused,
    RepeatedWebhook,
    ResetAfter,
    ResetBefore,
    ServerError,
    TooMany,
    WebhookFault,
)
from .http import SandboxApp
from .ledger import Ledger
from .nerotech import NeroTech
from .network import Network
from .sandbox import Sandbox
from .subscriber import Answer, Subscriber, Typing
from .telefonip import BeforeCall, TelefonIP
from .transport import SandboxTransport

__all__ = [
    "Account",
    "AllowList",
    "Answer",
    "BeforeCall",
    "BeforeEnd",
    "CallPass",
    "Charge",
    "CutBody",
    "Dial",
    "Entry",
    "FastClock",
    "Fault",
    "Faults",
    "Garbage",
    "Guess",
    "Hang",
    "LateWebhook",
    "Latency",
    "Lease",
    "Ledger",
    "LostWebhook",
    "NeroTech",
    "Network",
    "Received",
    "Refused",
    "RepeatedWebhook",
    "ResetAfter",
    "ResetBefore",
    "Ring",
    "Sandbox",
    "SandboxApp",
    "SandboxTransport",
    "ServerError",
    "Shape",
    "Subscriber",
    "TelefonIP",
    "TooMany",
    "Typing",
    "Verification",
    "WebhookFault",
    "WebhookSent",
]
