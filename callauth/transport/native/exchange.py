"""Exchange: one request on its way to one outcome."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

from ...protocol.message import Response

if TYPE_CHECKING:
    from ..origin import Origin
    from .connection import Connection


@frozen
class Failure:
    """Hold why there is no answer, as in ``TransportError``."""

    clause: str
    timed_out: bool = False
    is_ours: bool = False


Outcome: TypeAlias = Response | Failure


class Exchange:
    """Carry a request until it is answered, failed, or given up by its caller.

    ``is_sent`` is True from just before the first byte could leave, ``due`` is the
    moment of the loop's clock from which on none may. The first outcome counts, and
    every later one is ignored.
    """

    __slots__ = (
        "connection",
        "due",
        "is_sent",
        "loop",
        "origin",
        "outcome",
        "own",
        "written",
    )

    def __init__(
        self,
        written: bytes,
        origin: Origin,
        loop: asyncio.AbstractEventLoop,
        *,
        own: bool,
    ) -> None:
        self.written = written
        self.origin = origin
        self.loop = loop
        self.outcome: asyncio.Future[Outcome] = loop.create_future()
        self.own = own
        self.due = math.inf
        self.is_sent = False
        self.connection: Connection | None = None

    @property
    def is_over(self) -> bool:
        """Whether nobody waits for it any more."""
        return self.outcome.done()

    def settle(self, outcome: Outcome) -> None:
        """End it so, unless it has ended."""
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def expire(self) -> None:
        """End it because its time is over."""
        is_ours = self.connection is None
        clause = "no connection was free in time" if is_ours else "no answer in time"
        self.settle(Failure(clause, timed_out=True, is_ours=is_ours))
