"""Feeding: wild answers by the million, without sockets.

Some callers at once share few connections of a NativeTransport without a network below
it. Nearly half of the answers are honest and have to be read, whatever came before, and
some callers are cut off. What is read must be backed by a second opinion on the same
bytes. The seed reproduces a run to the byte.
"""

from __future__ import annotations

import asyncio
import gc
import random
from pathlib import Path

from attrs import define, field

from callauth import AnswerLost, NotSent, Response
from callauth.protocol.message import BODY_LIMIT
from callauth.transport.native import NativeTransport
from callauth.transport.native.connection import Connection
from callauth.transport.native.pool import Pool
from callauth.transport.origin import Origin
from callauth.transport.tls import default_ssl_context
from tests.hostile.sending import request_to
from tests.support.tally import Tally

from .plans import planned
from .stream import Asked, Stream
from .virtual import Stuck, VirtualLoop

_CONNECTIONS, _CALLERS = 8, 12
_ANSWERS_OF_A_TRANSPORT = 1000
_PAGE_BYTES = 4096
_MOST_GROWTH_BYTES = 32 * 1024 * 1024


def fed(count: int, seed: int) -> Tally:
    """Feed that many answers, and tell what was made of them."""
    tally = Tally()
    grown_from = 0
    for first in range(0, count, _ANSWERS_OF_A_TRANSPORT):
        number = first // _ANSWERS_OF_A_TRANSPORT
        some = min(_ANSWERS_OF_A_TRANSPORT, count - first)
        tally.add(_fed_to_one(some, seed + number))
        if number == 1:
            grown_from = _resident_bytes()
    if grown_from and _resident_bytes() - grown_from > _MOST_GROWTH_BYTES:
        tally.broken.append(f"grew by {_resident_bytes() - grown_from:,} bytes")
    return tally


def _fed_to_one(count: int, seed: int) -> Tally:
    feed = _Feed(seed, count)
    try:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(feed.run())
    except Stuck:
        feed.object_to("waits for ever")
    return feed.tally


def _resident_bytes() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES


class _Pool(Pool):
    """Open streams instead of sockets."""

    feed: _Feed

    async def _opened(self, connection: Connection, origin: Origin) -> object:
        return await self.feed.opened(connection)


