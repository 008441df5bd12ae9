"""Account: the money and the calls that a customer has left with a provider."""

from __future__ import annotations

from attrs import define

from ..models.phone import PhoneNumber
from .entries import Charge
from .ledger import Ledger


@define(kw_only=True)
class Account:
    """Hold what is left; None never runs out. Money is in kopecks."""

    balance_kopecks: int | None = None
    price_kopecks: int = 100
    calls_left: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether one more call cannot be paid."""
        balance = self.balance_kopecks
        return balance is not None and balance < max(self.price_kopecks, 1)

    @property
    def calls_ended(self) -> bool:
        """Whether the package of calls is used up."""
        return self.calls_left is not None and self.calls_left <= 0

    def charge(self, ledger: Ledger, *, provider: str, phone: PhoneNumber) -> None:
        """Take the price of one call and write it down."""
        if self.balance_kopecks is not None:
            self.balance_kopecks -= self.price_kopecks
        if self.calls_left is not None:
            self.calls_left -= 1
        ledger.write(
            Charge(
                **ledger.stamp(),
                provider=provider,
                phone=phone,
                kopecks=self.price_kopecks,
            )
        )
