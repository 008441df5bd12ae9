"""EventStream: server-sent events, from the present state to the settled one.

The state comes first, so a browser that comes back needs nothing of what it has missed.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace

from attrs import field, frozen

from ..errors import CallAuthError
from ..models.attempt import AttemptId
from ..transport.port import Clock
from .answers import VerificationState, json_of
from .waits import Waits

HEADERS: Mapping[str, str] = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    # Or nginx keeps the events back until there are many.
    "X-Accel-Buffering": "no",
}
_HEARTBEAT_SECONDS = 10.0
# Proxies and stopping servers see an end in any case; the browser comes back.
_LONGEST_SECONDS = 60.0
_COME_BACK_MILLISECONDS = 1000


@frozen(kw_only=True)
class EventStream:
    """Give the events of one verification as chunks of bytes."""

    first: VerificationState
    read: Callable[[], Awaitable[VerificationState]] = field(repr=False)
    waits: Waits = field(repr=False)
    clock: Clock = field(repr=False)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Give each event until the verification is settled, or for a minute."""
        state, sent = self.first, ""
        end = self.clock.monotonic() + _LONGEST_SECONDS
        yield f"retry: {_COME_BACK_MILLISECONDS}\n\n".encode()
        while True:
            name = event_id(state)
            yield b": waiting\n\n" if name == sent else _event(name, state)
            sent = name
            left = end - self.clock.monotonic()
            if state.is_settled or left <= 0 or self.waits.is_closed:
                return
            try:
                seconds = min(_HEARTBEAT_SECONDS, left)
                await self.waits.outcome(AttemptId(state.id), seconds)
                state = await self.read()
            except CallAuthError:
                # Its status is sent already: coming back, the browser gets the problem.
                return


def event_id(state: VerificationState) -> str:
    """Return a name of the state that changes when it does, not with the time."""
    challenge = state.challenge
    still = None if challenge is None else replace(challenge, seconds_left=0, qr_svg="")
    text = json_of(replace(state, challenge=still, next=None, now=""))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _event(name: str, state: VerificationState) -> bytes:
    return f"id: {name}\nevent: state\ndata: {json_of(state)}\n\n".encode()
