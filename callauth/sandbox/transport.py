"""SandboxTransport: the sandbox behind the clients' own port, without any socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf
from typing import TypeAlias
from urllib.parse import urlsplit

from ..errors import AnswerLost, NotSent
from ..protocol.message import Request, Response
from ..transport.port import Clock
from .agenda import Agenda
from .visit import Answered, Delivery, Late, Unanswered
from .wire import Arrival

Deliver: TypeAlias = Callable[[Arrival], Delivery]


class SandboxTransport:
    """Carry requests into a sandbox, on its clock.

    A request has its effect at one moment and its answer comes at a later one. Whoever
    is cancelled or timed out in between does not undo the effect, as on a real wire.
    """

    def __init__(self, *, deliver: Deliver, agenda: Agenda, clock: Clock) -> None:
        self._deliver = deliver
        self._agenda = agenda
        self._clock = clock
        self._closed = False

    async def send(self, request: Request, *, timeout_seconds: float) -> Response:
        """Return the sandbox's answer, whatever its status.

        An answer that is due at the very moment of the time-out comes too late.

        Raises NotSent when certainly no byte left, AnswerLost in every other case.
        """
        if self._closed:
            raise NotSent(
                request.provider, request.operation, "the transport is closed"
            )
        if timeout_seconds <= 0:
            raise NotSent(request.provider, request.operation, "no time was left")
        # A real transport suspends before the first byte leaves and before the answer
        # is back: whoever cancels must be able to hit either side of the effect.
        await asyncio.sleep(0)
        delivery = self._deliver(_arrival(request))
        await asyncio.sleep(0)
        return await self._receive(request, delivery, timeout_seconds)

    async def aclose(self) -> None:
        """Refuse everything from now on; the sandbox itself stays open."""
        self._closed = True

    async def _receive(
        self, request: Request, delivery: Delivery, left_seconds: float
    ) -> Response:
        match delivery:
            case Late():
                answered = await self._arrive(request, delivery, left_seconds)
                left_seconds -= delivery.seconds
                return await self._answer(request, answered, left_seconds)
            case Answered():
                return await self._answer(request, delivery, left_seconds)
            case Unanswered.REFUSED:
                raise NotSent(
                    request.provider, request.operation, "the connection was refused"
                )
            case Unanswered.SILENT:
                await self._wait(request, inf, left_seconds)
        raise AnswerLost(
            request.provider, request.operation, "the connection was reset"
        )

    async def _arrive(
        self, request: Request, late: Late, left_seconds: float
    ) -> Answered:
        answers = self._agenda.promise(late.seconds, late.arrive)
        await self._wait(request, late.seconds, left_seconds)
        if not answers:
            raise AnswerLost(request.provider, request.operation, "the sandbox closed")
        return answers[0]

    async def _answer(
        self, request: Request, answered: Answered, left_seconds: float
    ) -> Response:
        await self._wait(request, answered.after_seconds, left_seconds)
        if answered.cut:
            raise AnswerLost(
                request.provider, request.operation, "the answer was cut short"
            )
        reply = answered.reply
        return Response(
            status=reply.status, headers=reply.all_headers(), body=reply.body
        )

    async def _wait(
        self, request: Request, seconds: float, left_seconds: float
    ) -> None:
        if seconds >= left_seconds:
            await self._clock.sleep(left_seconds)
            raise AnswerLost(
                request.provider,
                request.operation,
                "no answer in time",
                timed_out=True,
            )
        if seconds > 0:
            await self._clock.sleep(seconds)


def _arrival(request: Request) -> Arrival:
    url = urlsplit(request.url.reveal())
    return Arrival(
        method=request.method,
        path=url.path,
        query=url.query,
        headers={name.lower(): value for name, value in request.reveal_headers()},
        body=request.reveal_body(),
    )
