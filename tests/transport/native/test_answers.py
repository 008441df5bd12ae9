from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callauth import AnswerLost, HttpxTransport, Response
from callauth.protocol.message import BODY_LIMIT
from callauth.transport.native import NativeTransport
from callauth.transport.native.answer import Answers, OutsideHttp
from callauth.transport.native.heads import Heads
from tests.hostile.certificates import Certificate, client_context, server_context
from tests.hostile.sending import sent
from tests.support.transports import TRANSPORTS

from .answering import Ending, Script, answering
from .left import leaving_nothing
from .trials import kept_through, read_alike
from .wild import answer

_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
_MUCH = 64 * 1024

_READ = {
    "length": (_OK + b"Content-Length: 2\r\n\r\n{}", b"{}"),
    "length and more": (_OK + b"Content-Length: 2\r\n\r\n{}[]", b"{}"),
    "until the end": (_OK + b"\r\n{}", b"{}"),
    "nothing until the end": (_OK + b"\r\n", b""),
    "chunks": (_CHUNKED + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", b"{}"),
    "an extension": (_CHUNKED + b"2;a=b\r\n{}\r\n0\r\n\r\n", b"{}"),
    "a trailer": (_CHUNKED + b"2\r\n{}\r\n0\r\nX-After: 1\r\n\r\n", b"{}"),
    "204 with a length": (b"HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\n{}", b""),
    "304": (b"HTTP/1.1 304 Same\r\n\r\n", b""),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\n\r\n{}", b"{}"),
    "no reason": (b"HTTP/1.1 200\r\n\r\n{}", b"{}"),
    "after others": (
        b"HTTP/1.1 100 Go on\r\nContent-Length: 9\r\n\r\nHTTP/1.1 103 Hint\r\n\r\n"
        + _OK
        + b"Content-Length: 2\r\n\r\n{}",
        b"{}",
    ),
}
_LOST = {
    "nothing": b"",
    "half a head": _OK + b"Content-Le",
    "a short body": _OK + b"Content-Length: 3\r\n\r\n{}",
    "no last chunk": _CHUNKED + b"2\r\n{}\r\n",
    "half of the end": _CHUNKED + b"2\r\n{}\r\n0\r\n",
    "a length and chunks": (
        _OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\n{}\r\n0\r\n\r\n"
    ),
    "chunks and a length": (
        _OK + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n"
        b"2\r\n{}\r\n0\r\n\r\n"
    ),
    "two lengths": _OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}}",
    "the same length twice": _OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list of lengths": _OK + b"Content-Length: 2, 2\r\n\r\n{}",
    "a length with a sign": _OK + b"Content-Length: +2\r\n\r\n{}",
    "a length without end": _OK + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n{}",
    "another coding": _OK + b"Transfer-Encoding: gzip\r\n\r\n{}",
    "two codings": _OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunks twice": (
        _OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\n"
    ),
    "a length in a trailer": (_CHUNKED + b"2\r\n{}\r\n0\r\nContent-Length: 9\r\n\r\n"),
    "a folded header": _OK + b"X: y\r\n z\r\nContent-Length: 2\r\n\r\n{}",
    "lines that end early": b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
    "a NUL in a header": _OK + b"X: \x00\r\nContent-Length: 2\r\n\r\n{}",
    "a space in a name": _OK + b"Content-Length : 2\r\n\r\n{}",
    "a status too short": b"HTTP/1.1 20 OK\r\n\r\n{}",
    "a status too small": b"HTTP/1.1 099 OK\r\n\r\n{}",
    "101": b"HTTP/1.1 101 Other\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n{}",
    "101 without a word": b"HTTP/1.1 101 Other\r\n\r\n" + _OK + b"\r\n{}",
    "only others": b"HTTP/1.1 100 Go on\r\n\r\n" * 3,
    "RTSP": b"RTSP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "ICE": b"ICE/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "RTSP after others": (
        b"HTTP/1.1 100 Go on\r\n\r\nRTSP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    ),
    "a line before a head": b"HTTP/1.1 100 Go on\r\n\r\n\r\n" + _OK + b"\r\n{}",
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "a long head": _OK + b"X: y\r\n" * 20_000 + b"Content-Length: 2\r\n\r\n{}",
    "a long header": _OK + b"X: " + b"y" * 2 * _MUCH + b"\r\n\r\n{}",
    "long extensions": _CHUNKED + b"1;" + b"x" * 2 * _MUCH + b"\r\n{\r\n0\r\n\r\n",
    "a long trailer": _CHUNKED + b"0\r\n" + b"X: y\r\n" * 30_000 + b"\r\n",
    "tiny chunks": _CHUNKED + b"1\r\n{\r\n" * 30_000 + b"0\r\n\r\n",
    "many others": b"HTTP/1.1 100 Go on\r\n\r\n" * 5_000 + _OK + b"\r\n{}",
}


