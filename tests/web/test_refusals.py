from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from callauth import (
    AnswerLost,
    AttemptId,
    AuthenticationFailed,
    CallInProgress,
    Limit,
    MemoryStore,
    NotSent,
    NumberBlocked,
    NumberInvalid,
    NumberRejected,
    PhoneNumber,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    StoreError,
    TestModeRefused,
    VerificationPolicy,
)
from callauth.web.handle import Handles
from tests.verification.own import Bell, Desk, raises
from tests.verification.world import World

from .sites import PUBLIC_URL, Browser, Sites, kind_of

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


async def test_limits_say_when_to_come_back(
    sites: Sites, world: World, phone: PhoneNumber
) -> None:
    """As the page has to show it."""
    browser = (await sites.open()).browser()
    started = await browser.start(phone)
    await browser.cancel(started)
    await world.clock.sleep(31)

    again = [
        await browser.ask("POST", "/verifications", {"phone": phone.e164})
        for _ in range(2)
    ]

    assert again[0].status_code == 201
    assert kind_of(again[1]) == (429, "phone-busy")
    assert again[1].headers["Retry-After"] == "30"


async def test_a_limit_of_the_address_holds_for_all_its_browsers(
    sites: Sites, world: World
) -> None:
    """And for nobody else's."""
    policy = VerificationPolicy(starts_per_client_ip=Limit(2, seconds=3600))
    site = await sites.open(policy=policy)
    for _ in range(2):
        await site.browser().start(world.phone())
    phone = {"phone": world.phone().e164}

    refused = await site.browser().ask("POST", "/verifications", phone)

    assert kind_of(refused) == (429, "too-many-attempts")
    assert refused.json()["retry_after"] == 3600
    assert "client" not in refused.text
    other = await site.browser(peer="203.0.113.10").ask("POST", "/verifications", phone)
    assert other.status_code == 201


def _refusal(cls: type[ProviderError]) -> ProviderError:
    return cls("bell", "ring", 12, "NO_SUCH_NUMBER", text="+79991234567 is unknown")


_REFUSALS = [
    *map(
        _refusal,
        (NumberInvalid, NumberBlocked, NumberRejected, CallInProgress, RateLimited),
    ),
    *map(_refusal, (AuthenticationFailed, TestModeRefused)),
    NotSent("bell", "ring", "connection refused"),
]


async def test_all_refusals_of_a_provider_look_alike(
    sites: Sites, world: World
) -> None:
    """Some of them tell whether a number exists, or how our account stands."""
    seen = set()
    for error in _REFUSALS:
        site = await sites.open([Bell(world.clock, fate=raises(error))])
        browser = site.browser()
        answer = await browser.ask(
            "POST", "/verifications", {"phone": world.phone().e164}
        )
        assert kind_of(answer) == (503, "not-called")
        headers = {k: v for k, v in answer.headers.items() if k.lower() != "date"}
        seen.add((answer.text, str(sorted(headers.items()))))

    assert len(seen) == 1


@pytest.mark.parametrize("error", [_refusal(NumberInvalid), _refusal(NumberBlocked)])
async def test_a_refusal_of_the_next_way_tells_no_more(
    error: Exception, sites: Sites, world: World, bell: Bell
) -> None:
    """Neither the answer nor the state afterwards."""
    other = Bell(world.clock, name="other", fate=raises(error))
    browser = (await sites.open([bell, other])).browser()
    started = await browser.start(world.phone())
    await world.clock.sleep(60)

    assert kind_of(await browser.next(started)) == (503, "not-called")

    failed = await browser.state(started)
    assert (failed["state"], failed["reason"]) == ("failed", "not_called")


async def test_a_next_way_that_nobody_reaches_is_the_same(
    sites: Sites, world: World, bell: Bell
) -> None:
    """The present challenge was given up for it."""
    other = Bell(world.clock, name="other", fate=raises(NotSent("other", "ring", "x")))
    browser = (await sites.open([bell, other])).browser()
    started = await browser.start(world.phone())
    await world.clock.sleep(60)

    assert kind_of(await browser.next(started)) == (503, "not-called")
    assert (await browser.state(started))["reason"] == "not_called"


@pytest.mark.parametrize(
    "error", [AnswerLost("bell", "ring", "reset"), _refusal(ProviderUnavailable)]
)
async def test_a_lost_answer_is_told_as_unknown(
    error: Exception, sites: Sites, world: World
) -> None:
    """The phone may ring, and the page says so."""
    site = await sites.open([Bell(world.clock, fate=raises(error))])
    browser = site.browser()
    phone = world.phone()

    started = await browser.start(phone)

    assert (started["state"], started["challenge"]) == ("unknown", None)
    again = await browser.ask("POST", "/verifications", {"phone": phone.e164})
    assert kind_of(again) == (429, "phone-busy")


class _Broken(MemoryStore):
    is_broken = False

    async def get(self, attempt_id: str) -> Any:  # noqa: ANN401 - as the other one
        if self.is_broken:
            raise StoreError("expected a disk")
        return await super().get(attempt_id)


