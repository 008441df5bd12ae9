"""Trials: wild answers by the thousand, over real sockets."""

from __future__ import annotations

import random

from attrs import evolve

from callauth import AnswerLost, Response
from callauth.transport.native import NativeTransport
from tests.hostile.sending import request_to, sent
from tests.support.transports import TRANSPORTS

from .answering import Ending, Script, answering
from .differences import unexplained
from .left import leaving_nothing
from .wild import answer, script

_HONEST = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhonest"


async def compared(count: int, seed: int, other: str) -> tuple[list[str], int]:
    """Return what another transport reads differently, and how many ours read.

    Each was said to both of them; known differences are left out.
    """
    found, read = list[str](), 0
    ours, theirs = NativeTransport(), TRANSPORTS[other]()
    async with answering() as server:
        for number in range(seed, seed + count):
            # What a reset overtakes is lost or not by chance.
            server.script = evolve(script(random.Random(number)), ending=Ending.CLOSE)
            said = b"".join(server.script.parts)
            first, second = [
                await sent(each, server.base_url) for each in (ours, theirs)
            ]
            read += isinstance(first, Response)
            if unexplained(said, first, second, other):
                found.append(f"{number}: {said!r}: {first!r}, {second!r}")
            server.connections.clear()
            server.requests.clear()
        for transport in (ours, theirs):
            await transport.aclose()
    return found, read


async def kept_through(count: int, seed: int) -> list[str]:
    """Return the answers after which an honest one was mistaken."""
    found, transport = list[str](), NativeTransport()
    async with answering(_HONEST) as server, leaving_nothing():
        for number in range(seed, seed + count):
            said = answer(random.Random(number))
            ending = Ending.NOTHING if number % 2 else Ending.CLOSE
            server.scripts = [Script((said,), ending)]
            request = request_to(server.base_url, own_connection=False)
            outcome = await sent(transport, request, timeout_seconds=0.01)
            # Not read at all within its time on a busy machine.
            server.scripts.clear()
            following = await sent(transport, request)
            is_honest = isinstance(following, Response) and following.body == b"honest"
            if not isinstance(outcome, Response | AnswerLost) or not (
                is_honest or isinstance(following, AnswerLost)
            ):
                found.append(f"{number}: {said!r}: {outcome!r}, {following!r}")
            server.requests.clear()
        await transport.aclose()
    return found
