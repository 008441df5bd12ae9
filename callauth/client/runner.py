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

from attrs import define

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
from ..protocol.message import Operation, Replay
from ..protocol.retry import (
    NO_TRIES,
    Happened,
    RetryPolicy,
    Tries,
    count,
    wait_seconds,
    what_happened,
)
from ..transport.clock import within
from ..transport.port import Clock, Transport
from .backstop import Backstop
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
from .telemetry import without_spans

T = TypeVar("T")
Failure: TypeAlias = ProviderError | ProtocolError | TransportError

# The transport, which keeps the time-out itself, knows better what became of a request.
_BACKSTOP_SECONDS = 0.05
# Python 3.11 takes 0.09 µs to look up a member of an Enum.
_ALIVE, _NEUTRAL, _UNSENT_ONLY = Verdict.ALIVE, Verdict.NEUTRAL, Replay.UNSENT_ONLY
_NEVER_RANG = (NumberRejected, ProviderUnavailable)


@define(kw_only=True)
class Settled(Generic[T]):
    """Hold how an operation ended: a reply, or the error that came instead.

    ``sent_at`` and ``sent_monotonic`` are when the try began that was answered. The
    runner fills it in as it goes: one value for each step took 2 µs more.
    """

    sent_at: datetime
    sent_monotonic: float
    is_admitted: bool = True
    reply: T | None = None
    error: Failure | None = None
    tries: Tries = NO_TRIES

    def unwrap(self) -> T:
        """Return the reply or raise the error."""
        if self.error is not None:
            raise self.error
        return self.reply  # type: ignore[return-value] # no error: T, which may be None


class Runner:
    """Send operations to one provider."""

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        retry: RetryPolicy,
        hooks: Hooks[Event],
    ) -> None:
        self._send = without_spans(transport.send)
        self._clock = clock
        self._retry = retry
        self._hooks = hooks
        self._breaker = Breaker()
        self._budget = RetryBudget()
        self._backstop = Backstop(clock)
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
        tries = NO_TRIES
        now = self._clock.monotonic()
        until, has_turn = now + within_seconds, True
        if self.pace is not None:
            has_turn = await self._take_turn(operation, tries, until)
            now = self._clock.monotonic()
        started = now
        allowed = operation.deadline_seconds or self._retry.deadline_seconds
        deadline = min(started + allowed, until)
        if not has_turn or now >= deadline:
            return self._left_out(operation, started)
        while True:
            settled = await self._try(operation, now, deadline)
            error = settled.error
            if error is None:
                settled.tries = tries = count(tries, None)
                if tries.made == 1:
                    self._budget.give()
                break
            happened = what_happened(error)
            settled.tries = tries = count(tries, happened)
            if only_once:
                break
            wait = self._wait(operation, settled, happened, deadline)
            if wait is None:
                break
            self._announce(operation, tries, happened, wait)
            await self._clock.sleep(wait)
            has_turn = await self._take_turn(operation, tries, deadline)
            # The pause itself may have lasted longer, in a machine that was suspended.
            now = self._clock.monotonic()
            if self.is_closing or now >= deadline or not has_turn:
                break
        if error is not None:
            settled.error = _honest(operation, error, tries)
        self._report(operation, settled, started)
        return settled

    async def _take_turn(
        self, operation: Operation[T], tries: Tries, until: float
    ) -> bool:
        if self.pace is None:
            return True
        # What may have happened already is brought to its end, whoever stops.
        turn = self.pace.turns(operation.replay).turn(is_late=tries.lost > 0)
        if until == math.inf:
            return await turn
        try:
            return await within(self._clock, until - self._clock.monotonic(), turn)
        except TimeoutError:
            return False

    def _left_out(self, operation: Operation[T], started: float) -> Settled[T]:
        settled: Settled[T] = Settled(
            sent_at=aware(self._clock.now()), sent_monotonic=started
        )
        settled.error = NotSent(
            operation.provider, operation.name, "not tried any more", is_ours=True
        )
        self._report(operation, settled, started)
        return settled

    async def _try(
        self, operation: Operation[T], now: float, deadline: float
    ) -> Settled[T]:
        attempt: Settled[T] = Settled(
            sent_at=aware(self._clock.now()), sent_monotonic=now
        )
        admitted = self._breaker.admit(now)
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
        left = deadline - now
        # What may not be sent again gets all the time there is for its one answer.
        is_only_try = operation.replay is _UNSENT_ONLY
        seconds = left if is_only_try else min(left, self._retry.try_seconds)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - every coroutine runs in one
        self._backstop.begin(task, now + seconds + _BACKSTOP_SECONDS)
        verdict = _NEUTRAL
        try:
            try:
                response = await self._send(operation.request, timeout_seconds=seconds)
            finally:
                timed_out = self._backstop.end(task)
            attempt.reply = operation.read(response)
            verdict = _ALIVE
        except asyncio.CancelledError:
            if task.cancelling():
                raise
            # Otherwise something of the transport was cancelled, not this task.
            attempt.error = AnswerLost(
                operation.provider,
                operation.name,
                "no answer in time",
                timed_out=timed_out,
            )
            verdict = Verdict.FAILED
        except (ProviderError, ProtocolError, TransportError) as error:
            attempt.error = error.bare()
            verdict = _verdict(error)
        except Exception as error:  # noqa: BLE001 - of a transport that is not ours
            # Its text may hold the URL, and the request may have left.
            clause = f"{type(error).__name__} out of the transport"
            attempt.error = AnswerLost(operation.provider, operation.name, clause)
            verdict = Verdict.FAILED
        finally:
            # To record nearly every success, which changes nothing, takes 0.25 µs.
            if verdict is not _ALIVE or not self._breaker.is_untroubled:
                self._record(operation, admitted, verdict)
        if self.pace is not None and _is_too_much(attempt.error):
            self.pace.turns(operation.replay).slow_down()
        return attempt

    def _wait(
        self,
        operation: Operation[T],
        attempt: Settled[T],
        happened: Happened,
        deadline: float,
    ) -> float | None:
        if self.is_closing or not attempt.is_admitted:
            return None
        key = operation.key
        wait = wait_seconds(
            self._retry,
            replay=operation.replay,
            happened=happened,
            tries=attempt.tries,
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

    def _record(
        self, operation: Operation[T], admitted: Admitted, verdict: Verdict
    ) -> None:
        provider = operation.provider
        if not self._breaker.record(admitted, verdict, self._clock.monotonic()):
            return
        if self._breaker.is_closed:
            self._hooks.emit(BreakerClosed(provider=provider))
        else:
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
        # To make the event takes 0.9 µs.
        if not self._hooks.are_heard:
            return
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


def _honest(operation: Operation[T], error: Failure, tries: Tries) -> Failure:
    """Return the error of all tries together: one lost answer outlives what follows."""
    if not tries.lost:
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
