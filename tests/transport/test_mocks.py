"""The tools by which users of httpx replace the network must work with the default."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import respx

from callauth import AnswerLost, CallPassClient, HttpxTransport, NotSent
from tests.hostile.sending import sent
from tests.support.canaries import Canaries
from tests.support.refusals import refused

_START = "https://api.callpass.sp-com.ru/api/v3.0/start-call-password/"


async def test_respx_replaces_the_network(canaries: Canaries) -> None:
    """Somebody who tests an application patches httpx and nothing of ours."""
    pin = canaries.pin(7)
    content = {"callid": "a-b", "phone": pin.reveal(), "result": "null"}
    async with respx.mock, CallPassClient(canaries.secret()) as client:
        route = respx.post(_START).respond(json={"status": "success", "data": content})
        call = await client.start_call_password(canaries.phone())

    assert call.pin == pin
    assert route.call_count == 1


@pytest.mark.parametrize(
    ("effect", "expected", "calls"),
    [(httpx.ReadTimeout, AnswerLost, 1), (httpx.ConnectError, NotSent, 3)],
)
async def test_respx_loses_an_answer(
    effect: type[httpx.TransportError],
    expected: type[AnswerLost | NotSent],
    calls: int,
    canaries: Canaries,
    respx_mock: respx.MockRouter,
) -> None:
    """After a time-out while reading the phone may ring: it is never sent again."""
    route = respx_mock.post(_START).mock(side_effect=effect)
    async with CallPassClient(canaries.secret()) as client:
        with refused(expected):
            await client.start_call_password(canaries.phone())

    assert route.call_count == calls


async def test_a_router_of_respx_can_be_given(canaries: Canaries) -> None:
    """A transport that is given needs no patch at all."""
    router = respx.MockRouter()
    route = router.post(_START).mock(side_effect=httpx.ReadTimeout)
    transport = HttpxTransport(transport=httpx.MockTransport(router.async_handler))
    async with CallPassClient(canaries.secret(), transport=transport) as client:
        with refused(AnswerLost):
            await client.start_call_password(canaries.phone())

    assert route.call_count == 1


async def test_a_mock_that_unpacks_nothing_is_read_as_it_is(
    canaries: Canaries,
) -> None:
    """A streamed answer of a mock is read like one of a server."""

    async def stream() -> AsyncIterator[bytes]:
        for part in (b'{"status": "success", "data": ', b'{"callid": "a-b", "pin": '):
            yield part
        yield f'"{pin.reveal()}"}}}}'.encode()

    pin = canaries.pin(4)
    mock = httpx.MockTransport(lambda _: httpx.Response(200, content=stream()))
    transport = HttpxTransport(transport=mock)
    async with CallPassClient(canaries.secret(), transport=transport) as client:
        call = await client.start_call_password(canaries.phone())

    assert call.pin == pin


class _Blocking(httpx.SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        yield b"{}"


async def test_a_mock_that_answers_with_a_blocking_stream_is_an_answer_lost() -> None:
    """A mistake in a mock is an error of ours, not a crash of the client."""
    mock = httpx.MockTransport(lambda _: httpx.Response(200, stream=_Blocking()))

    outcome = await sent(HttpxTransport(transport=mock), "http://x.example/")

    assert type(outcome) is AnswerLost
