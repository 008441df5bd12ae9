"""Line: what every client stands on, opened and closed together."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any, TypeVar

from attrs import evolve

from ..models.call import PlacedCall, VoiceCall
from ..models.lease import NumberLease
from ..models.phone import PhoneNumber
from ..protocol.message import Operation
from ..protocol.retry import RetryPolicy
from ..protocol.schedule import PollSchedule
from ..transport.clock import SystemClock
from ..transport.httpx import HttpxTransport
from ..transport.port import Clock, Transport
from .events import CallSettled, Hook, Hooks
from .poller import Poller
from .runner import Runner, Settled
from .tasks import Tasks

T = TypeVar("T")
Placed = TypeVar("Placed", bound=VoiceCall | PlacedCall | NumberLease)


class Line:
    """Hold the transport, runner, poller and tasks of one provider's client.

    A transport that was given stays its owner's to close.
    """

    def __init__(
        self,
        provider: str,
        *,
        transport: Transport | None,
        retry: RetryPolicy | None,
        poll: PollSchedule | None,
        hooks: Iterable[Hook],
        clock: Clock | None,
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self.hooks = Hooks(hooks)
        self._own_transport = HttpxTransport() if transport is None else None
        port: Transport = transport or self._own_transport or HttpxTransport()
        self.runner = Runner(port, self.clock, retry or RetryPolicy(), self.hooks)
        self._tasks = Tasks(provider)
        self.poller = Poller(self.clock, poll or PollSchedule(), self._tasks)

    async def run(
        self, operation: str, work: Callable[[], Coroutine[Any, Any, T]]
    ) -> T:
        """Return what the work returns; it goes on when the caller is cancelled."""
        return await self._tasks.run(operation, work)

    async def ask(self, operation: Operation[T]) -> T:
        """Return the reply to one operation."""
        return await self.run(operation.name, partial(self.runner.run, operation))

    async def place(
        self,
        operation: Operation[T],
        phone: PhoneNumber,
        make: Callable[[Settled[T]], Placed],
    ) -> Placed:
        """Return what the reply to a call or lease makes, and tell the hooks of it."""
        return await self.run(
            operation.name, partial(self._place, operation, phone, make)
        )

    def require_open(self) -> None:
        """Raise ConfigurationError once the client is closed."""
        self._tasks.require_open()

    async def aclose(self) -> None:
        """End the waits, let requests on the way end, close what is ours."""
        self.runner.is_closing = True
        self.poller.close()
        await self._tasks.aclose()
        if self._own_transport is not None:
            await self._own_transport.aclose()

    async def _place(
        self,
        operation: Operation[T],
        phone: PhoneNumber,
        make: Callable[[Settled[T]], Placed],
    ) -> Placed:
        settled = await self.runner.settle(operation)
        event = CallSettled(
            provider=operation.provider,
            operation=operation.name,
            phone=phone,
            sent_at=settled.sent_at,
            error=settled.error,
        )
        if settled.error is not None:
            self.hooks.emit(event)
            raise settled.error
        result = make(settled)
        self.hooks.emit(evolve(event, result=result))
        return result
