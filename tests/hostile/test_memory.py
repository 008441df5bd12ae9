"""Memory: what the largest answers of hostile servers cost, and those that unpack.

Measured is the peak that Python allocates, beside that of an honest answer to the same
operation. Every kind that sends more than 40 KiB per request, and ends by itself, meets
every operation; what ends only with the deadline floods one request below them.
"""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Awaitable, Callable

import anyio
import pytest
from attrs import define, evolve, field

from callauth import AnswerLost, NotSent, Request, Response, Transport
from callauth.protocol.message import BODY_LIMIT
from tests.support.canaries import Canaries
from tests.support.transports import Make, on_each_transport

from . import bodies, deeds
from .callers import CALLERS, Planted
from .fates import Fate
from .haste import Impatient
from .kinds import KINDS, Kind
from .sending import sent
from .server import HostileServer
from .trial import Result, Trial, attempt, httpx_transport, trusting

_MIB = 1024 * 1024
# What the kernel buffers on both sides of a connection, and then some.
_MOST_SENT = 16 * _MIB
_MUCH = 40 * 1024
_BOMBS = ["announced-bomb", "unannounced-bomb"]
_HUGE = [
    "body-of-1-GiB",
    "endless-chunks",
    "header-of-1-GiB",
    "a-million-headers",
    "25,000-levels",
    "zeros",
    *_BOMBS,
]
_FLOODS = {"hundreds": deeds.endless_hundreds, "chunks": deeds.tiny_chunks}
_TLS = pytest.mark.parametrize("tls", [False, True], ids=["TCP", "TLS"])


@define
class _Unpacks:
    """Take off gzip, as a client does that lets httpx read the body."""

    inner: Transport = field(factory=httpx_transport)

    async def send(self, request: Request, *, timeout_seconds: float) -> Response:
        packed = await self.inner.send(request, timeout_seconds=timeout_seconds)
        if not packed.body.startswith(b"\x1f\x8b"):
            return packed
        return evolve(packed, body=gzip.decompress(packed.body)[:BODY_LIMIT])

    async def aclose(self) -> None:
        await self.inner.aclose()


async def _peak(visit: Callable[[], Awaitable[object]]) -> int:
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        await visit()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


async def _extra(
    trial: Trial,
    planted: Planted,
    make: Callable[[], Transport],
) -> int:
    """Return by how much the peak is above that of an honest answer."""

    async def visit(each: Trial) -> Result:
        return await attempt(each, planted, make=make, clock=Impatient())

    # The server lives in this process, too, and needs its own part.
    honest = evolve(trial, kind="honest")
    for each in (honest, trial):
        await visit(each)
    return await _peak(lambda: visit(trial)) - await _peak(lambda: visit(honest))


@on_each_transport
@_TLS
@pytest.mark.parametrize("name", _HUGE)
async def test_an_answer_of_any_size_takes_less_than_a_mebibyte(
    name: str,
    tls: bool,  # noqa: FBT001 - a parameter
    make: Make,
    canaries: Canaries,
) -> None:
    """A server that can fill our memory can stop us."""
    planted = Planted.by(canaries)

    extra = {
        operation: await _extra(
            Trial(kind=name, operation=operation, tls=tls), planted, trusting(make)
        )
        for operation in CALLERS
    }

    assert {name: peak for name, peak in extra.items() if peak >= _MIB} == {}


@pytest.mark.parametrize("name", _BOMBS)
async def test_a_client_that_unpacks_is_found_out(
    name: str, canaries: Canaries
) -> None:
    """A bomb that does not explode measures nothing."""
    trial = Trial(kind=name, operation="check", tls=False)

    assert await _extra(trial, Planted.by(canaries), _Unpacks) > 16 * _MIB


def test_the_bomb_explodes_within_the_limit() -> None:
    """What is cut off at the limit would not be unpacked at all."""
    bomb = bodies.bomb({})

    assert len(bomb) < BODY_LIMIT
    assert len(gzip.decompress(bomb)) > 16 * _MIB


async def test_no_kind_that_sends_much_is_left_out(canaries: Canaries) -> None:
    """Whoever adds one must have its memory measured, too."""
    planted, much = Planted.by(canaries), set[str]()

    async def note(name: str) -> None:
        trial = Trial(kind=name, operation="start v3.0", tls=KINDS[name].tls_only)
        result = await attempt(trial, planted)
        if result.sent > _MUCH * result.sends:
            much.add(name)

    async with anyio.create_task_group() as group:
        for name, kind in KINDS.items():
            if kind.ends:
                group.start_soon(note, name)

    assert much == set(_HUGE)


async def _visit(kind: Kind, make: Make, *, tls: bool) -> tuple[Response | None, int]:
    transport = trusting(make)()
    document: dict[str, object] = {"status": True}
    async with HostileServer(kind, document, tls=tls) as server:
        outcome = await sent(transport, server.base_url, timeout_seconds=0.5)
        await transport.aclose()
    assert not isinstance(outcome, NotSent)
    return None if isinstance(outcome, AnswerLost) else outcome, server.sent


@on_each_transport
@_TLS
@pytest.mark.parametrize("name", _FLOODS)
async def test_a_flood_takes_less_than_a_mebibyte(
    name: str,
    tls: bool,  # noqa: FBT001 - a parameter
    make: Make,
) -> None:
    """However fast it comes, and whenever the deadline ends it."""
    flood = Kind(name=name, fate=Fate.LOST, on_request=_FLOODS[name], ends=False)
    for kind in (KINDS["honest"], flood):
        await _visit(kind, make, tls=tls)

    honest = await _peak(lambda: _visit(KINDS["honest"], make, tls=tls))
    hostile = await _peak(lambda: _visit(flood, make, tls=tls))

    assert hostile - honest < _MIB


@on_each_transport
@_TLS
@pytest.mark.parametrize("name", _HUGE)
async def test_reading_ends_one_byte_after_the_limit(
    name: str,
    tls: bool,  # noqa: FBT001 - a parameter
    make: Make,
) -> None:
    """What is never believed need not be read, and the server is told at once."""
    response, sent_bytes = await _visit(KINDS[name], make, tls=tls)

    assert sent_bytes < _MOST_SENT
    assert response is None or len(response.body) <= BODY_LIMIT + 1
