"""Weather: what goes wrong by chance on the way to the providers and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from random import Random
from types import MappingProxyType

from attrs import define, field, frozen

from callauth import BreakerOpened, Event, PhoneNumber
from callauth.sandbox import (
    Fault,
    Garbage,
    LateWebhook,
    LostWebhook,
    RepeatedWebhook,
    WebhookFault,
)
from tests.campaign.injection import LOSSES, OTHERS

# The balance is empty, the calls are used up; nothing is placed.
_REFUSALS = MappingProxyType(
    {
        "nerotech": (
            Garbage(body=b'{"status": false, "error": 7}', processed=False),
            Garbage(body=b'{"status": false, "error": 8}', processed=False),
        ),
        "callpass": (
            Garbage(
                body=b'{"status": "success", "message": '
                b'"balance is lower than limit for that call"}',
                processed=False,
            ),
        ),
        "telefonip": (
            Garbage(
                status=400,
                body=b'{"success": false, "error": "not enough money", "data": {}}',
                processed=False,
            ),
        ),
    }
)
_OF_WEBHOOKS = (
    RepeatedWebhook(3),
    LateWebhook(20.0),
    LateWebhook(200.0),
    LostWebhook(),
)


@frozen(kw_only=True)
class Met:
    """Hold one fault that came about."""

    elapsed: float
    operation: str
    fault: Fault

    @property
    def is_loss(self) -> bool:
        """Whether an answer was lost by it."""
        return self.fault in LOSSES


@define(eq=False)
class Weather:
    """Meet requests with faults at that rate."""

    dice: Random
    rate: float
    elapsed: Callable[[], float]
    met: dict[PhoneNumber | None, list[Met]] = field(factory=lambda: defaultdict(list))

    openings: list[tuple[float, float]] = field(factory=list)

    def told(self, event: Event) -> None:
        """Note when a provider is left alone, and until when."""
        if isinstance(event, BreakerOpened):
            now = self.elapsed()
            self.openings.append((now, now + event.seconds))

    def of_request(
        self, provider: str, operation: str, phone: PhoneNumber | None
    ) -> Fault | None:
        """Return what goes wrong with this request."""
        if self.dice.random() >= self.rate:
            return None
        kinds = (LOSSES, LOSSES, OTHERS, _REFUSALS[provider])
        fault = self.dice.choice(self.dice.choice(kinds))
        met = Met(elapsed=self.elapsed(), operation=operation, fault=fault)
        self.met[phone].append(met)
        return fault

    def of_webhook(self, phone: PhoneNumber) -> WebhookFault | None:
        """Return what goes wrong with this webhook."""
        if self.dice.random() >= self.rate:
            return None
        return self.dice.choice(_OF_WEBHOOKS)
