"""Bugs of the Verifier and its stores."""

from __future__ import annotations

from .patch import Patch

_FLOW = "tests/verification/test_flow.py"
_SUBMIT = "tests/verification/test_submit.py"
_LOSSES = "tests/verification/test_losses.py"
_RESUME = "tests/verification/test_resume.py"
_CLOCKS = "tests/verification/test_clock_steps.py"

VERIFIER = (
    Patch(
        name="a lost call is no reason to wait",
        file="verification/placing.py",
        old="""        await self._reserving.may_ring(reserved)
""",
        new="""        await self._reserving.release(reserved)
""",
        tests=(_LOSSES,),
    ),
    Patch(
        name="a provider that failed has placed nothing",
        file="verification/placing.py",
        old="if not isinstance(error, ProviderUnavailable):",
        new="if error:",
        tests=(_LOSSES, "tests/verification/test_channels.py"),
    ),
    Patch(
        name="the ring lock ends by the wall clock alone",
        file="verification/ring_ends.py",
        old="max(0.0, end.at - self._clock.monotonic())",
        new="0.0",
        tests=(_CLOCKS,),
    ),
    Patch(
        name="the phone is locked from when it was asked for",
        file="verification/reserving.py",
        old="await self._hold_ring(reserved, _ring_seconds(reserved.channel))",
        new="return",
        tests=("tests/verification/test_next_channel.py", _CLOCKS),
    ),
    Patch(
        name="a wrong pin costs nothing",
        file="verification/flow.py",
        old="left = stored.tries_left - 1",
        new="left = stored.tries_left",
        tests=(_SUBMIT,),
    ),
    Patch(
        name="a pin that was typed too late counts",
        file="verification/flow.py",
        old="if stored.state is State.AWAITING_PIN and is_over(stored, now):",
        new="if stored.state is State.AWAITING_CALL and is_over(stored, now):",
        tests=(_FLOW, _SUBMIT),
    ),
    Patch(
        name="whoever called, it was the person",
        file="verification/flow.py",
        old="if caller != stored.phone:",
        new="if caller is None:",
        tests=(_FLOW, "tests/verification/test_reverse.py"),
    ),
    Patch(
        name="an old challenge still counts after the next channel",
        file="verification/flow.py",
        old="""        pin_mac=None,
        digits=None,
        tries_left=0,""",
        new="""        tries_left=stored.tries_left,""",
        tests=(_FLOW, "tests/verification/test_next_channel.py"),
    ),
    Patch(
        name="what a dead process was placing has expired",
        file="verification/flow.py",
        old="(State.STARTING, Event.LOST): State.UNKNOWN,",
        new="(State.STARTING, Event.LOST): State.EXPIRED,",
        tests=(_FLOW, _RESUME),
    ),
    Patch(
        name="a pin is as good for any attempt",
        file="verification/pepper.py",
        old='return self._mac("pin", attempt_id, phone.e164, pin.reveal())',
        new='return self._mac("pin", "", "", pin.reveal())',
        tests=("tests/verification/test_pepper.py", _SUBMIT),
    ),
    Patch(
        name="the last one who writes wins",
        file="verification/memory.py",
        old="if kept is None or kept.version != expected_version:",
        new="if kept is None:",
        tests=("tests/verification/test_memory_store.py", _RESUME),
    ),
    Patch(
        name="every webhook makes us ask",
        file="verification/hints.py",
        old="if turn.owner != mine:",
        new="if not turn.owner:",
        tests=("tests/verification/test_webhooks.py",),
    ),
    Patch(
        name="tries that are left are given back twice",
        file="verification/casebook.py",
        old="if unused > 0:",
        new="for _ in range(2):",
        tests=(
            "tests/verification/test_guessing.py",
            "tests/verification/test_model.py",
        ),
    ),
    Patch(
        name="the next channel costs the phone no start",
        file="verification/starts.py",
        old="written = await self._counted(stored.phone, client_ip, reserved, replace)",
        new="written = await replace()",
        tests=(
            "tests/verification/test_next_channel.py",
            "tests/verification/test_limits.py",
        ),
    ),
    Patch(
        name="an answer that was lost with a dead process does not matter",
        file="verification/dial_ins.py",
        old="is_unsure=is_resumed and channel.tells_once,",
        new="is_unsure=False,",
        tests=(_RESUME,),
    ),
    Patch(
        name="an answer comes before the disk has it",
        file="sqlite/connection.py",
        old="PRAGMA synchronous = FULL",
        new="PRAGMA synchronous = OFF",
        tests=("tests/stores",),
    ),
)
