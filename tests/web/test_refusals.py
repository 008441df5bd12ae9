from __future__ import annotations

from typing import Any

import pytest

from callauth import (
    AnswerLost,
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
from tests.verification.own import Bell, raises
from tests.verification.world import World

from .sites import Sites, kind_of


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
