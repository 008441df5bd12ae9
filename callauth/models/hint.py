"""WebhookHint: an unsigned message that says "look now"."""

from __future__ import annotations

from attrs import frozen

from .phone import PhoneNumber


@frozen(kw_only=True)
class WebhookHint:
    """Hold what an unsigned webhook claims.

    Anybody can send one, so it proves nothing: ask the provider, and believe only the
    answer.
    """

    lease_id: int
    phone: PhoneNumber
    success: bool
