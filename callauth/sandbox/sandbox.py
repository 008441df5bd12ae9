"""Sandbox: a make-believe telephone network and three providers on one clock.

Two doors lead in, one in process and one over HTTP, and both end at ``deliver``. It
decides at once what becomes of a request and returns it; the doors then only wait and
pass bytes. So two runs with the same seed and a clock turned by hand are identical.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from ..transport.clock import SystemClock
from ..transport.port import Clock
from .agenda import Agenda
from .callpass import CallPass
from .control import Control
from .faults import Faults
from .http import Abort, SandboxApp
from .ledger import Ledger
from .nerotech import NeroTech
from .network import Network
from .telefonip import TelefonIP
from .transport import SandboxTransport
from .visit import Answered, Delivery, Provider, Target, Unanswered, Visit
from .webhook import HttpSender, Sender, Webhooks
from .wire import Arrival, html_reply


class Sandbox:
    """Hold the telephone network, the providers, the faults and the ledger.

    ``seed`` fixes every code, number and id that is drawn. ``webhook_sender`` fetches
    the URL of a webhook and returns the status; without it webhooks go over HTTP.
    Close it with ``aclose`` or use it as an async context manager.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        seed: int = 0,
        webhook_sender: Sender | None = None,
    ) -> None:
        self.clock: Clock = SystemClock() if clock is None else clock
        self.ledger = Ledger(self.clock)
        self.faults = Faults()
        self._agenda = Agenda(self.clock)
        self.network = Network(self.ledger, self._agenda)
        self._http_sender = HttpSender()
        self._webhooks = Webhooks(
            clock=self.clock,
            ledger=self.ledger,
            agenda=self._agenda,
            faults=self.faults,
            sender=webhook_sender or self._http_sender,
        )
        self.nerotech = NeroTech(
            ledger=self.ledger, network=self.network, seed=f"nerotech {seed}"
        )
        self.telefonip = TelefonIP(
            ledger=self.ledger,
            network=self.network,
            webhooks=self._webhooks,
            seed=f"telefonip {seed}",
        )
        self.callpass = CallPass(
            ledger=self.ledger, network=self.network, seed=f"callpass {seed}"
        )
        self._providers: tuple[Provider, ...] = (
            self.nerotech,
            self.telefonip,
            self.callpass,
        )
        self._control = Control(
            network=self.network,
            ledger=self.ledger,
            faults=self.faults,
            reset=self.reset,
        )
        self._closed = False

    def transport(self) -> SandboxTransport:
        """Return a new transport into this sandbox; any host in a URL leads here."""
        return SandboxTransport(
            deliver=self.deliver, agenda=self._agenda, clock=self.clock
        )

    def asgi(self, *, abort: Abort | None = None) -> SandboxApp:
        """Return an ASGI 3 application into this sandbox.

        ``abort`` drops the connection of a scope, where the server can do that.
        """
        return SandboxApp(
            deliver=self.deliver, agenda=self._agenda, clock=self.clock, abort=abort
        )

    def deliver(self, arrival: Arrival) -> Delivery:
        """Decide what becomes of one request, with all its effects.

        A closed sandbox refuses every connection.
        """
        if self._closed:
            return Unanswered.REFUSED
        reply = self._control.answer(arrival)
        if reply is not None:
            return Answered(reply=reply)
        for provider in self._providers:
            target = provider.target(arrival)
            if target is not None:
                return self._visit(provider, target, arrival)
        return Answered(reply=html_reply("404 Not Found", status=404))

    def reset(self) -> None:
        """Forget all that happened, how people behave and what is to go wrong.

        The providers' settings stay as they are.
        """
        self._agenda.clear()
        self.ledger.clear()
        self.network.clear()
        self.faults.clear()
        for provider in self._providers:
            provider.forget()

    def close(self) -> None:
        """Call off everything, where nobody can wait for its end as ``aclose`` does.

        Connections of webhooks that went over HTTP stay open. Raises what went wrong in
        the background.
        """
        self._closed = True
        self._agenda.close()

    async def aclose(self) -> None:
        """Call off everything and wait for its end; calling it again does nothing."""
        self._closed = True
        try:
            await self._agenda.aclose()
        finally:
            await self._http_sender.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _visit(self, provider: Provider, target: Target, arrival: Arrival) -> Delivery:
        visit = Visit(
            provider=provider, target=target, arrival=arrival, ledger=self.ledger
        )
        fault = self.faults.of_request(target.provider, target.operation, target.phone)
        return visit.process() if fault is None else fault.meet(visit)
