"""Proxies: whose request it is, when others pass it on.

Anybody can send X-Forwarded-For, so it counts only from a proxy that is known, and only
up to the first address from the right that is none of ours. ``Forwarded`` is never
read: a proxy that sets one of the two headers lets the other one through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TypeAlias

from ..errors import ConfigurationError
from .request import WebRequest

ClientIp: TypeAlias = Callable[[WebRequest], str | None]

# Whoever has one address of IPv6 has all of these.
_ONE_CLIENT_PREFIX = 64


class Proxies:
    """Tell the address of the client, by the proxies that may pass requests on.

    Raises ConfigurationError for something else than addresses and networks.
    """

    def __init__(self, trusted: Iterable[str]) -> None:
        if isinstance(trusted, str):
            raise ConfigurationError("expected a list of proxies, got one text")
        self._trusted = [_network(each) for each in trusted]

    def client_ip(self, request: WebRequest) -> str | None:
        """Return the address to count for, None when it is not known."""
        hops = request.headers.get("x-forwarded-for", "").split(",")
        address = request.peer
        while address is not None and self._is_ours(address) and hops:
            before = hops.pop().strip()
            if not before:
                break
            address = before
        return None if address is None else _client(address)

    def _is_ours(self, address: str) -> bool:
        found = _found(address)
        return any(found in network for network in self._trusted if found)


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError:
        raise ConfigurationError(
            "expected trusted proxies as addresses or networks, such as 10.0.0.0/8"
        ) from None


def _client(address: str) -> str | None:
    found = _found(address)
    if isinstance(found, IPv6Address):
        whole = (found.packed, _ONE_CLIENT_PREFIX)
        return str(IPv6Network(whole, strict=False))
    return None if found is None else str(found)


def _found(text: str) -> IPv4Address | IPv6Address | None:
    # Some proxies tell the port, too: "192.0.2.1:4711", "[2001:db8::1]:4711".
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    # A socket of both kinds shows IPv4 like this.
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
