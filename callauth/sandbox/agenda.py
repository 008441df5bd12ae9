"""Agenda: everything that the sandbox has yet to do, owned in one place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TypeVar

from ..transport.port import Clock, Timer

T = TypeVar("T")


class Agenda:
    """Keep timers and tasks until they are done or called off."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._timers: dict[int, Timer] = {}
        self._last = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures: list[BaseException] = []

    def later(self, seconds: float, action: Callable[[], object]) -> None:
        """Do it once, that many seconds from now."""
        self._last += 1
        number = self._last

        def act() -> None:
            del self._timers[number]
            action()

        self._timers[number] = self._clock.call_later(seconds, act)

    def promise(self, seconds: float, action: Callable[[], T]) -> list[T]:
        """Do it then, and put its result into the list, which is empty until then.

        It stays empty when the action is called off.
        """
        results: list[T] = []
        self.later(seconds, lambda: results.append(action()))
        return results

    def start(self, work: Coroutine[object, object, None]) -> None:
        """Do it in the background."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finish)

    def clear(self) -> None:
        """Call off everything; tasks end at their next suspension."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for task in self._tasks:
            task.cancel()

    def close(self) -> None:
        """Call off everything, without waiting for the end of what runs.

        Raises what a task has died of until now, since nobody else has seen it.
        """
        self.clear()
        failures, self._failures = self._failures, []
        if failures:
            raise failures[0]

    async def aclose(self) -> None:
        """Call off everything and wait until nothing runs any more.

        Raises what a task died of, since nobody else has seen it.
        """
        self.clear()
        if self._tasks:
            await asyncio.wait(tuple(self._tasks))
        self.close()

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            self._failures.append(failure)
