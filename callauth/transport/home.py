"""Home: the event loop of a transport.

Connections of one loop can never answer in another one: at best there is an error, at
worst a request leaves and nobody hears the answer.
"""

from __future__ import annotations

import asyncio
from threading import get_ident


class Home:
    """Know the event loop in which it was first asked."""

    def __init__(self) -> None:
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
