"""ScriptedTransport: answers from a list, for tests."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TypeAlias

from ..errors import AnswerLost, NotSent
from ..protocol.message import Request, Response

Step: TypeAlias = Response | type[NotSent] | type[AnswerLost]


class ScriptedTransport:
    """Give the scripted answers one after another and keep what was asked.

    A step is a ``Response``, or ``NotSent`` or ``AnswerLost`` to be raised. A request
    beyond the end of the script is NotSent.

    >>> transport = ScriptedTransport([Response(status=200, body=b"{}"), AnswerLost])
    >>> transport.requests
    []
    """

    def __init__(self, steps: Iterable[Step] = ()) -> None:
        self.requests: list[Request] = []
        self.closed = False
        self._steps = deque(steps)

    def add(self, *steps: Step) -> None:
        """Put more answers at the end of the script."""
        self._steps.extend(steps)

    async def send(self, request: Request, *, timeout_seconds: float) -> Response:
        """Return the next answer of the script, or raise it, without any delay."""
        del timeout_seconds
        self.requests.append(request)
        step = self._steps.popleft() if self._steps else NotSent
        if isinstance(step, Response):
            return step
        raise step(request.provider, request.operation, "scripted")

    async def aclose(self) -> None:
        """Note that it was closed."""
        self.closed = True
