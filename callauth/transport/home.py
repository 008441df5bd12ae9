"""Home: the event loop of a transport.

Connections of one loop can never answer in another one: at best there is an error, at
worst a request leaves and nobody hears the answer.
"""

from __future__ import annotations

import asyncio
from threading import get_ident

from ..errors import NotSent
from ..protocol.message import Request


class Home:
    """Know the event loop in which it was first asked, and keep requests in it.

    One that ``is_anywhere`` lets them leave in any loop.
    """

    def __init__(self, *, is_anywhere: bool = False) -> None:
        self._is_anywhere = is_anywhere
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0

    def loop(self) -> asyncio.AbstractEventLoop | None:
        """Return that loop, None while another one runs."""
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
            self._thread = get_ident()
            return loop
        # A thread runs one loop at a time. To ask asyncio is a system call in 3.11.
        is_here = loop.is_running() and self._thread == get_ident()
        return loop if is_here else None

    def refusal(
        self, request: Request, *, timeout_seconds: float, is_closed: bool
    ) -> NotSent | None:
        """Return why the request cannot leave here and now, None when it can."""
        has_time = timeout_seconds > 0
        if not has_time:
            clause = "no time was left"
        elif is_closed:
            clause = "the transport is closed"
        elif not self._is_anywhere and self.loop() is None:
            clause = "the transport belongs to another loop"
        else:
            return None
        return NotSent(
            request.provider,
            request.operation,
            clause,
            timed_out=not has_time,
            is_ours=True,
        )
