from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from callauth import Response
from callauth.transport.native import NativeTransport
from tests.hostile.certificates import Certificate, client_context, server_context
from tests.hostile.sending import request_to, sent

from .answering import Answering, Script, answering
from .left import leaving_nothing

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
# A handshake takes some thousand turns of a loop that has nothing else to do.
_MOST_TURNS = 20_000


async def _turns(turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


async def _cut_off(server: Answering, *, alone: bool, turns: int) -> bool:
    """Cancel a request after so many turns; return whether it had ended by itself."""
    async with leaving_nothing():
        transport = NativeTransport(ssl_context=client_context(), connections=1)
        if not alone:
            await sent(transport, request_to(server.base_url, own_connection=False))
        request = request_to(server.base_url, own_connection=alone)
        asking = asyncio.create_task(sent(transport, request))
        await _turns(turns)
        is_over = asking.done()
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking
        # There is one connection only, and nothing of what was cut off is in its way.
        following = await sent(transport, request)
        assert isinstance(following, Response)
        assert following.body == b"{}"
        await transport.aclose()
        await asyncio.sleep(0.001)
    return is_over


@pytest.mark.parametrize("alone", [False, True], ids=["shared", "own connection"])
@pytest.mark.parametrize("tls", [False, True], ids=["TCP", "TLS"])
async def test_a_caller_may_leave_at_any_turn_of_the_loop(
    tls: bool,  # noqa: FBT001 - a parameter
    alone: bool,  # noqa: FBT001 - a parameter
) -> None:
    """He leaves no socket, task or timer, and whoever comes next is served."""
    context = server_context(Certificate.GOOD) if tls else None
    script = Script((_OK, b"{", b"}"))
    async with answering(*script.parts, tls=context) as server:
        turns, tried = 0, 0
        while not await _cut_off(server, alone=alone, turns=turns):
            tried += 1
            # Each turn at first, and later about every tenth more.
            turns += 1 + turns // 10
            assert turns < _MOST_TURNS

    assert tried >= 4


async def test_a_deadline_may_pass_at_any_moment() -> None:
    """It ends the exchange as the caller's leaving does."""
    async with answering(_OK, b"{", b"}") as server:
        kinds = set[str]()
        for number in range(60):
            async with leaving_nothing():
                transport = NativeTransport(connections=1)
                outcome = await sent(
                    transport, server.base_url, timeout_seconds=1e-5 + number * 2e-5
                )
                kinds.add(type(outcome).__name__)
                following = await sent(transport, server.base_url)
                await transport.aclose()
            assert isinstance(following, Response)

    assert kinds <= {"NotSent", "AnswerLost", "Response"}
    assert "NotSent" in kinds
