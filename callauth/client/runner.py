"""Runner: sends one operation, with all its tries, under one deadline.

It fetches, asks the pure rules of ``protocol.retry`` what to do, and does it. One
runner, with its breaker and its budget, serves one client.
"""

from __future__ import annotations

import asyncio
import math
import random
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar

import anyio
from attrs import define, frozen

from ..errors import (
    AnswerLost,
    CallInProgress,
    NotSent,
    NumberRejected,
    ProtocolError,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    TransportError,
)
from ..models.instant import aware
from ..protocol.message import Operation, Replay, Response
from ..protocol.retry import (
    Happened,
    RetryPolicy,
    Tries,
    count,
    wait_seconds,
    what_happened,
)
from ..transport.port import Clock, Transport
from .breaker import Admitted, Breaker, Refused, Verdict
from .budget import RetryBudget
from .events import (
    BreakerClosed,
    BreakerOpened,
    Event,
    Hooks,
    RequestSettled,
    RetryScheduled,
)
from .pace import Pace
from .telemetry import uninstrumented

T = TypeVar("T")
Failure: TypeAlias = ProviderError | ProtocolError | TransportError

# A transport keeps the time-out itself and knows then whether a byte left; this is for
# one that does not.
_BACKSTOP_SECONDS = 0.05
_NEVER_RANG = (NumberRejected, ProviderUnavailable)


@frozen(kw_only=True)
class Settled(Generic[T]):
    """Hold how an operation ended: a reply, or the error that came instead.

    ``sent_at`` and ``sent_monotonic`` are when the try began that was answered.
    """

    reply: T | None
    error: Failure | None
    tries: Tries
    sent_at: datetime
    sent_monotonic: float

    def unwrap(self) -> T:
        """Return the reply or raise the error."""
        if self.error is not None:
            raise self.error
        return self.reply  # type: ignore[return-value] # no error: T, which may be None


@define
class _Try(Generic[T]):
    sent_at: datetime
    sent_monotonic: float
    reply: T | None = None
    error: Failure | None = None
    is_admitted: bool = True


