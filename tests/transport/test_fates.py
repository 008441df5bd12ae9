"""Whether a byte left, and that a transport raises two errors and no other."""

from __future__ import annotations

import asyncio

import pytest

from callauth import AnswerLost, NotSent, Request, Response
from tests.hostile import deeds
from tests.hostile.fates import Fate
from tests.hostile.haste import pauses
from tests.hostile.kinds import KINDS
from tests.hostile.sending import opened, request_to, sent, serving, sockets
from tests.hostile.server import HostileServer
from tests.hostile.trial import trusting
from tests.support.canaries import Canaries
from tests.support.refusals import refused
from tests.support.transports import Make, on_each_transport

_FATES = {
    (name, tls): kind.fate_of("", tls=tls)
    for name, kind in KINDS.items()
    for tls in (False, True)
    if tls or not kind.tls_only
}
# One parser refuses it at its first byte, another one waits for the rest.
_EITHER = {"another-protocol"}
_CLASSES = {Fate.NOT_SENT: NotSent, Fate.LOST: AnswerLost}


@on_each_transport
@pytest.mark.parametrize(
    ("name", "tls"), _FATES, ids=[f"{n}-{'TLS' if t else 'TCP'}" for n, t in _FATES]
)
async def test_what_became_of_a_request(
    name: str,
    tls: bool,  # noqa: FBT001 - a parameter
    make: Make,
) -> None:
    """Only what was certainly not sent may be sent again without a thought."""
    kind, before = KINDS[name], sockets()
    seconds = 10.0 if kind.ends else 0.3
    async with (
        HostileServer(kind, {"status": True}, tls=tls) as server,
        opened(trusting(make)) as inner,
    ):
        url = f"{server.base_url}path"
        outcome = await sent(inner, url, timeout_seconds=seconds)
    await asyncio.sleep(0.01)

    assert type(outcome) is _CLASSES.get(_FATES[name, tls], Response)
    if not isinstance(outcome, Response) and name not in _EITHER:
        assert outcome.timed_out is not kind.ends
    assert sockets() <= before


@on_each_transport
async def test_a_name_that_does_not_resolve_is_not_sent(make: Make) -> None:
    """A look-up that failed has told nobody anything."""
    # No name server is asked for a label that is longer than 63 characters.
    async with opened(make) as inner:
        outcome = await sent(inner, f"http://{'a' * 64}.invalid/path")

    assert type(outcome) is NotSent


@on_each_transport
async def test_an_error_holds_neither_url_nor_cause(
    make: Make, canaries: Canaries
) -> None:
    """What is logged about a failure must not hold the key in the URL."""
    async with serving(deeds.close) as server, opened(make) as inner:
        request = request_to(f"{server.base_url}{canaries.secret().reveal()}")
        with refused(AnswerLost, match="^callpass start-call-password: ") as no:
            await inner.send(request, timeout_seconds=5.0)

    assert (no.error.__cause__, no.error.__context__) == (None, None)


@on_each_transport
@pytest.mark.parametrize(
    "request_",
    [
        request_to("http://x.example/\ud800"),
        request_to("http://x.example/", method="POST", body="\ud800"),
        request_to("http://x.example/", headers={"X-More": "я"}),
        request_to("http://[::1"),
        request_to("ftp://x.example/"),
        request_to("//"),
    ],
    ids=["url", "body", "header", "host", "scheme", "nothing"],
)
async def test_what_cannot_travel_is_not_sent(request_: Request, make: Make) -> None:
    """A transport raises two errors and no other, whatever it is given."""
    async with opened(make) as inner:
        assert type(await sent(inner, request_)) is NotSent


@on_each_transport
@pytest.mark.parametrize(
    "more", ["\r\nX-More: 1", "\n", "\x00"], ids=["a line", "LF", "NUL"]
)
async def test_no_line_is_smuggled_into_a_request(more: str, make: Make) -> None:
    """What ends a line early makes two requests of one."""
    smuggled = f"a{more}"
    async with serving(deeds.answer()) as server, opened(make) as inner:
        outcomes = [
            await sent(
                inner, request_to(server.base_url, headers={"X-More": smuggled})
            ),
            await sent(inner, request_to(f"{server.base_url}{smuggled}")),
        ]

    assert not any(isinstance(outcome, Response) for outcome in outcomes)
    assert server.requests == 0


@on_each_transport
async def test_a_dripping_server_meets_one_deadline(make: Make) -> None:
    """A time-out that starts anew with each byte never ends."""
    now = asyncio.get_running_loop().time
    async with (
        serving(deeds.body_drip) as server,
        opened(make) as inner,
        pauses() as paused,
    ):
        began = now()
        outcome = await sent(inner, server.base_url, timeout_seconds=0.2)
        took = now() - began

    assert type(outcome) is AnswerLost
    assert 0.2 <= took < 0.3 + paused.longest
