"""NumberLease: a service number that one person has 120 seconds to dial."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import field, frozen

from .instant import aware
from .phone import PhoneNumber

LEASE_SECONDS = 120.0
# After the end the provider is asked once more, for a call made in the last moment.
LAST_CHECK_SECONDS = 10.0
# A last check that starts later than this after its time is no longer believed.
LATE_SECONDS = 5.0
# A person who starts to dial at the very end would be too late.
_HIDDEN_SECONDS = 5.0


@frozen(kw_only=True)
class NumberLease:
    """Hold the service number leased to one user, and until when.

    ``leased_at`` is when the request was *sent*, so the lease never outlives the
    provider's. ``lease_id`` is None where the provider has no id.
    """

    number: PhoneNumber
    user: PhoneNumber
    lease_id: int | None = None
    leased_at: datetime = field(converter=aware)
    expires_at: datetime = field(converter=aware)

    @classmethod
    def from_sent_at(
        cls,
        *,
        number: PhoneNumber,
        user: PhoneNumber,
        lease_id: int | None,
        sent_at: datetime,
    ) -> NumberLease:
        """Return the lease that a request sent at that moment was answered with."""
        return cls(
            number=number,
            user=user,
            lease_id=lease_id,
            leased_at=sent_at,
            expires_at=sent_at + timedelta(seconds=LEASE_SECONDS),
        )

    @property
    def show_until(self) -> datetime:
        """When to stop showing the number: 5 seconds before it expires."""
        return self.expires_at - timedelta(seconds=_HIDDEN_SECONDS)

    @property
    def tel_uri(self) -> str:
        """The link that dials the number, made from the number alone."""
        return f"tel:{self.number.e164}"

    def seconds_left(self, now: datetime) -> float:
        """Return the seconds until the lease expires, 0 once it has.

        Raises ConfigurationError when ``now`` has no time zone.
        """
        return max(0.0, (self.expires_at - aware(now)).total_seconds())
