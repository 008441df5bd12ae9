"""Line: what every client stands on, opened and closed together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any, TypeVar

from attrs import evolve

from ..errors import AnswerLost, CallAuthError, ConfigurationError
from ..models.call import PlacedCall, VoiceCall
from ..models.instant import aware
from ..models.lease import NumberLease
from ..models.phone import PhoneNumber
from ..protocol.message import Operation
from ..protocol.retry import RetryPolicy
from ..protocol.schedule import PollSchedule
from ..transport.choice import Auto, chosen
from ..transport.clock import SystemClock
from ..transport.port import Clock, Transport
from .events import CallSettled, Event, Hook, Hooks
from .pace import Pace
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
        transport: Transport | Auto | None,
        retry: RetryPolicy | None,
        poll: PollSchedule | None,
        hooks: Iterable[Hook],
        clock: Clock | None,
    ) -> None:
        self._provider = provider
        self._closing: asyncio.Task[None] | None = None
        self.clock: Clock = clock or SystemClock()
        self.hooks: Hooks[Event] = Hooks(hooks)
        self._transport = chosen(transport)
        self._owns_transport = self._transport is not transport
        self.runner = Runner(
            self._transport, self.clock, retry or RetryPolicy(), self.hooks
        )
        self._tasks = Tasks(provider, self.clock)
        self.poller = Poller(self.clock, poll or PollSchedule(), self._tasks)

    async def run(
        self, operation: str, work: Callable[[], Coroutine[Any, Any, T]]
    ) -> T:
        """Return what the work returns; it goes on when the caller is cancelled."""
        return await self._tasks.run(operation, work)

    async def ask(self, operation: Operation[T]) -> T:
        """Return the reply to one operation."""
        work = partial(self.runner.settle, operation)
        return (await self._tasks.run(operation.name, work)).unwrap()

    async def place(
        self,
        operation: Operation[T],
        phone: PhoneNumber,
        make: Callable[[Settled[T]], Placed],
    ) -> Placed:
        """Return what the reply to a call or lease makes, and tell the hooks of it."""

        async def work() -> Placed:
            settled = await self.runner.settle(operation)
            settled.unwrap()
            return make(settled)

        return await self.lead(operation.name, phone, work)

    async def lead(
        self,
        operation: str,
        phone: PhoneNumber,
        work: Callable[[], Coroutine[Any, Any, Placed]],
    ) -> Placed:
        """Return the call or lease that the work brings, and tell the hooks of it.

        They are told however it ends, even when nobody waits for it any more.
        """
        return await self.run(operation, partial(self._lead, operation, phone, work))

    def pace_by(self, pace: Pace) -> Callable[[], None]:
        """Send no faster than that from now on; return what ends it.

        Raises ConfigurationError while another pace is kept, and once it is closed.
        """
        self.require_open()
        if self.runner.pace is not None:
            raise ConfigurationError("expected a client that keeps no other pace")
        self.runner.pace = pace
        return partial(setattr, self.runner, "pace", None)

    def require_open(self) -> None:
        """Raise ConfigurationError once the client is closed."""
        self._tasks.require_open()

    async def aclose(self) -> None:
        """End the waits, let requests on the way end, close what is ours.

        A caller who is cancelled does not stop it.
        """
        self.runner.is_closing = True
        self.poller.close()
        if self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self._close())
        # Asked again in another loop, only one that has ended can be looked at.
        if not self._closing.done():
            await asyncio.wait((self._closing,))
        self._closing.result()

    async def _close(self) -> None:
        await self._tasks.aclose()
        if self._owns_transport:
            await self._transport.aclose()

    async def _lead(
        self,
        operation: str,
        phone: PhoneNumber,
        work: Callable[[], Coroutine[Any, Any, Placed]],
    ) -> Placed:
        event = CallSettled(
            provider=self._provider,
            operation=operation,
            phone=phone,
            started_at=aware(self.clock.now()),
        )
        try:
            result = await work()
        except CallAuthError as error:
            self.hooks.emit(evolve(event, error=error.bare()))
            raise
        except Exception:  # a defect: whoever waits gets it, hooks get our own
            self._emit_lost(event, "a defect, see the exception")
            raise
        except BaseException:
            # Cancelled by aclose, or the loop is gone: nobody will tell otherwise.
            self._emit_lost(event, "the client was closed")
            raise
        self.hooks.emit(evolve(event, result=result))
        return result

    def _emit_lost(self, event: CallSettled, clause: str) -> None:
        lost = AnswerLost(event.provider, event.operation, clause)
        self.hooks.emit(evolve(event, error=lost))
