"""Plan: what shall happen to which of the coming requests."""

from __future__ import annotations

from typing import Generic, TypeVar

from attrs import define

from ..errors import ConfigurationError
from ..models.phone import PhoneNumber
from .visit import OPERATIONS

T = TypeVar("T")


class Plan(Generic[T]):
    """Keep a list of things to come, each for the requests that it names."""

    def __init__(self) -> None:
        self._rules: list[_Rule[T]] = []

    def add(
        self,
        what: T,
        *,
        provider: str | None = None,
        operation: str | None = None,
        phone: PhoneNumber | None = None,
        times: int | None = 1,
        skip: int = 0,
    ) -> None:
        """Plan it for the next requests that match, after skipping some of them.

        None matches everything; ``times=None`` goes on for ever.

        Raises ConfigurationError for an operation or a provider that does not exist,
        and for a negative ``skip`` or less than one time.
        """
        if operation is not None and operation not in OPERATIONS:
            raise ConfigurationError("expected an operation that a provider has")
        if provider is not None and provider not in OPERATIONS.values():
            raise ConfigurationError("expected one of the three providers")
        if (
            provider is not None
            and OPERATIONS.get(operation or "", provider) != provider
        ):
            raise ConfigurationError("expected an operation of that very provider")
        if skip < 0 or (times is not None and times < 1):
            raise ConfigurationError("expected at least one time and no negative skip")
        self._rules.append(_Rule(what, provider, operation, phone, times, skip))

    def take(
        self, provider: str, operation: str, phone: PhoneNumber | None
    ) -> T | None:
        """Return what was planned for this request, None for nothing.

        The first plan that is due wins; those that skip count every match.
        """
        for rule in self._rules:
            if rule.matches(provider, operation, phone) and rule.is_due():
                self._rules = [kept for kept in self._rules if kept.times != 0]
                return rule.what
        return None

    def clear(self) -> None:
        """Plan nothing."""
        self._rules.clear()


@define(eq=False)
class _Rule(Generic[T]):
    what: T
    provider: str | None
    operation: str | None
    phone: PhoneNumber | None
    times: int | None
    skip: int

    def matches(self, provider: str, operation: str, phone: PhoneNumber | None) -> bool:
        return (
            self.provider in (None, provider)
            and self.operation in (None, operation)
            and self.phone in (None, phone)
        )

    def is_due(self) -> bool:
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True