async def _answered(*said: bytes, ending: Ending = Ending.CLOSE) -> object:
    async with answering(*said, ending=ending) as server, leaving_nothing():
        transport = NativeTransport()
        outcome = await sent(transport, server.base_url, timeout_seconds=10.0)
        await transport.aclose()
    return outcome


@pytest.mark.parametrize("name", _READ)
async def test_an_answer_that_can_be_read_in_one_way_is_read(name: str) -> None:
    """Providers stand behind proxies of all kinds."""
    said, body = _READ[name]

    whole = await _answered(said)
    # In another ending or in single bytes it is the same.
    single = await _answered(*(bytes([byte]) for byte in said))

    assert isinstance(whole, Response)
    assert isinstance(single, Response)
    assert (whole.body, single.body) == (body, body)
    assert whole.headers == single.headers


@pytest.mark.parametrize("name", _LOST)
async def test_an_answer_that_cannot_be_read_in_one_way_is_lost(name: str) -> None:
    """What a proxy reads differently could be the answer to somebody else."""
    said = _LOST[name]
    outcome = await _answered(said)

    assert isinstance(outcome, AnswerLost)
    assert (outcome.timed_out, outcome.is_ours) == (False, False)
    assert not isinstance(_read([bytes([byte]) for byte in said]), Response)


async def test_an_answer_is_lost_when_its_end_is_a_reset() -> None:
    """What ends with the connection may have had more to come."""
    outcome = await _answered(_OK + b"\r\n{}", ending=Ending.RESET)

    assert isinstance(outcome, AnswerLost)


async def test_a_body_of_any_framing_is_cut_after_the_limit() -> None:
    """A longer one is never believed, and need not be read."""
    body = b"x" * (BODY_LIMIT + 2)
    framed = {
        "length": _OK + b"Content-Length: %d\r\n\r\n" % (1024**3) + body,
        "chunks": _CHUNKED + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n",
        "until the end": _OK + b"\r\n" + body,
    }
    found = [await _answered(said, ending=Ending.NOTHING) for said in framed.values()]

    assert [
        len(each.body) if isinstance(each, Response) else each for each in found
    ] == [BODY_LIMIT + 1] * 3


