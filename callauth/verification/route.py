"""Route: which channels may be asked for a verification, in their order."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import ConfigurationError, NoChannelLeft
from ..models.method import Method
from .channels import Channel, method_of, rings
from .policy import VerificationPolicy


class Route:
    """Choose from the channels of one Verifier."""

    def __init__(self, channels: Sequence[Channel], policy: VerificationPolicy) -> None:
        self._channels = channels
        self._policy = policy

    def names(self, purpose: str, method: Method | None) -> Sequence[str]:
        """Return the names of the channels that may serve this purpose.

        Raises NoChannelLeft when there is none.
        """
        if method is not None and not isinstance(method, Method):
            raise ConfigurationError("expected a Method")
        names = [
            channel.name
            for channel in self._channels
            if method in (None, method_of(channel)) and self._may(channel, purpose)
        ]
        if not names:
            raise NoChannelLeft("expected a channel that the policy allows, got none")
        return names

    def methods(self, purpose: str) -> frozenset[Method]:
        """Return the methods of the channels that may serve this purpose."""
        return frozenset(
            method_of(each) for each in self._channels if self._may(each, purpose)
        )

    def _may(self, channel: Channel, purpose: str) -> bool:
        if rings(channel):
            return channel.digits >= self._policy.least_pin_digits
        return purpose not in self._policy.without_caller_id
