"""Hints: unsigned webhooks, each of which makes us ask once and proves nothing."""

from __future__ import annotations

import secrets
from datetime import timedelta

from ..client.edge import require
from ..errors import CallAuthError, StoreError
from ..models.attempt import AttemptId
from ..models.hint import WebhookHint
from ..transport.port import Clock
from .dial_ins import DialIns
from .reserving import lease_name
from .store import Store

_ONCE_PER = timedelta(seconds=1)


class Hints:
    """Turn webhooks into questions."""

    def __init__(self, store: Store, *, dial_ins: DialIns, clock: Clock) -> None:
        self._store = store
        self._dial_ins = dial_ins
        self._clock = clock

    async def receive(self, hint: WebhookHint) -> None:
        """Ask the provider about the attempt that is meant, if there is one."""
        lease_id = require(hint, WebhookHint).lease_id
        now = self._clock.now()
        found = await self._store.holder(lease_name(lease_id), now=now)
        if found is None:
            return
        mine = secrets.token_hex(8)
        turn = await self._store.lock(
            f"hint/{lease_id}", mine, until=now + _ONCE_PER, now=now
        )
        if turn.owner != mine:
            return
        try:
            await self._dial_ins.look(AttemptId(found.owner))
        except StoreError:
            raise
        except CallAuthError:
            # The poller asks again anyway.
            pass
