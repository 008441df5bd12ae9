from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from callauth import PhoneNumber
from tests.verification.own import Bell, Desk
from tests.verification.world import World

from .sites import Sites, kind_of

_JSON = {"Content-Type": "application/json"}
_BODIES = [
    (b"{", 400, "not-an-object"),
    (b"", 400, "not-an-object"),
    (b"[]", 400, "not-an-object"),
    (b'"+79990000000"', 400, "not-an-object"),
    (b"\xff", 400, "not-an-object"),
    (b"[" * 4000, 400, "not-an-object"),
    (b'{"phone": "+79991234567", "phone": "+79991234568"}', 400, "not-an-object"),
    (b"{}", 422, "invalid-request"),
    (b'{"phone": null}', 422, "invalid-request"),
    (b'{"phone": 79991234567}', 422, "invalid-request"),
    (b'{"phone": ["+79991234567"]}', 422, "invalid-request"),
    (b'{"phone": "+79991234567", "test": true}', 422, "invalid-request"),
    (b'{"phone": "+79991234567", "method": "sms"}', 422, "invalid-request"),
    (b'{"phone": "+79991234567", "method": 1}', 422, "invalid-request"),
    (b'{"phone": "+79991234567", "purpose": "payment"}', 422, "invalid-request"),
    (b'{"phone": "+79991234567", "purpose": ""}', 422, "invalid-request"),
    (b'{"phone": ""}', 422, "invalid-phone"),
    (b'{"phone": "\\ud800"}', 422, "invalid-phone"),
    (b'{"phone": "12345"}', 422, "invalid-phone"),
    (b'{"phone": "+74951234567"}', 422, "invalid-phone"),
    (b'{"phone": "+12025550123"}', 422, "invalid-phone"),
    (b'{"phone": "' + b"9" * 5000 + b'"}', 413, "too-large"),
]


@pytest.mark.parametrize(("body", "status", "kind"), _BODIES)
async def test_a_start_that_cannot_be_read_calls_nobody(
    body: bytes, status: int, kind: str, sites: Sites, bell: Bell
) -> None:
    """Anybody can send anything."""
    browser = (await sites.open([bell])).browser()

    answer = await browser.ask("POST", "/verifications", content=body, headers=_JSON)

    assert kind_of(answer) == (status, kind)
    assert bell.rung == []


@pytest.mark.parametrize(
    ("word", "detail"),
    [
        ("purpose", "expected a purpose of login, vote"),
        ("method", "expected a method of flash_call"),
    ],
)
async def test_a_word_that_is_none_is_answered_with_those_that_are(
    word: str, detail: str, sites: Sites, bell: Bell
) -> None:
    """Whoever writes a page has misspelt it."""
    browser = (await sites.open([bell], purposes=["login", "vote"])).browser()

    answer = await browser.ask(
        "POST", "/verifications", {"phone": "+79991234567", word: "other"}
    )

    assert answer.json()["detail"] == detail


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_that_is_not_encoded_as_it_says_cannot_be_read(
    encoding: str, sites: Sites, bell: Bell
) -> None:
    """Some servers decode it themselves, and that is no error of theirs."""
    browser = (await sites.open([bell])).browser()

    answer = await browser.ask(
        "POST",
        "/verifications",
        content=b"0123456789",
        headers={**_JSON, "Content-Encoding": encoding},
    )

    assert kind_of(answer) == (400, "not-an-object")


@pytest.mark.parametrize(("stops", "seconds"), [(False, 10), (True, 0)])
async def test_a_body_that_does_not_come_is_waited_for_no_longer(
    stops: bool,  # noqa: FBT001 - a case
    seconds: float,
    sites: Sites,
    world: World,
    bell: Bell,
) -> None:
    """It would keep the connection, and the server from stopping."""
    site = await sites.open([bell])

    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        await world.clock.sleep(3600)

    more: dict[str, Any] = {"content": slowly(), "headers": _JSON}
    if sites.framework == "aiohttp":
        # Its wire takes nothing in pieces.
        more = {"content": b"{", "headers": {**_JSON, "Content-Length": "20"}}
    began = world.clock.monotonic()
    asking = asyncio.create_task(site.browser().ask("POST", "/verifications", **more))
    for _ in range(50 if stops else 0):
        await asyncio.sleep(0)
    if stops:
        site.service.close()

    assert kind_of(await asking) == (400, "not-an-object")
    assert world.clock.monotonic() == began + seconds
    assert site.service.waiting == 0


