"""Webhooks: the messages that Telefon-IP sends when a call came in.

The address is the application's own and holds a secret in its path, so it is neither
logged nor kept: the ledger notes the kind of a failure only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import httpx
from attrs import field, frozen

from ..models.phone import PhoneNumber
from ..transport.port import Clock
from .agenda import Agenda
from .entries import WebhookSent
from .faults import Faults, LateWebhook, LostWebhook, RepeatedWebhook
from .ledger import Ledger

Sender: TypeAlias = Callable[[str], Awaitable[int]]
"""Fetches a URL and returns the status; raises OSError or httpx.HTTPError."""

_TIMEOUT_SECONDS = 10.0


@frozen(kw_only=True)
class Webhook:
    """Hold one message that is to be sent."""

    url: str = field(repr=False)
    phone: PhoneNumber
    lease_id: int

    def full_url(self, id_digits: int) -> str:
        """Return the address with what Telefon-IP appends to it."""
        phone = self.phone.national if self.phone.is_plus_7 else self.phone.msisdn
        number = f"{self.lease_id:0{id_digits}}"
        return f"{self.url}?success=True&phone={phone}&id={number}"


class Webhooks:
    """Send webhooks in the background, with the faults that are planned for them."""

    def __init__(
        self,
        *,
        clock: Clock,
        ledger: Ledger,
        agenda: Agenda,
        faults: Faults,
        sender: Sender,
    ) -> None:
        self._clock = clock
        self._ledger = ledger
        self._agenda = agenda
        self._faults = faults
        self._sender = sender

    def send(self, webhook: Webhook, *, id_digits: int, after_seconds: float) -> None:
        """Send it some seconds from now; a failure goes to the ledger only."""
        fault = self._faults.of_webhook(webhook.phone)
        if isinstance(fault, LostWebhook):
            self._note(webhook, status=None, failure="lost")
            return
        if isinstance(fault, LateWebhook):
            after_seconds += fault.seconds
        times = fault.times if isinstance(fault, RepeatedWebhook) else 1
        url = webhook.full_url(id_digits)
        for _ in range(times):
            self._agenda.start(self._deliver(webhook, url, after_seconds))

    async def _deliver(self, webhook: Webhook, url: str, after_seconds: float) -> None:
        if after_seconds:
            await self._clock.sleep(after_seconds)
        try:
            status = await self._sender(url)
        except (OSError, httpx.HTTPError, httpx.InvalidURL) as error:
            self._note(webhook, status=None, failure=type(error).__name__)
            return
        self._note(webhook, status=status, failure="")

    def _note(self, webhook: Webhook, *, status: int | None, failure: str) -> None:
        self._ledger.write(
            WebhookSent(
                **self._ledger.stamp(),
                provider="telefonip",
                phone=webhook.phone,
                lease_id=webhook.lease_id,
                status=status,
                failure=failure,
            )
        )


class HttpSender:
    """Send webhooks over HTTP, below httpx's client, which would log their URLs."""

    def __init__(self) -> None:
        self._transport: httpx.AsyncHTTPTransport | None = None

    async def __call__(self, url: str) -> int:
        """Fetch the URL within 10 seconds and return the status.

        Raises OSError, httpx.HTTPError or httpx.InvalidURL.
        """
        if self._transport is None:
            self._transport = httpx.AsyncHTTPTransport(trust_env=False)
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            request = httpx.Request("GET", url)
            response = await self._transport.handle_async_request(request)
            await response.aclose()
        return response.status_code

    async def aclose(self) -> None:
        """Close the connections; calling it again does nothing."""
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()
