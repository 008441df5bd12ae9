"""What a client tells its hooks: typed events that are safe to log.

A hook is a plain function called in the client's loop; it must not block. What it
raises is logged by its type and goes no further, since a broken hook must not lose the
answer of a phone that rings.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Generic, TypeAlias, TypeVar

from attrs import frozen

from ..errors import CallAuthError, ConfigurationError
from ..models.call import PlacedCall, VoiceCall
from ..models.lease import NumberLease
from ..models.phone import PhoneNumber

E = TypeVar("E")

_LOG = logging.getLogger("callauth")


@frozen(kw_only=True)
class RequestSettled:
    """One operation has ended, after all its tries; ``error`` is None after a reply."""

    provider: str
    operation: str
    tries: int
    seconds: float
    error: CallAuthError | None = None


@frozen(kw_only=True)
class RetryScheduled:
    """A try failed and the next one comes after ``wait_seconds``."""

    provider: str
    operation: str
    tries: int
    reason: str
    wait_seconds: float


@frozen(kw_only=True)
class CallSettled:
    """A call was placed or a number leased, or that failed.

    It comes even when the caller was cancelled meanwhile: a phone may ring, and
    ``result`` holds its pin.
    """

    provider: str
    operation: str
    phone: PhoneNumber
    started_at: datetime
    result: VoiceCall | PlacedCall | NumberLease | None = None
    error: CallAuthError | None = None


@frozen(kw_only=True)
class BreakerOpened:
    """The provider failed again and again and is left alone for ``seconds``."""

    provider: str
    seconds: float


@frozen(kw_only=True)
class BreakerClosed:
    """The provider works again."""

    provider: str


@frozen(kw_only=True)
class ContractWarning:
    """An answer broke the contract in a way that could be mended."""

    provider: str
    operation: str
    clause: str


@frozen(kw_only=True)
class SuspiciousAnswer:
    """An answer fits an attack or a call of an earlier attempt; nobody was verified."""

    provider: str
    operation: str
    phone: PhoneNumber
    clause: str


Event: TypeAlias = (
    RequestSettled
    | RetryScheduled
    | CallSettled
    | BreakerOpened
    | BreakerClosed
    | ContractWarning
    | SuspiciousAnswer
)
Hook: TypeAlias = Callable[[Event], object]


def _log(event: object) -> None:
    _LOG.debug("%s", event)


class Hooks(Generic[E]):
    """Call every hook with every event."""

    def __init__(self, hooks: Iterable[Callable[[E], object]]) -> None:
        self._hooks: tuple[Callable[[E], object], ...] = (_log,)
        for hook in hooks:
            self.add(hook)

    def add(self, hook: Callable[[E], object]) -> Callable[[], None]:
        """Call this one, too, from now on; return what ends that."""
        if not callable(hook) or inspect.iscoroutinefunction(hook):
            raise ConfigurationError("expected hooks that are plain functions")
        self._hooks = (*self._hooks, hook)
        return partial(self._remove, hook)

    def _remove(self, hook: Callable[[E], object]) -> None:
        # The same hook may have been added twice, by two who do not know each other.
        hooks = list(self._hooks)
        if hook in hooks:
            hooks.remove(hook)
        self._hooks = tuple(hooks)

    def emit(self, event: E) -> None:
        """Hand the event to the log and to every hook."""
        for hook in self._hooks:
            try:
                hook(event)
            # A cancelled future that a hook looks at must not cancel our work, either.
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001
                # Its text is not ours and may hold what the hook revealed.
                _LOG.error("hook failed: %s", type(error).__name__)
