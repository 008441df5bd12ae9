from __future__ import annotations

import time

import anyio
import pytest

from callauth import AnswerLost, Response, RetryPolicy
from callauth.protocol.message import BODY_LIMIT
from tests.support.canaries import Canaries
from tests.support.transports import Make, on_each_transport

from . import deeds
from .callers import Planted
from .fates import Fate
from .haste import pauses
from .kinds import KINDS, Kind
from .sending import sent
from .server import HostileServer
from .trial import Trial, attempt, trusting

_LATE_SECONDS = 0.1
_DEADLINE_SECONDS = 0.4
# The others have deadlines of their own, which are longer.
_OPERATIONS = ("checkCode", "incoming/init", "incoming/verify", "get", "check")


@on_each_transport
async def test_all_tries_together_keep_one_deadline(
    make: Make, canaries: Canaries
) -> None:
    """A person waits for the whole operation, not for one of its requests."""
    planted, took = Planted.by(canaries), dict[Trial, float]()
    retry = RetryPolicy(
        first_seconds=0.01, try_seconds=0.3, deadline_seconds=_DEADLINE_SECONDS
    )

    async def measure(trial: Trial) -> None:
        began = time.perf_counter()
        await attempt(trial, planted, retry=retry, make=trusting(make))
        took[trial] = time.perf_counter() - began

    endless = [name for name, kind in KINDS.items() if not kind.ends]
    async with pauses() as paused, anyio.create_task_group() as group:
        for name in endless:
            for operation in _OPERATIONS:
                trial = Trial(kind=name, operation=operation, tls=True)
                group.start_soon(measure, trial)

    # The server is started and stopped meanwhile, too.
    bound = _DEADLINE_SECONDS + _LATE_SECONDS + 3 * paused.longest
    assert {str(trial): s for trial, s in took.items() if s > bound} == {}
    assert len(took) == len(endless) * len(_OPERATIONS) > 0


# httpx reads 64 KiB at once, and makes an event of every 100 Continue in it without a
# pause; of chunks it hands over one at a time.
# The bounds leave room for a busy machine; a loop that stands still does so for long.
_BUSY_SECONDS = {"hundreds": 1.0, "chunks": 0.5}
_FLOODS = {"hundreds": deeds.endless_hundreds, "chunks": deeds.tiny_chunks}


@on_each_transport
@pytest.mark.parametrize("tls", [False, True], ids=["TCP", "TLS"])
@pytest.mark.parametrize("name", _FLOODS)
async def test_a_flood_does_not_stop_the_event_loop(
    name: str,
    tls: bool,  # noqa: FBT001 - a parameter
    make: Make,
) -> None:
    """What one server sends must not keep the answers of all others waiting."""
    kind = Kind(name=name, fate=Fate.LOST, on_request=_FLOODS[name], ends=False)
    transport = trusting(make)()
    async with HostileServer(kind, {}, tls=tls) as server, pauses() as paused:
        outcome = await sent(transport, server.base_url, timeout_seconds=0.3)
    await transport.aclose()

    assert paused.busiest < _BUSY_SECONDS[name]
    # Whoever is fast has read more than it will believe before the deadline.
    assert isinstance(outcome, AnswerLost) or (
        isinstance(outcome, Response) and len(outcome.body) > BODY_LIMIT
    )