@define(eq=False)
class _Feed:
    """Feed one transport.

    ``left`` is how many answers it still wants, ``asked`` holds the requests that
    arrived and have no outcome yet, by their numbers.
    """

    seed: int
    left: int
    tally: Tally = field(factory=Tally)
    asked: dict[int, Asked] = field(factory=dict)
    streams: set[Stream] = field(factory=set)
    number: int = 0
    is_closing: bool = False
    only_honest: bool = False
    dice: random.Random = field(init=False)
    transport: NativeTransport = field(init=False)

    def object_to(self, what: str) -> None:
        """Note what is wrong."""
        self.tally.broken.append(f"seed {self.seed}, near {self.number}: {what}")

    async def run(self) -> None:
        """Feed it all, close the transport, and see what is left."""
        self.dice = random.Random(self.seed)
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: self.object_to(f"{context}"))
        self.transport = NativeTransport(connections=_CONNECTIONS)
        pool = _Pool(limit=_CONNECTIONS, ssl_context=default_ssl_context)
        pool.feed = self
        self.transport._pool = pool
        await asyncio.gather(*(self._calling() for _ in range(_CALLERS)))
        await self._use_every_place()
        await self._close()
        timers: list[asyncio.TimerHandle] = getattr(loop, "_scheduled")  # noqa: B009 - private
        if any(not timer.cancelled() for timer in timers):
            self.object_to("left a timer")
        if len(asyncio.all_tasks()) > 1:
            self.object_to("left a task")
        if self.streams:
            self.object_to("left a connection")

    async def opened(self, connection: Connection) -> Stream:
        """Open a stream, or fail."""
        for _ in range(self.dice.randrange(3)):
            await asyncio.sleep(0)
        if not self.only_honest and self.dice.random() < 0.01:
            raise ConnectionRefusedError
        if len(self.streams) >= 2 * _CONNECTIONS:
            self.streams = {each for each in self.streams if not each.is_lost}
        if len(self.streams) >= 2 * _CONNECTIONS:
            self.object_to("opens too many connections")
        stream = Stream(connection, self.planned, self.object_to)
        self.streams.add(stream)
        connection.connection_made(stream)
        return stream

    def planned(self, written: bytes) -> Asked:
        """Return what is to be said to the request."""
        number = int(written[5 : written.index(b" ", 5)])
        if number in self.asked:
            self.object_to("asked twice")
        self.left -= 1
        plan = planned(self.dice, number, only_honest=self.only_honest)
        is_own = b"\r\nConnection: close\r\n" in written
        asked = self.asked[number] = Asked(plan, is_own)
        return asked

    async def _calling(self) -> None:
        # A finding is enough, and a transport that sends nothing would go on for ever.
        most = 3 * _ANSWERS_OF_A_TRANSPORT
        while self.left > 0 and self.number < most and not self.tally.broken:
            if self.dice.random() < 0.02:
                await self._cut_off()
            else:
                await self._call()

    async def _cut_off(self) -> None:
        calling = asyncio.create_task(self._call())
        for _ in range(self.dice.randrange(8)):
            await asyncio.sleep(0)
        calling.cancel()
        await asyncio.wait((calling,))

    async def _use_every_place(self) -> None:
        """Expect no connection to be lost to what is over."""
        self.only_honest = True
        before = self.tally.kinds["read"]
        await asyncio.gather(*(self._call() for _ in range(_CONNECTIONS)))
        if self.tally.kinds["read"] - before != _CONNECTIONS:
            self.object_to("lost a place")
        self.only_honest = False

    async def _close(self) -> None:
        self.is_closing = True
        calling = [asyncio.create_task(self._call()) for _ in range(_CALLERS)]
        for _ in range(self.dice.randrange(6)):
            await asyncio.sleep(0)
        await self.transport.aclose()
        await asyncio.wait(calling)
        for _ in range(3):
            await asyncio.sleep(0)
        self.streams = {each for each in self.streams if not each.is_lost}

    async def _call(self) -> None:
        number = self.number = self.number + 1
        request = request_to(
            f"http://server.example/{number}", own_connection=self.dice.random() < 0.05
        )
        # No two of them end at the same moment.
        seconds = 1.0 + self.dice.random()
        outcome: Response | NotSent | AnswerLost | BaseException
        try:
            outcome = await self.transport.send(request, timeout_seconds=seconds)
        except asyncio.CancelledError:
            self._judge(number, None)
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is judged
            outcome = error
        self._judge(number, outcome)

    def _judge(self, number: int, outcome: Response | BaseException | None) -> None:
        asked = self.asked.pop(number, None)
        self.tally.runs += 1
        self.tally.faults += asked is not None
        kind = "cut off"
        match outcome:
            case Response():
                kind = "read"
                if asked is None or not _is_backed(outcome, asked):
                    self._refuse(number, outcome, asked)
            case NotSent():
                kind = "not sent"
                if asked is not None:
                    self._refuse(number, outcome, asked)
            case AnswerLost():
                kind = "lost"
                if asked is None or (asked.plan.sure and not self.is_closing):
                    self._refuse(number, outcome, asked)
            case BaseException():
                self._refuse(number, outcome, asked)
        self.tally.kinds[kind] += 1

    def _refuse(
        self, number: int, outcome: Response | BaseException, asked: Asked | None
    ) -> None:
        said = asked.received[:2000] if asked else None
        self.object_to(f"{number}: {outcome!r} for {said!r}")


def _is_backed(response: Response, asked: Asked) -> bool:
    heard = asked.heard()
    sure = asked.plan.sure
    is_sure = sure is None or (sure.status, sure.body) == (
        response.status,
        response.body,
    )
    return (
        is_sure
        and heard is not None
        and heard.status == response.status
        and heard.body[: BODY_LIMIT + 1] == response.body
        and (heard.is_whole or len(heard.body) > BODY_LIMIT)
    )
