"""Workers: who looks after which attempts, and who takes over from the dead.

Each Verifier is a worker with a name of its own. While it looks after attempts it keeps
a lock alive; when that ends, the process is taken for dead, and whoever sees it first
adopts its attempts. Two who do so at once harm nobody, since every change is made only
once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from ..client.tasks import Tasks
from ..errors import CallAuthError, StoreError
from ..transport.port import Clock, Timer
from .casebook import Casebook, read
from .store import Record, Store
from .stored import StoredAttempt

_LOG = logging.getLogger("callauth")

_BEAT_SECONDS = 3.0
_DEAD_AFTER_SECONDS = 10.0
_LOOK_SECONDS = 5.0
_PURGE_SECONDS = 3600.0


class Workers:
    """Keep this worker's lock, and look after those of others."""

    def __init__(
        self,
        name: str,
        *,
        store: Store,
        casebook: Casebook,
        tasks: Tasks,
        clock: Clock,
        is_busy: Callable[[], bool],
        resume: Callable[[StoredAttempt], None],
    ) -> None:
        self._name = name
        self._store = store
        self._casebook = casebook
        self._tasks = tasks
        self._clock = clock
        self._is_busy = is_busy
        self._resume = resume
        self._beating: Timer | None = None
        self._looking: Timer | None = None
        self._beat_again_at = 0.0
        self._purge_at = 0.0
        self._is_closed = False

    async def open(self) -> None:
        """Adopt what the dead have left."""
        await self._look()

    def watch(self) -> None:
        """See to it that what others leave is adopted."""
        self._look_later()

    async def take(self) -> None:
        """Say that this worker lives; to be called before it takes an attempt."""
        # By the lock and not the timer: a beat may have failed, or be on its way.
        if self._clock.monotonic() >= self._beat_again_at:
            await self._beat()
        if self._beating is None:
            self._beat_later()
        # Only a store that others share is looked at without end, and purged then.
        with suppress(StoreError):
            await self._purge()

    def keep(self) -> None:
        """Go on saying so, since there is an attempt to look after."""
        if self._beating is None:
            self._beat_later()
            self._tasks.start(self._try_beat)

    def close(self) -> None:
        """Look after the others no more."""
        self._is_closed = True
        if self._looking is not None:
            self._looking.cancel()

    async def aclose(self) -> None:
        """Leave the attempts to others, at once."""
        if self._beating is not None:
            self._beating.cancel()
        await self._store.unlock(_lock(self._name), self._name)

    def _on_beat(self) -> None:
        self._beating = None
        if self._is_busy():
            self.keep()

    def _beat_later(self) -> None:
        self._beating = self._clock.call_later(_BEAT_SECONDS, self._on_beat)

    async def _try_beat(self) -> None:
        # The next beat comes in time.
        with suppress(CallAuthError):
            await self._beat()

    async def _beat(self) -> None:
        now, began = self._clock.now(), self._clock.monotonic()
        until = now + timedelta(seconds=_DEAD_AFTER_SECONDS)
        await self._store.lock(_lock(self._name), self._name, until=until, now=now)
        self._beat_again_at = began + _BEAT_SECONDS

    def _on_look(self) -> None:
        self._looking = None
        self._tasks.start(self._try_look)

    async def _try_look(self) -> None:
        try:
            await self._look()
        except CallAuthError:
            self._look_later()

    async def _look(self) -> None:
        others = [name for name in await self._store.workers() if name != self._name]
        for name in others:
            if await self._store.holder(_lock(name), now=self._clock.now()) is None:
                for record in await self._store.live(name):
                    await self._adopt(record)
        await self._purge()
        # A store that dies with its process has no other processes to look after.
        if others or self._store.pepper is None:
            self._look_later()

    async def _purge(self) -> None:
        if self._clock.monotonic() >= self._purge_at:
            await self._store.purge(now=self._clock.now())
            self._purge_at = self._clock.monotonic() + _PURGE_SECONDS

    def _look_later(self) -> None:
        if self._looking is None and not self._is_closed:
            self._looking = self._clock.call_later(_LOOK_SECONDS, self._on_look)

    async def _adopt(self, record: Record) -> None:
        await self.take()
        try:
            stored = read(record)
        except StoreError:
            # Of a later release, it may be: somebody else can read it.
            _LOG.error("expected an attempt that can be read: %s", record.attempt_id)
            return
        adopted = await self._casebook.adopt(stored)
        if adopted is not None:
            self._resume(adopted)


def _lock(worker: str) -> str:
    return f"worker/{worker}"
