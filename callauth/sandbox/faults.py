"""Faults: what goes wrong on the way to a provider and back.

Each fault says two things that a client cannot tell apart from outside: whether the
request had its effect, and whether the answer arrives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from attrs import field, frozen
from attrs.validators import optional

from ..errors import ConfigurationError
from ..models.phone import PhoneNumber
from . import bounds
from .plan import Plan
from .visit import Answered, Delivery, Late, Unanswered, Visit
from .wire import Reply, html_reply


class Fault(Protocol):
    """Something that goes wrong with one request."""

    def meet(self, visit: Visit) -> Delivery:
        """Return what becomes of the request, after it did or did not take effect."""


@frozen
class Latency:
    """The answer takes so many seconds longer.

    With ``late_arrival`` it is the request that takes so long: it has its effect when
    it arrives, even if nobody waits for the answer any more.
    """

    seconds: float = field(validator=bounds.seconds)
    late_arrival: bool = field(default=False, kw_only=True, validator=bounds.truth)

    def meet(self, visit: Visit) -> Delivery:
        """Process now, or when the request arrives."""
        if self.late_arrival:
            return Late(seconds=self.seconds, arrive=visit.process)
        answered = visit.process()
        return Answered(
            reply=answered.reply, after_seconds=answered.after_seconds + self.seconds
        )


@frozen
class Refused:
    """No connection is made: nothing was sent."""

    def meet(self, visit: Visit) -> Delivery:  # noqa: ARG002 - it never gets there
        """Let nothing arrive."""
        return Unanswered.REFUSED


@frozen
class ResetBefore:
    """The request left and had no effect; the connection is dropped."""

    def meet(self, visit: Visit) -> Delivery:
        """Drop it unread."""
        visit.ignore()
        return Unanswered.RESET


@frozen
class ResetAfter:
    """The request had its effect; the connection is dropped before the answer."""

    def meet(self, visit: Visit) -> Delivery:
        """Process and say nothing."""
        visit.process()
        return Unanswered.RESET


@frozen
class CutBody:
    """The request had its effect; the answer breaks off in the middle."""

    def meet(self, visit: Visit) -> Delivery:
        """Process and break off."""
        answered = visit.process()
        return Answered(
            reply=answered.reply, after_seconds=answered.after_seconds, cut=True
        )


@frozen(kw_only=True)
class Garbage:
    """The answer is something else than what the provider meant to say."""

    body: bytes = field(default=b"\x00\xff{not json", repr=False)
    status: int = field(default=200, validator=bounds.whole(200, 599))
    processed: bool = field(default=True, validator=bounds.truth)

    def meet(self, visit: Visit) -> Delivery:
        """Process or not, and answer with the garbage."""
        after_seconds = _effect(visit, processed=self.processed)
        reply = Reply(status=self.status, body=self.body)
        return Answered(reply=reply, after_seconds=after_seconds)


@frozen(kw_only=True)
class ServerError:
    """An error page of the provider's web server."""

    status: int = field(default=502, validator=bounds.whole(500, 599))
    processed: bool = field(default=False, validator=bounds.truth)

    def meet(self, visit: Visit) -> Delivery:
        """Process or not, and answer with an error page."""
        after_seconds = _effect(visit, processed=self.processed)
        page = html_reply(f"{self.status} Server Error", status=self.status)
        return Answered(reply=page, after_seconds=after_seconds)


@frozen
class TooMany:
    """HTTP 429, with ``Retry-After`` in whole seconds or without; no effect."""

    retry_after_seconds: int | None = field(
        default=None, validator=optional(bounds.whole(0))
    )

    def meet(self, visit: Visit) -> Delivery:
        """Turn it away."""
        visit.ignore()
        headers = {}
        if self.retry_after_seconds is not None:
            headers["retry-after"] = str(self.retry_after_seconds)
        body = b'{"message": "too many requests"}'
        return Answered(reply=Reply(status=429, body=body, headers=headers))


@frozen(kw_only=True)
class Hang:
    """The connection stays open and silent until the caller gives up."""

    processed: bool = field(default=False, validator=bounds.truth)

    def meet(self, visit: Visit) -> Delivery:
        """Process or not, and keep silent."""
        _effect(visit, processed=self.processed)
        return Unanswered.SILENT


@frozen
class RepeatedWebhook:
    """The webhook comes so many times instead of once."""

    times: int = field(default=2, validator=bounds.whole(2))


@frozen
class LateWebhook:
    """The webhook comes so many seconds after the call."""

    seconds: float = field(validator=bounds.seconds)


@frozen
class LostWebhook:
    """The webhook never comes."""


WebhookFault: TypeAlias = RepeatedWebhook | LateWebhook | LostWebhook
Decide: TypeAlias = Callable[[str, str, PhoneNumber | None], Fault | None]


class Faults:
    """Plan what goes wrong.

    ``decide`` is asked first for every request, with provider, operation and phone:
    set it to inject a fault at the step of your choice. What it leaves alone goes to
    the plan. ``decide_webhook`` is the same for webhooks, with the phone that called.
    """

    def __init__(self) -> None:
        self.decide: Decide | None = None
        self.decide_webhook: Callable[[PhoneNumber], WebhookFault | None] | None = None
        self._requests: Plan[Fault] = Plan()
        self._webhooks: Plan[WebhookFault] = Plan()

    def add(
        self,
        fault: Fault | WebhookFault,
        *,
        provider: str | None = None,
        operation: str | None = None,
        phone: PhoneNumber | None = None,
        times: int | None = 1,
        skip: int = 0,
    ) -> None:
        """Plan a fault for the next requests, or webhooks, that match.

        None matches everything; ``times=None`` goes on for ever; ``skip`` lets so many
        matching ones pass first.

        Raises ConfigurationError when it could never happen.
        """
        if isinstance(fault, WebhookFault):
            if provider is not None or operation is not None:
                raise ConfigurationError("expected a webhook's fault to name none")
            self._webhooks.add(fault, phone=phone, times=times, skip=skip)
            return
        self._requests.add(
            fault,
            provider=provider,
            operation=operation,
            phone=phone,
            times=times,
            skip=skip,
        )

    def of_request(
        self, provider: str, operation: str, phone: PhoneNumber | None
    ) -> Fault | None:
        """Return what goes wrong with this request, None for nothing."""
        fault = None
        if self.decide is not None:
            fault = self.decide(provider, operation, phone)
        return fault or self._requests.take(provider, operation, phone)

    def of_webhook(self, phone: PhoneNumber) -> WebhookFault | None:
        """Return what goes wrong with this webhook, None for nothing."""
        fault = None
        if self.decide_webhook is not None:
            fault = self.decide_webhook(phone)
        return fault or self._webhooks.take("telefonip", "webhook", phone)

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self.decide = None
        self.decide_webhook = None
        self._requests.clear()
        self._webhooks.clear()


def _effect(visit: Visit, *, processed: bool) -> float:
    if processed:
        return visit.process().after_seconds
    visit.ignore()
    return 0.0