async def test_a_body_that_breaks_off_is_no_error_of_the_server(
    world: World, bell: Bell
) -> None:
    """Browsers leave; nobody is to be woken for it."""
    sites = Sites("fastapi", world)
    transport = (await sites.open([bell])).wire("203.0.113.9")
    assert isinstance(transport, httpx.ASGITransport)
    received: list[dict[str, Any]] = [
        {"type": "http.request", "body": b'{"phone', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return received.pop(0)

    async def send(message: Any) -> None:  # noqa: ANN401 - as ASGI
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/verifications",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    await transport.app(scope, receive, send)

    assert sent[0]["status"] == 400


@pytest.mark.parametrize("verb", ["POST", "PUT"])
@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "", "json"]
)
async def test_what_a_form_could_send_calls_nobody(
    verb: str, content_type: str, sites: Sites, bell: Bell
) -> None:
    """A browser asks before it sends JSON to another site."""
    browser = (await sites.open([bell])).browser()

    answer = await browser.ask(
        verb,
        "/verifications",
        content=b'{"phone": "+79991234567"}',
        headers={"Content-Type": content_type} if content_type else {},
    )

    assert answer.status_code == (415 if verb == "POST" else 405)
    assert bell.rung == []


@pytest.mark.parametrize("content_type", ["Application/JSON; charset=utf-8"])
async def test_json_may_have_parameters(
    content_type: str, sites: Sites, bell: Bell, phone: PhoneNumber
) -> None:
    """Some libraries always name the character set."""
    browser = (await sites.open([bell])).browser()

    answer = await browser.ask(
        "POST",
        "/verifications",
        content=f'{{"phone": "{phone.e164}", "method": null}}'.encode(),
        headers={"Content-Type": content_type},
    )

    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("pin", "status", "kind"),
    [
        (1000, 422, "invalid-request"),
        (None, 422, "invalid-request"),
        ("", 422, "invalid-pin"),
        ("abcd", 422, "invalid-pin"),
        ("١٢٣٤", 422, "invalid-pin"),
        ("\ud800", 422, "invalid-pin"),
    ],
)
async def test_what_is_no_pin_costs_no_try(
    pin: Any,  # noqa: ANN401 - anything
    status: int,
    kind: str,
    sites: Sites,
    world: World,
    bell: Bell,
) -> None:
    """It was no guess."""
    browser = (await sites.open([bell])).browser()
    started = await browser.start(world.phone())
    content = '{"pin": "\\ud800"}' if pin == "\ud800" else None

    answer = await browser.ask(
        "POST",
        f"/verifications/{started['id']}/pin",
        None if content else {"pin": pin},
        **({"content": content, "headers": _JSON} if content else {}),
    )

    assert kind_of(answer) == (status, kind)
    assert (await browser.state(started))["challenge"]["tries_left"] == 3


async def test_a_number_to_dial_takes_no_pin(
    sites: Sites, world: World, desk: Desk
) -> None:
    """The page has lost its state."""
    browser = (await sites.open([desk])).browser()
    started = await browser.start(world.phone())

    answer = await browser.type(started, "1234")

    assert kind_of(answer) == (409, "no-pin-expected")


@pytest.mark.parametrize("wait", ["-1", "26", "1.5", "x", "", "٣", "9" * 5000])
async def test_a_wait_has_its_bounds(
    wait: str, sites: Sites, world: World, bell: Bell
) -> None:
    """Nobody keeps a connection open for long."""
    browser = (await sites.open([bell])).browser()
    started = await browser.start(world.phone())

    answer = await browser.ask(
        "GET", f"/verifications/{started['id']}", params={"wait": wait}
    )

    assert kind_of(answer) == (422, "invalid-request")
