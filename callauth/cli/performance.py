"""Performance: all parts of a scenario, played at once against a served sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import anyio
from attrs import define, evolve, field

from ..client.events import Event, RetryScheduled
from ..sandbox import Received, Sandbox, Typing
from .flows import Flow
from .kinds import KINDS, PROVIDERS, Client, Kind, base_url_of, flow_of, sandbox_client
from .loopback import served
from .result import result_of
from .scenario import Part
from .subscribers import PlayedPerson
from .tally import Finished

# By then everybody has typed or dialled who does at all.
_SLOWEST_SECONDS = 40.0


@define(eq=False)
class Performance:
    """Play the parts; ``finished`` grows while that goes on."""

    sandbox: Sandbox
    parts: Sequence[Part]
    finished: list[Finished] = field(factory=list, init=False)
    retries: int = field(default=0, init=False)

    async def run(self) -> None:
        """Verify every number over HTTP, each from its arrival to its result."""
        async with self._flows() as flows, anyio.create_task_group() as group:
            for part in self.parts:
                wait = part.arrives_seconds - self.sandbox.ledger.elapsed()
                await self.sandbox.clock.sleep(max(0.0, wait))
                group.start_soon(self._play, part, flows[part.kind])
        # Only now is it certain that no phone rings any more.
        self.finished = [
            evolve(ended, rings=len(self.sandbox.ledger.rings(ended.phone)))
            for ended in self.finished
        ]

    @property
    def requests(self) -> int:
        """How many requests have reached a provider."""
        return len(self.sandbox.ledger.entries(Received))

    @property
    def waiting(self) -> int:
        """How many are left who will do nothing, once all others are done."""
        last = max(part.arrives_seconds for part in self.parts)
        if self.sandbox.ledger.elapsed() < last + _SLOWEST_SECONDS:
            return 0
        return len(self.parts) - len(self.finished)

    @asynccontextmanager
    async def _flows(self) -> AsyncIterator[dict[Kind, Flow]]:
        # The server ends first, so that closing a client waits for no answer.
        async with AsyncExitStack() as stack, served(self.sandbox) as root:
            clients = {provider: self._client(provider, root) for provider in PROVIDERS}
            for client in clients.values():
                await stack.enter_async_context(client)
            clock = self.sandbox.clock
            yield {kind: flow_of(kind, clients[kind.provider], clock) for kind in KINDS}

    def _client(self, provider: str, root: str) -> Client:
        return sandbox_client(
            provider,
            base_url=base_url_of(provider, root),
            clock=self.sandbox.clock,
            hooks=[self._count],
        )

    def _count(self, event: Event) -> None:
        self.retries += isinstance(event, RetryScheduled)

    async def _play(self, part: Part, flow: Flow) -> None:
        clock = self.sandbox.clock
        person = PlayedPerson(self.sandbox, part.phone, part.typing_seconds)
        since, began = clock.now(), clock.monotonic()
        result = await result_of(flow.verify(part.phone, person), clock)
        does_right = self.sandbox.network.subscriber(part.phone).types is Typing.RIGHT
        self.finished.append(
            Finished(
                phone=part.phone,
                kind=part.kind,
                result=result,
                seconds=clock.monotonic() - began,
                rings=0,
                backed=does_right
                and self.sandbox.ledger.backs(part.phone, since=since),
            )
        )
