from __future__ import annotations

import pytest

from callauth.errors import AnswerLost, NotSent
from callauth.protocol.message import Request, Response
from callauth.transport.port import Transport
from callauth.transport.scripted import ScriptedTransport
from tests.support.canaries import Canaries
from tests.support.operations import operations
from tests.support.refusals import refused


@pytest.fixture
def request_(canaries: Canaries) -> Request:
    """Return a request with secrets in it."""
    return operations(canaries)["voicemail"].request


async def test_answers_come_in_their_order(request_: Request) -> None:
    """A dialogue is a list of answers."""
    first, second = Response(status=200), Response(status=404)
    transport: Transport = ScriptedTransport([first, second])

    assert await transport.send(request_, timeout_seconds=1) is first
    assert await transport.send(request_, timeout_seconds=1) is second


async def test_answers_can_be_added_later(request_: Request) -> None:
    """A test learns the id from the first answer."""
    transport = ScriptedTransport()
    transport.add(Response(status=201), AnswerLost)

    assert (await transport.send(request_, timeout_seconds=1)).status == 201
    with refused(AnswerLost, match="^nerotech voicemail: scripted$"):
        await transport.send(request_, timeout_seconds=1)


@pytest.mark.parametrize("step", [NotSent, AnswerLost])
async def test_a_failure_is_raised_in_the_name_of_the_request(
    step: type[NotSent | AnswerLost], request_: Request
) -> None:
    """It names provider and operation, and holds nothing else."""
    transport = ScriptedTransport([step])

    with refused(step, match="^nerotech voicemail: scripted$"):
        await transport.send(request_, timeout_seconds=1)


async def test_beyond_the_script_nothing_is_sent(request_: Request) -> None:
    """A request that no test expected must not seem to have had an effect."""
    with refused(NotSent):
        await ScriptedTransport().send(request_, timeout_seconds=1)


async def test_every_request_is_kept(request_: Request) -> None:
    """Also those that failed: how often it was asked is what tests count."""
    transport = ScriptedTransport([Response(status=200)])

    await transport.send(request_, timeout_seconds=1)
    with refused(NotSent):
        await transport.send(request_, timeout_seconds=1)

    assert transport.requests == [request_, request_]


async def test_closing_is_noted() -> None:
    """A client closes the transport that it made."""
    transport = ScriptedTransport()
    assert not transport.closed

    await transport.aclose()
    await transport.aclose()

    assert transport.closed
