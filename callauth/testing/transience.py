"""Checks of a store that ends with its process."""

from __future__ import annotations

from ..models.secret import Secret
from ..verification.store import Store
from .check import (
    Checks,
    OpenStore,
    check,
    check_opening,
    expect,
    expect_false,
    expect_true,
)


class TransienceChecks(Checks):
    """Check what only such a store does."""

    @check
    async def test_the_pepper_stays_the_same(self, store: Store) -> None:
        """What was hashed with it must be found again."""
        expect_true(isinstance(store.pepper, Secret), "a store without a disk has one")
        expect(store.pepper, store.pepper, "and always the same")

    @check_opening
    async def test_every_store_has_its_own_pepper(self, open_store: OpenStore) -> None:
        """One that is known beforehand protects nothing."""
        async with open_store() as one, open_store() as other:
            expect_false(one.pepper == other.pepper, "two stores have two peppers")
            await one.aclose()
            await one.aclose()