@pytest.mark.parametrize("farewell", [True, False], ids=["farewell", "cut off"])
async def test_tls_tells_the_end_of_an_answer_from_a_cut(
    farewell: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Whoever can cut a connection could otherwise choose where an answer ends."""
    context = server_context(Certificate.GOOD)
    async with answering(_OK + b"\r\n{}", tls=context) as server:
        server.script = Script(
            (_OK + b"\r\n{}",), Ending.CLOSE if farewell else Ending.CUT
        )
        transport = NativeTransport(ssl_context=client_context())
        outcome = await sent(transport, server.base_url)
        await transport.aclose()

    assert type(outcome) is (Response if farewell else AnswerLost)


async def test_headers_are_those_that_httpx_gives() -> None:
    """A reader must not depend on the transport."""
    said = (
        _OK + b"X-One:  1 \t\r\nx-one: 2\r\nContent-Length: 2\r\n"
        b"X-Text: \xd0\x9f\r\nX-Empty:\r\n\r\n{}"
    )
    async with answering(said) as server:
        found = []
        for transport in (NativeTransport(), HttpxTransport()):
            outcome = await sent(transport, server.base_url)
            assert isinstance(outcome, Response)
            found.append(outcome.headers)
            await transport.aclose()

    assert found[0] == found[1]
    assert found[0]["x-one"] == "1, 2"


async def test_each_difference_from_other_transports_is_explained() -> None:
    """One that nobody knows of is a mistake of one of them."""
    others = [name for name in TRANSPORTS if name != "native"]
    tally = await read_alike(400, seed=1, others=others)

    assert tally.broken == []
    # Half of them are honest.
    assert all(tally.kinds[f"read alike, {other}"] > 200 for other in others)
    assert all(tally.kinds[f"lost alike, {other}"] > 70 for other in others)


async def test_no_answer_is_taken_for_that_of_the_next_request() -> None:
    """Whatever came before it on the same connection."""
    assert await kept_through(300, seed=5) == []


@given(st.randoms(use_true_random=False), st.data())
def test_it_does_not_matter_how_an_answer_is_cut(
    dice: random.Random, data: st.DataObject
) -> None:
    """A network cuts where it likes."""
    said = answer(dice)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(said)), max_size=6)))
    parts = [said[a:b] for a, b in zip([0, *cuts], [*cuts, len(said)], strict=True)]

    assert _read(parts) == _read([said])


@given(st.randoms(use_true_random=False), st.data())
def test_it_does_not_matter_which_answers_came_before(
    dice: random.Random, data: st.DataObject
) -> None:
    """A head that is recognised is read as it was the first time."""
    heads, said = Heads(), answer(dice)
    _read([said], heads)
    cut = data.draw(st.integers(0, len(said)))
    others = [said, said[:cut], said + b"H", said + said, said[:-1] + b"Z"]

    for other in (*others, b"HTTP/1.1 100 Go on\r\n\r\n" + said):
        assert _read([other], heads) == _read([other])


@pytest.mark.parametrize(
    ("head", "is_known"),
    [
        (b"Content-Length: 2\r\n", True),
        (b"Content-Length: 02\r\n", False),
        (b"Content-Length: 2\r\nConnection: close\r\n", True),
        (b"Content-Length: 2\r\nSet-Cookie: a=b\r\n", False),
        (b"Content-Length: 2\r\nX-Long: " + b"x" * 1024 + b"\r\n", False),
    ],
)
def test_a_head_is_recognised_with_another_body(
    head: bytes,
    is_known: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Only what cannot be read in another way, and is meant for everybody."""
    heads, said = Heads(), _OK + head + b"\r\n{}"
    first = _read([said], heads)
    assert isinstance(first, Response)
    first.headers["x"] = "y"  # type: ignore[index] # whoever gets it may do so
    other = said[:-2] + b"[]"

    assert (heads.find(other) is not None) == is_known
    assert _read([other], heads) == _read([other])
    assert _is_last(other, heads) == _is_last(other) == (b"close" in head)
    assert heads.find(said[:-1]) is heads.find(said + b"{") is None


def test_few_heads_are_remembered() -> None:
    """A server that says another one each time must not fill the memory."""
    heads = Heads()
    for number in range(100):
        _read([_OK + b"Content-Length: 0\r\nX: %d\r\n\r\n" % number], heads)

    assert 0 < len(heads._known) <= 16


def _is_last(said: bytes, heads: Heads | None = None) -> bool:
    answers = Answers(heads)
    answers.receive(memoryview(said))
    return answers.is_last


def _read(parts: list[bytes], heads: Heads | None = None) -> Response | str | None:
    answers = Answers(heads)
    try:
        for part in parts:
            if part:
                answers.receive(memoryview(part))
            if answers.is_enough:
                return answers.response()
    except OutsideHttp as error:
        return str(error)
    return answers.response() if answers.ends_with_connection else None
