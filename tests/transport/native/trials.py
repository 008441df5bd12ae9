"""Trials: wild answers by the thousand, over real sockets."""

from __future__ import annotations

import random
from collections.abc import Sequence

from attrs import evolve

from callauth import AnswerLost, Response
from callauth.transport.native import NativeTransport
from tests.hostile.sending import request_to, sent
from tests.support.tally import Tally
from tests.support.transports import TRANSPORTS

from .answering import Ending, Script, answering
from .differences import UNEXPLAINED, compared
from .honest import honest
from .left import leaving_nothing
from .wild import answer, script

_HONEST = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhonest"


async def read_alike(count: int, seed: int, *, others: Sequence[str]) -> Tally:
    """Let other transports read the answers that ours reads, half of them honest.

    Each is said to all of them; the tally counts how they agree and why they differ.
    """
    tally = Tally(runs=count, faults=count)
    transports = {name: TRANSPORTS[name]() for name in ("native", *others)}
    async with answering() as server:
        for number in range(seed, seed + count):
            dice = random.Random(number)
            sure = honest(dice, b"%d" % number) if number % 2 else None
            # What a reset overtakes is lost or not by chance.
            server.script = evolve(
                Script((sure.said,)) if sure else script(dice), ending=Ending.CLOSE
            )
            said = b"".join(server.script.parts)
            ours, *theirs = [
                await sent(each, server.base_url) for each in transports.values()
            ]
            kinds = [
                f"{compared(said, ours, each, other)}, {other}"
                for other, each in zip(others, theirs, strict=True)
            ]
            tally.kinds.update(kinds)
            is_read = isinstance(ours, Response) and (
                sure is None or (ours.status, ours.body) == (sure.status, sure.body)
            )
            if any(kind.startswith(UNEXPLAINED) for kind in kinds) or (
                sure and not is_read
            ):
                tally.broken.append(f"{number}: {said!r}: {ours!r}, {theirs!r}")
            server.connections.clear()
            server.requests.clear()
        for transport in transports.values():
            await transport.aclose()
    return tally


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