async def test_a_store_that_fails_is_told_as_unavailable(
    sites: Sites, world: World, bell: Bell
) -> None:
    """The page tries again, and the log has the reason."""
    store = _Broken()
    browser = (await sites.open([bell], store=store)).browser()
    started = await browser.start(world.phone())
    store.is_broken = True

    answers = [
        await browser.ask("GET", f"/verifications/{started['id']}"),
        await browser.ask("GET", f"/verifications/{started['id']}/events"),
        await browser.type(started, "1000"),
        await browser.ask("GET", "/account"),
    ]

    assert [each.status_code for each in answers] == [503] * 4


_ASK: list[Callable[[Browser, dict[str, Any]], Any]] = [
    lambda browser, of: browser.ask("GET", f"/verifications/{of['id']}"),
    lambda browser, of: browser.ask("GET", f"/verifications/{of['id']}?wait=25"),
    lambda browser, of: browser.events(of),
    lambda browser, of: browser.type(of, "1000"),
    lambda browser, of: browser.next(of),
    lambda browser, of: browser.cancel(of),
]


@pytest.mark.parametrize("ask", _ASK)
async def test_nobody_else_gets_at_a_verification(
    ask: Callable[[Browser, dict[str, Any]], Any],
    sites: Sites,
    world: World,
    bell: Bell,
) -> None:
    """Somebody else's is as unknown as one that never was, with any cookie or none."""
    site = await sites.open([bell])
    owner, other, nobody = (site.browser() for _ in range(3))
    started = await owner.start(world.phone())
    await other.start(world.phone())
    forged = site.browser(cookie=_forged(world, started["id"]))
    began = world.clock.monotonic()

    answers = [await ask(each, started) for each in (other, nobody, forged)]
    guessed = await ask(owner, {"id": "A" * 22})

    assert {each.text for each in answers} == {guessed.text}
    assert kind_of(guessed) == (404, "not-found")
    assert world.clock.monotonic() == began
    assert (await owner.state(started))["state"] == "waiting"


def _forged(world: World, attempt_id: str) -> str:
    handles = Handles(world.canaries.secret())
    return f"__Host-callauth={handles.sign([AttemptId(attempt_id)])}"


async def test_each_character_of_a_handle_counts(
    sites: Sites, world: World, bell: Bell
) -> None:
    """Also those of the ids, and how many there are."""
    handles = Handles(sites.secret)
    one, two = AttemptId("a" * 22), AttemptId("b" * 22)
    handle = handles.sign([one, two])
    assert handles.read(handle) == [one, two]

    for place in range(len(handle)):
        for other in "Ab.-é\n":
            changed = handle[:place] + other + handle[place + 1 :]
            assert changed == handle or handles.read(changed) == ()
        assert handles.read(handle[:place] + handle[place + 1 :]) == ()
    assert handles.read(handles.sign([one])[23:]) == ()
    assert handles.read("") == ()


_FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "https://app.example.evil.example"},
    {"origin": "http://app.example"},
    {"origin": "https://app.example:8443"},
    {"origin": "null"},
    {"sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "same-site"},
    {"origin": PUBLIC_URL, "sec_fetch_site": "cross-site"},
]


@pytest.mark.parametrize("headers", _FOREIGN)
async def test_another_site_changes_nothing(
    headers: dict[str, str], sites: Sites, world: World, bell: Bell
) -> None:
    """Whatever a browser sends along with it."""
    site = await sites.open([bell])
    browser = site.browser()
    started = await browser.start(world.phone())
    await world.clock.sleep(60)
    foreign = site.browser(**headers)
    foreign.client.cookies = browser.client.cookies

    answers = [
        await foreign.ask("POST", "/verifications", {"phone": world.phone().e164}),
        await foreign.type(started, "1000"),
        await foreign.next(started),
        await foreign.cancel(started),
    ]

    assert [kind_of(each) for each in answers] == [(403, "cross-site")] * 4
    assert len(bell.rung) == 1
    assert (await browser.state(started))["challenge"]["tries_left"] == 3


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": PUBLIC_URL, "sec_fetch_site": "same-origin"},
        {"origin": "https://APP.example"},
        {"sec_fetch_site": "none"},
        {},
    ],
)
async def test_our_own_pages_are_served(
    headers: dict[str, str], sites: Sites, world: World, bell: Bell
) -> None:
    """And programs, which tell no origin."""
    browser = (await sites.open([bell])).browser(**headers)

    started = await browser.start(world.phone())

    assert (await browser.type(started, "1000")).json()["state"] == "verified"


async def test_stopping_ends_what_waits(sites: Sites, world: World, bell: Bell) -> None:
    """A server that stops does not wait for browsers."""
    site = await sites.open([bell])
    browser = site.browser()
    started = await browser.start(world.phone())
    began = world.clock.monotonic()
    waiting = [
        asyncio.create_task(browser.events(started)),
        asyncio.create_task(
            browser.ask("GET", f"/verifications/{started['id']}?wait=25")
        ),
    ]
    for _ in range(50):
        await asyncio.sleep(0)

    site.service.close()

    assert [(await each).status_code for each in waiting] == [200, 200]
    assert (await browser.state(started, wait=25))["state"] == "waiting"
    assert world.clock.monotonic() == began
