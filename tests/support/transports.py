"""Transports: all that callauth has, each to be judged by the same tests.

A test that is ``on_each_transport`` runs once per transport and takes what makes one::

    @on_each_transport
    async def test_no_cookie_is_kept(make):
        async with opened(make) as transport:
            ...

Whoever adds a transport adds it to ``TRANSPORTS``, and nothing else.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import partial
from typing import Protocol

import pytest

from callauth import HttpxTransport, Transport
from callauth.transport.aiohttp import AiohttpTransport
from callauth.transport.native import NativeTransport


class Make(Protocol):
    """Makes a transport; every one takes these two, and has the same defaults."""

    def __call__(
        self, *, ssl_context: ssl.SSLContext | None = None, connections: int = 1000
    ) -> Transport:
        """Return a new one."""


TRANSPORTS: Mapping[str, Make] = {
    "httpx": HttpxTransport,
    "httpx2": partial(HttpxTransport, module="httpx2"),
    "aiohttp": AiohttpTransport,
    "native": NativeTransport,
}
"""All of them, by the names that ids of tests have."""

on_each_transport = pytest.mark.parametrize(
    "make", TRANSPORTS.values(), ids=TRANSPORTS.keys()
)
