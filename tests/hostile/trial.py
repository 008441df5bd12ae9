"""Trial: one operation against one kind of hostility, and what it came to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from attrs import frozen

from callauth import (
    CallAuthError,
    Clock,
    HttpxTransport,
    Replay,
    RetryPolicy,
    SystemClock,
    Transport,
)
from tests.support.canaries import current
from tests.support.transports import Make

from .callers import CALLERS, Caller, Line, Planted
from .certificates import client_context
from .fates import Fate, expected
from .haste import Hasty
from .kinds import KINDS
from .server import HostileServer

# Long enough for a handshake on a busy machine, short where only a deadline ends it.
_PATIENT_SECONDS = 20.0
_HASTY_SECONDS = 1.0
_LATE_SECONDS = 0.1
# Where the server ends it the deadline is never near, so it would excuse any delay.
# With 172 trials at once the slowest takes 2 s.
_AT_ONCE_SECONDS = 10.0
# A farewell or a reset needs a moment to arrive.
_BETWEEN_SECONDS = 0.1
RETRY = RetryPolicy(
    first_seconds=0.001, longest_seconds=0.002, try_seconds=60.0, deadline_seconds=90.0
)


@frozen(kw_only=True)
class Trial:
    """Name one cell of the matrix."""

    kind: str
    operation: str
    tls: bool

    def __str__(self) -> str:
        return f"{self.kind}, {self.operation}, {'TLS' if self.tls else 'TCP'}"


@frozen(kw_only=True)
class Result:
    """Hold what the caller saw, what was sent, and how long it took.

    ``sent`` counts the bytes of the server. ``overrun`` is by how many seconds a
    request missed its deadline, ``slowest`` how many the slowest one took.
    """

    outcome: object
    sends: int
    requests: int
    connections: int
    sent: int
    overrun: float
    slowest: float


def all_trials() -> list[Trial]:
    """Return every cell that makes sense."""
    return [
        Trial(kind=name, operation=operation, tls=tls)
        for name, kind in KINDS.items()
        for operation in CALLERS
        for tls in (False, True)
        if tls or not kind.tls_only
    ]


def trusting(make: Make) -> Callable[[], Transport]:
    """Return what makes one that trusts the authority of the servers here."""
    return lambda: make(ssl_context=client_context())


httpx_transport = trusting(HttpxTransport)
"""Makes the transport that is judged unless another one is given."""


async def attempt(
    trial: Trial,
    planted: Planted,
    *,
    retry: RetryPolicy = RETRY,
    make: Callable[[], Transport] = httpx_transport,
    clock: Clock | None = None,
) -> Result:
    """Send the operation to such a server; the outcome is a value or an error."""
    kind, caller = KINDS[trial.kind], CALLERS[trial.operation]
    seconds = _PATIENT_SECONDS if kind.ends else _HASTY_SECONDS
    inner = make()
    hasty = Hasty(inner, seconds)
    server = HostileServer(kind, caller.document(planted), tls=trial.tls)
    async with server:
        line = Line(
            base_url=server.base_url,
            transport=hasty,
            retry=retry,
            planted=planted,
            clock=clock or SystemClock(),
        )
        if kind.warm_up:
            await caller.call(line)
            await asyncio.sleep(_BETWEEN_SECONDS)
        before = (hasty.sends, server.requests, server.connections)
        outcome = await outcome_of(caller, line)
        await inner.aclose()
        return Result(
            outcome=outcome,
            sends=hasty.sends - before[0],
            requests=server.requests - before[1],
            connections=server.connections - before[2],
            sent=server.sent,
            overrun=hasty.overrun,
            slowest=hasty.slowest,
        )


async def outcome_of(caller: Caller, line: Line) -> object:
    """Return the reply, or the class of the error that came instead."""
    try:
        return await caller.call(line)
    except CallAuthError as error:
        current().watch(error)
        return type(error)


def faults(
    trial: Trial, result: Result, planted: Planted, *, pause_seconds: float = 1.0
) -> list[str]:
    """Return in what a result is not as it must be.

    ``pause_seconds`` is for how long the event loop stood still meanwhile, at most.
    """
    caller = CALLERS[trial.operation]
    fate = KINDS[trial.kind].fate_of(trial.operation, tls=trial.tls)
    due = expected(fate, caller.replay)
    values: Mapping[Fate, object] = {
        Fate.ANSWERED: caller.means(planted),
        Fate.PENDING: None,
    }
    wanted = values.get(fate, due.error)
    is_read = fate not in (Fate.NOT_SENT, Fate.LOST)
    # A farewell of TLS can be read along with the answer before it, and is then seen
    # only when the connection is used again; a plain read has a spare try for that.
    spare = int(KINDS[trial.kind].warm_up and caller.replay is Replay.SAFE)
    checks = {
        f"came to {result.outcome}, not {wanted}": result.outcome == wanted,
        f"sent {result.sends} times, not {due.sends}": (
            due.sends <= result.sends <= due.sends + spare
        ),
        f"{result.requests} requests of {result.sends} sends": (
            result.sends - spare <= result.requests <= result.sends
            if is_read
            else result.requests <= result.sends
        ),
        "arrived, though it was not sent": (
            result.requests == 0 or fate is not Fate.NOT_SENT
        ),
        f"{result.connections} connections": result.connections <= result.sends,
        f"{result.overrun:.3f} s late": (
            result.overrun <= _LATE_SECONDS + pause_seconds
        ),
        f"took {result.slowest:.3f} s, though the server had ended it": (
            result.slowest <= _AT_ONCE_SECONDS + pause_seconds
            or not KINDS[trial.kind].ends
        ),
    }
    return [f"{trial}: {text}" for text, is_good in checks.items() if not is_good]
