from __future__ import annotations

import inspect
import json
from typing import Any, Self, cast

import pytest
from attrs import define, field, frozen

import callauth
from callauth import (
    CallPassClient,
    NeroTechClient,
    Response,
    ScriptedTransport,
    TelefonIPClient,
)
from callauth.protocol.callpass import VERSIONS, Version
from tests.support.canaries import Canaries

from .callers import CALLERS, Line, Planted
from .trial import RETRY

_CLIENTS = [
    getattr(callauth, name) for name in callauth.__all__ if name.endswith("Client")
]
# These repeat what others ask, or ask nothing.
_ASK_NOTHING_NEW = {"wait_incoming", "wait_call", "wait_status", "aclose"}


@define
class _Noted:
    """Pass everything on to a client, and remember which methods were called."""

    client: Any
    seen: set[str]

    def __getattr__(self, name: str) -> object:
        self.seen.add(f"{type(self.client).__name__}.{name}")
        return getattr(self.client, name)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()


@frozen(kw_only=True)
class _Noting(Line):
    seen: set[str] = field(factory=set)

    def nerotech(self) -> NeroTechClient:
        return cast("NeroTechClient", _Noted(Line.nerotech(self), self.seen))

    def telefonip(self) -> TelefonIPClient:
        return cast("TelefonIPClient", _Noted(Line.telefonip(self), self.seen))

    def callpass(self, version: Version) -> CallPassClient:
        return cast("CallPassClient", _Noted(Line.callpass(self, version), self.seen))


async def _asked(operation: str, planted: Planted) -> set[str]:
    caller = CALLERS[operation]
    body = json.dumps(caller.document(planted)).encode()
    line = _Noting(
        base_url="https://api.example/",
        transport=ScriptedTransport([Response(status=200, body=body)]),
        retry=RETRY,
        planted=planted,
    )
    assert await caller.call(line) == caller.means(planted)
    return line.seen


async def test_no_public_operation_is_forgotten(canaries: Canaries) -> None:
    """Whoever adds one to a client must have it attacked, too."""
    planted, seen = Planted.by(canaries), set[str]()
    for operation in CALLERS:
        seen |= await _asked(operation, planted)

    assert seen == {
        f"{client.__name__}.{name}"
        for client in _CLIENTS
        for name, _ in inspect.getmembers(client, inspect.iscoroutinefunction)
        if not name.startswith("_") and name not in _ASK_NOTHING_NEW
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_no_version_is_forgotten(version: Version) -> None:
    """Each has an address and an answer of its own."""
    assert f"start {version}" in CALLERS
