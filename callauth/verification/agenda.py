"""Agenda: looks at attempts when they are due; one timer, a few of them at a time."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any

import anyio

from ..client.tasks import Tasks
from ..models.attempt import AttemptId
from ..transport.port import Clock, Timer

# After a suspend everything may be due at once.
_AT_ONCE = 64


class Agenda:
    """Remember when each attempt has to be looked at again."""

    def __init__(
        self,
        clock: Clock,
        *,
        tasks: Tasks,
        look: Callable[[AttemptId], Coroutine[Any, Any, None]],
    ) -> None:
        self._clock = clock
        self._tasks = tasks
        self._look = look
        # What was put off or dropped stays in the heap and is passed over.
        self._due: dict[AttemptId, float] = {}
        # Numbered, since ids are random: what is due at once comes in its order.
        self._heap: list[tuple[float, int, AttemptId]] = []
        self._numbers = count()
        self._timer: Timer | None = None
        self._timer_at = 0.0
        self._is_looking = False

    def put(self, due: float, attempt_id: AttemptId) -> None:
        """Look at the attempt at that moment of the monotonic clock, and not before."""
        self._due[attempt_id] = due
        heapq.heappush(self._heap, (due, next(self._numbers), attempt_id))
        if self._timer is None or due < self._timer_at:
            self._set_timer()

    def drop(self, attempt_id: AttemptId) -> None:
        """Look at it no more."""
        self._due.pop(attempt_id, None)

    def close(self) -> None:
        """Forget everything."""
        self._due.clear()
        self._heap.clear()
        self._set_timer()

    def __len__(self) -> int:
        return len(self._due)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._heap and not self._is_looking:
            self._timer_at = self._heap[0][0]
            delay = max(0.0, self._timer_at - self._clock.monotonic())
            self._timer = self._clock.call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._is_looking = True
        self._tasks.start(self._look_at_due)

    async def _look_at_due(self) -> None:
        try:
            while due := self._take_due():
                async with anyio.create_task_group() as group:
                    for attempt_id in due:
                        group.start_soon(self._look, attempt_id)
        finally:
            self._is_looking = False
            self._set_timer()

    def _take_due(self) -> list[AttemptId]:
        now = self._clock.monotonic()
        taken: list[AttemptId] = []
        while self._heap and self._heap[0][0] <= now and len(taken) < _AT_ONCE:
            due, _, attempt_id = heapq.heappop(self._heap)
            if self._due.get(attempt_id) == due:
                del self._due[attempt_id]
                taken.append(attempt_id)
        return taken
