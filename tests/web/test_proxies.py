from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from callauth import Limit, VerificationPolicy
from callauth.web.proxies import Proxies
from callauth.web.request import WebRequest
from tests.verification.own import Bell
from tests.verification.world import World

from .sites import Sites

_ONE_EACH = VerificationPolicy(starts_per_client_ip=Limit(1, seconds=3600))
_PROXIES = ["10.0.0.0/8", "fd00::/8"]


async def _nothing() -> AsyncIterator[bytes]:
    yield b""


def _address(
    peer: str | None, *forwarded: str, trusted: list[str] = _PROXIES
) -> str | None:
    headers = [("X-Forwarded-For", each) for each in forwarded]
    request = WebRequest.of(headers, query={}, peer=peer, chunks=_nothing())
    return Proxies(trusted).client_ip(request)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.1", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.1, 198.51.100.1,10.1.1.1"], "198.51.100.1"),
        ("10.0.0.1", ["10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["198.51.100.1, x"], None),
        ("10.0.0.1", ["198.51.100.1,"], "10.0.0.1"),
        ("fd00::1", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", [], "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", [], "203.0.113.9"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.1, 198.51.100.1, ::ffff:10.1.1.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, 10.1.1.1:80"], "198.51.100.1"),
        ("10.0.0.1", ["[2001:db8:1:2::9]:4711"], "2001:db8:1:2::/64"),
        ("10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", [":80"], None),
        ("10.0.0.1", ["["], None),
        ("localhost", ["198.51.100.1"], None),
        (None, ["198.51.100.1"], None),
    ],
)
def test_only_known_proxies_are_believed(
    peer: str | None, forwarded: list[str], expected: str | None
) -> None:
    """And only about whom they have seen themselves; anybody can write the rest."""
    assert _address(peer, *forwarded) == expected


def test_nobody_is_believed_unless_told() -> None:
    """Not even this machine."""
    assert _address("127.0.0.1", "198.51.100.1", trusted=[]) == "127.0.0.1"


async def test_a_header_makes_nobody_another_client(
    sites: Sites, world: World, bell: Bell
) -> None:
    """Otherwise there were no limit at all."""
    site = await sites.open([bell], policy=_ONE_EACH)
    statuses = []
    for number in range(3):
        address = f"198.51.100.{number}"
        browser = site.browser(x_forwarded_for=address, forwarded=f"for={address}")
        phone = {"phone": world.phone().e164}
        statuses.append(
            (await browser.ask("POST", "/verifications", phone)).status_code
        )

    assert statuses == [201, 429, 429]


async def test_clients_behind_a_known_proxy_are_told_apart(
    sites: Sites, world: World, bell: Bell
) -> None:
    """Each has its own limit, also for the next way."""
    site = await sites.open(
        [bell], policy=_ONE_EACH, trusted_proxies=["203.0.113.0/24"]
    )

    for number in range(3):
        browser = site.browser(x_forwarded_for=f"198.51.100.{number}")
        await browser.start(world.phone())


async def test_the_application_may_tell_the_address(
    sites: Sites, world: World, bell: Bell
) -> None:
    """By a header of its own proxy."""
    site = await sites.open(
        [bell],
        policy=_ONE_EACH,
        client_ip=lambda request: request.headers.get("x-real-ip"),
    )

    for number in range(3):
        await site.browser(x_real_ip=f"198.51.100.{number}").start(world.phone())
