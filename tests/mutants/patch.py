"""Patch: one small bug; the tests that are named with it must fail then."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class Patch:
    """Hold one bug: where it goes, and which tests are to see it."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
