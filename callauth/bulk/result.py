"""BulkResult: what became of one number."""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen

from ..models.phone import PhoneNumber
from ..models.pin import Pin
from .row import Row, RowState


@frozen(kw_only=True)
class BulkResult:
    """Hold what became of one number, or of a text that is none.

    ``row`` is its number in the ledger, from 1 on, and 0 for a bad ``text``, of which
    ``phone`` is None. ``pin`` is known only to the process that placed the call: it is
    written nowhere.
    """

    row: int
    phone: PhoneNumber | None
    text: str = field(repr=False)
    state: RowState
    reason: str
    pin: Pin | None
    called_at: datetime | None
    settled_at: datetime | None

    @classmethod
    def of(cls, row: Row, pin: Pin | None = None) -> BulkResult:
        """Return the result that a row holds."""
        return cls(
            row=row.id,
            phone=row.phone,
            text=row.text,
            state=row.state,
            reason=row.reason,
            pin=pin,
            called_at=row.called_at,
            settled_at=row.settled_at,
        )

    @property
    def seconds(self) -> float | None:
        """How long it took from the call to its end, None without a call."""
        if self.called_at is None or self.settled_at is None:
            return None
        return (self.settled_at - self.called_at).total_seconds()