class Runner:
    """Send operations to one provider."""

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        retry: RetryPolicy,
        hooks: Hooks[Event],
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._retry = retry
        self._hooks = hooks
        self._breaker = Breaker()
        self._budget = RetryBudget()
        self.is_closing = False
        self.pace: Pace | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the breaker would let a request go now."""
        return self._breaker.would_admit(self._clock.monotonic())

    async def settle(
        self,
        operation: Operation[T],
        *,
        only_once: bool = False,
        within_seconds: float = math.inf,
    ) -> Settled[T]:
        """Return how the operation ended.

        ``only_once`` leaves out every retry, ``within_seconds`` shortens the deadline.
        """
        tries = Tries()
        has_turn = await self._take_turn(operation, tries)
        started = self._clock.monotonic()
        allowed = operation.deadline_seconds or self._retry.deadline_seconds
        deadline = started + min(allowed, within_seconds)
        if not has_turn:
            return self._left_out(operation, started)
        while True:
            attempt = await self._try(operation, deadline)
            happened = None if attempt.error is None else what_happened(attempt.error)
            tries = count(tries, happened)
            if happened is None or only_once:
                break
            wait = self._wait(operation, attempt, happened, tries, deadline)
            if wait is None:
                break
            self._announce(operation, tries, happened, wait)
            await self._clock.sleep(wait)
            has_turn = await self._take_turn(operation, tries)
            # The pause itself may have lasted longer, in a machine that was suspended.
            is_late = self._clock.monotonic() >= deadline
            if is_late or self.is_closing or not has_turn:
                break
        if happened is None and tries.made == 1:
            self._budget.give()
        settled = _settled(operation, attempt, tries)
        self._report(operation, settled, started)
        return settled

    async def run(self, operation: Operation[T]) -> T:
        """Return the reply or raise what came instead."""
        return (await self.settle(operation)).unwrap()

    async def _take_turn(self, operation: Operation[T], tries: Tries) -> bool:
        if self.pace is None:
            return True
        # What may have happened already is brought to its end, whoever stops.
        return await self.pace.turns(operation.replay).turn(is_late=tries.lost > 0)

    def _left_out(self, operation: Operation[T], started: float) -> Settled[T]:
        error = NotSent(
            operation.provider, operation.name, "not tried any more", is_ours=True
        )
        attempt: _Try[T] = _Try(aware(self._clock.now()), started, error=error)
        settled = _settled(operation, attempt, Tries())
        self._report(operation, settled, started)
        return settled

    async def _try(self, operation: Operation[T], deadline: float) -> _Try[T]:
        attempt: _Try[T] = _Try(aware(self._clock.now()), self._clock.monotonic())
        admitted = self._breaker.admit(attempt.sent_monotonic)
        if isinstance(admitted, Refused):
            attempt.is_admitted = False
            attempt.error = NotSent(
                operation.provider,
                operation.name,
                "not tried while the provider fails",
                is_ours=True,
                retry_after=admitted.wait_seconds,
            )
            return attempt
        verdict = Verdict.NEUTRAL
        try:
            response = await self._exchange(operation, deadline)
            attempt.reply = operation.read(response)
            verdict = Verdict.ALIVE
        except (ProviderError, ProtocolError, TransportError) as error:
            attempt.error = error.bare()
            verdict = _verdict(error)
        except Exception as error:  # noqa: BLE001 - of a transport that is not ours
            # Its text may hold the URL, and the request may have left.
            clause = f"{type(error).__name__} out of the transport"
            attempt.error = AnswerLost(operation.provider, operation.name, clause)
            verdict = Verdict.FAILED
        finally:
            self._record(operation.provider, admitted, verdict)
        if self.pace is not None and _is_too_much(attempt.error):
            self.pace.turns(operation.replay).slow_down()
        return attempt

    async def _exchange(self, operation: Operation[T], deadline: float) -> Response:
        left = deadline - self._clock.monotonic()
        # What may not be sent again gets all the time there is for its one answer.
        is_only_try = operation.replay is Replay.UNSENT_ONLY
        seconds = left if is_only_try else min(left, self._retry.try_seconds)
        timed_out = True
        with anyio.CancelScope() as scope:
            alarm = self._clock.call_later(seconds + _BACKSTOP_SECONDS, scope.cancel)
            try:
                with uninstrumented():
                    return await self._transport.send(
                        operation.request, timeout_seconds=seconds
                    )
            except asyncio.CancelledError:
                if _is_cancelled():
                    raise
                # Something of the transport was cancelled, not this task.
                timed_out = False
            finally:
                alarm.cancel()
        raise AnswerLost(
            operation.provider, operation.name, "no answer in time", timed_out=timed_out
        )

    def _wait(
        self,
        operation: Operation[T],
        attempt: _Try[T],
        happened: Happened,
        tries: Tries,
        deadline: float,
    ) -> float | None:
        if self.is_closing or not attempt.is_admitted:
            return None
        key = operation.key
        wait = wait_seconds(
            self._retry,
            replay=operation.replay,
            happened=happened,
            tries=tries,
            key_age_seconds=key.age_seconds(self._clock.now()) if key else 0.0,
            time_left_seconds=(
                deadline - self._clock.monotonic() - operation.least_seconds
            ),
            retry_after_seconds=getattr(attempt.error, "retry_after", None),
            chance=random.random(),  # noqa: S311 - jitter
        )
        timed_out = getattr(attempt.error, "timed_out", False)
        if wait is None or not self._budget.take(timed_out=timed_out):
            return None
        return wait

    def _record(self, provider: str, admitted: Admitted, verdict: Verdict) -> None:
        was_closed = self._breaker.is_closed
        self._breaker.record(admitted, verdict, self._clock.monotonic())
        is_closed = self._breaker.is_closed
        if is_closed and not was_closed:
            self._hooks.emit(BreakerClosed(provider=provider))
        is_told = was_closed or (admitted.is_probe and verdict is Verdict.FAILED)
        if not is_closed and is_told:
            seconds = self._breaker.open_seconds
            self._hooks.emit(BreakerOpened(provider=provider, seconds=seconds))

    def _announce(
        self, operation: Operation[T], tries: Tries, happened: Happened, wait: float
    ) -> None:
        self._hooks.emit(
            RetryScheduled(
                provider=operation.provider,
                operation=operation.name,
                tries=tries.made,
                reason=happened.value,
                wait_seconds=wait,
            )
        )

    def _report(
        self, operation: Operation[T], settled: Settled[T], started: float
    ) -> None:
        self._hooks.emit(
            RequestSettled(
                provider=operation.provider,
                operation=operation.name,
                tries=settled.tries.made,
                seconds=self._clock.monotonic() - started,
                error=settled.error,
            )
        )


def _is_too_much(error: Failure | None) -> bool:
    # A call of the same phone says nothing about the rate.
    return isinstance(error, RateLimited) and not isinstance(error, CallInProgress)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _settled(operation: Operation[T], attempt: _Try[T], tries: Tries) -> Settled[T]:
    return Settled(
        reply=attempt.reply,
        error=_honest(operation, attempt.error, tries),
        tries=tries,
        sent_at=attempt.sent_at,
        sent_monotonic=attempt.sent_monotonic,
    )


def _honest(
    operation: Operation[T], error: Failure | None, tries: Tries
) -> Failure | None:
    """Return the error of all tries together: one lost answer outlives what follows."""
    if error is None or not tries.lost:
        return error
    happened = what_happened(error)
    is_open = happened in (Happened.NOT_SENT, Happened.IN_PROGRESS, Happened.LIMITED)
    # A refused retry of a call says nothing about the first try, unless it could not
    # have rung either: that one may have used up the balance or the limit, and a key
    # that is refused now may have been taken a moment ago.
    is_doubtful = operation.replay is Replay.KEYED and not isinstance(
        error, _NEVER_RANG
    )
    if is_open or (happened is Happened.REFUSED and is_doubtful):
        return AnswerLost(
            operation.provider, operation.name, "an earlier answer was lost"
        )
    return error


def _verdict(error: Failure) -> Verdict:
    if isinstance(error, TransportError) and error.is_ours:
        return Verdict.NEUTRAL
    if isinstance(error, ProviderUnavailable):
        return Verdict.FAILED
    happened = what_happened(error)
    if happened in (Happened.NOT_SENT, Happened.LOST):
        return Verdict.FAILED
    return Verdict.NEUTRAL if happened is Happened.LIMITED else Verdict.ALIVE
