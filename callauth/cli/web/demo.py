"""WebDemo: all of it together, served on this machine until cancelled."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from ...models.secret import Secret
from ...sandbox import Sandbox
from ...sandbox.http import Abort, App, Receive, Scope, Send
from ...transport.clock import SystemClock
from ...transport.port import Clock
from ...verification.policy import VerificationPolicy
from ..loopback import HOST, Serve
from .app import WebApp
from .flows import POLICY, Clients
from .phone import PlayedPhone


class WebDemo:
    """Hold a sandbox, its clients and Verifiers, and serve a browser from them."""

    def __init__(
        self, *, clock: Clock | None = None, policy: VerificationPolicy = POLICY
    ) -> None:
        self.clock = SystemClock() if clock is None else clock
        self.sandbox = Sandbox(clock=self.clock, seed=secrets.randbits(32))
        self._clients = Clients.of(self.sandbox, self.clock)
        self.verifiers = self._clients.verifiers(clock=self.clock, policy=policy)
        self._phone = PlayedPhone.of(self.sandbox)
        self._app: WebApp | None = None

    async def serve(
        self, serve: Serve, *, port: int, announce: Callable[[str], object]
    ) -> None:
        """Serve until cancelled; ``announce`` is told the address.

        Raises OSError when the port cannot be had.
        """

        def started(port: int) -> None:
            url = f"http://{HOST}:{port}"
            self._answer_at(url)
            announce(url)

        async with self.opened():
            await serve(self, host=HOST, port=port, on_started=started)

    def asgi(self, *, abort: Abort | None = None) -> App:
        """Return the application, which answers once the address is known."""
        del abort
        return self._answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is not None:
            await self._app(scope, receive, send)

    @asynccontextmanager
    async def opened(self, url: str | None = None) -> AsyncIterator[None]:
        """Open what it holds, to be answered at the URL if that is known."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.sandbox)
            for client in self._clients.all:
                await stack.enter_async_context(client)
            for verifier in self.verifiers.values():
                await stack.enter_async_context(verifier)
            stack.callback(self._close)
            if url is not None:
                self._answer_at(url)
            yield

    def _answer_at(self, url: str) -> None:
        self._app = WebApp(
            self.verifiers,
            self._phone,
            secret=Secret(secrets.token_hex(16)),
            public_url=url,
        )

    def _close(self) -> None:
        if self._app is not None:
            self._app.close()
