"""Work: one bulk run from its files to its exit code."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, nullcontext
from pathlib import Path

import anyio
from attrs import define, field

from ..bulk import BulkChannel, BulkRun, SQLiteLedger
from ..errors import ConfigurationError
from ..protocol.schedule import PollSchedule
from ..sandbox import FastClock, Sandbox
from ..transport.clock import SystemClock
from ..transport.port import Clock
from .bulk_channel import CHANNELS, Crowd, channel_of, in_sandbox
from .bulk_ending import STOPPED, exit_code, tell, tell_stop
from .bulk_figures import Speedometer, Terms
from .bulk_order import Order, cost_of, source_of
from .bulk_output import LeaseFile, ResultFile
from .bulk_progress import BulkProgress, shares_terminal
from .kinds import Client, real_client, sandbox_client
from .standard_error import say

# How many are followed at once limits it already.
_CHECKS_PER_SECOND = 10_000.0
_CLOSE_SECONDS = 2.0
_FIRST_INTERRUPT = (
    "callauth: no new calls; placed ones are finished. A second Ctrl-C stops now, and "
    "what is being asked for at that moment becomes unknown."
)
_SECOND_INTERRUPT = "callauth: stopping now."
_NOBODY_READS = "callauth: nobody reads the results any more; no new calls."


async def work(order: Order) -> int:
    """Verify all numbers; return the exit code."""
    async with _channel(order) as (channel, clock):
        assert order["ledger"] is not None  # noqa: S101 - else it makes no sense
        ledger = SQLiteLedger(order["ledger"])
        try:
            # First of all, since another process may be writing these files.
            job = await ledger.open()
            results = ResultFile(order["out"], shows_pins=order["shows_pins"])
            with closing(results), _leases(order["emit"]) as leases:
                await results.fill(ledger, is_new=job is None)
                run = BulkRun(
                    source_of(order),
                    channel,
                    ledger=ledger,
                    concurrency=order["concurrency"],
                    rate_per_second=order["rate"],
                    checks_per_second=order["checks"],
                    cost_per_call=cost_of(order),
                    budget=order["budget"],
                    on_lease=None if leases is None else leases.write,
                    clock=clock,
                )
                return await _Shift(order, run, results).work()
        finally:
            await ledger.aclose()


@define
class _Shift:
    """Write down the results of a run, and end it when somebody asks for that."""

    order: Order
    run: BulkRun
    results: ResultFile
    _terms: Terms = field(init=False)
    _say: Callable[[str], None] = field(default=say, init=False)
    _is_interrupted: bool = field(default=False, init=False)
    _closing: asyncio.Task[None] | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._terms = Terms(
            ends_placed=self.order["channel"].startswith("voice_otp:"),
            shows_cost=self.order["cost"] is not None
            or self.order["budget"] is not None,
            budget=self.order["budget"],
            is_played=self.order["is_played"],
        )

    async def work(self) -> int:
        """Return the exit code."""
        async with self.run, self._shown():
            with _interrupts(self._on_interrupt):
                await self._write()
        summary = self.run.summary()
        if not self.order["is_quiet"]:
            tell(summary, self._terms)
        code = exit_code(summary, self._terms)
        if code == STOPPED:
            tell_stop(summary)
        return code

    async def _write(self) -> None:
        try:
            async for result in self.run:
                self.results.write(result)
                if self.results.is_closed and self.run.summary().stopped is None:
                    self.run.stop()
                    self._say(_NOBODY_READS)
        except asyncio.CancelledError:
            if self._closing is None:
                raise
        self.results.begin()

    def _on_interrupt(self) -> None:
        if not self._is_interrupted:
            self._is_interrupted = True
            self.run.stop()
            self._say(_FIRST_INTERRUPT)
        elif self._closing is None:
            loop = asyncio.get_running_loop()
            self._closing = loop.create_task(self.run.aclose())
            self._say(_SECOND_INTERRUPT)

    @asynccontextmanager
    async def _shown(self) -> AsyncIterator[None]:
        if self.order["is_quiet"]:
            yield
            return
        clock = SystemClock()
        progress = BulkProgress(
            Speedometer(self.run, self._terms, clock),
            clock,
            shares_terminal=shares_terminal(to_stdout=self.order["out"] is None),
        )
        self._say = progress.say
        showing = asyncio.get_running_loop().create_task(progress.show())
        try:
            yield
        finally:
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)


@asynccontextmanager
async def _channel(order: Order) -> AsyncIterator[tuple[BulkChannel, Clock]]:
    """Give the channel, at its provider or in a sandbox, and the clock it goes by."""
    name, provider = order["channel"], CHANNELS[order["channel"]]
    poll = PollSchedule(
        checks_per_second=order["checks"] or _CHECKS_PER_SECOND,
        checks_in_flight=order["concurrency"],
    )
    if order["is_played"]:
        clock = FastClock(order["speed"])
        async with Sandbox(clock=clock) as sandbox:
            sandbox.faults.decide = Crowd(sandbox)
            transport = sandbox.transport()
            client = sandbox_client(
                provider, transport=transport, clock=clock, poll=poll
            )
            async with _closed_soon(client):
                yield in_sandbox(channel_of(name, client)), clock
        return
    try:
        client = real_client(provider, poll=poll)
    except ConfigurationError as error:
        raise ConfigurationError(f"{error}; or try --sandbox or --dry-run") from None
    async with _closed_soon(client):
        yield channel_of(name, client), SystemClock()


@asynccontextmanager
async def _closed_soon(client: Client) -> AsyncIterator[None]:
    """Close the client, and do not wait long for what nobody waits for any more."""
    try:
        yield
    finally:
        with anyio.move_on_after(_CLOSE_SECONDS):
            await client.aclose()


@contextmanager
def _leases(path: Path | None) -> Iterator[LeaseFile | None]:
    with nullcontext() if path is None else closing(LeaseFile(path)) as leases:
        yield leases


@contextmanager
def _interrupts(told: Callable[[], None]) -> Iterator[None]:
    """Tell of each Ctrl-C instead of ending at once."""
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(signal.SIGINT, told)
    except (NotImplementedError, RuntimeError, ValueError):
        # On Windows, and in another thread than the first.
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
