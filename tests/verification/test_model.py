"""The real Verifier and the model agree, whatever happens in whatever order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import NoReturn, TypeVar

from attrs import define
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from callauth import (
    AnswerLost,
    Attempt,
    AttemptId,
    CallAuthError,
    Limit,
    ManualClock,
    MemoryStore,
    NotSent,
    NumberBlocked,
    PhoneNumber,
    Pin,
    RingLocked,
    VerificationPolicy,
    Verifier,
    WebhookHint,
)

from .model import FAILURES, STARTS, Case, Model, Refused, pin_of
from .own import Bell, Desk
from .world import STEADY

T = TypeVar("T")

_PHONES = tuple(PhoneNumber(f"+7999123456{each}") for each in range(3))
_POLICY = VerificationPolicy(
    starts_per_phone=Limit(STARTS), failures_per_phone=Limit(FAILURES)
)
_FATES = {
    "well": None,
    "not sent": NotSent("x", "x", "x"),
    "lost": AnswerLost("x", "x", "x"),
    "no": NumberBlocked("x", "x", 12, "BLOCKED_PHONE"),
}
# Each step takes a moment of its own, so that nothing ever happens at once.
_STEP_SECONDS = 0.001
_which = st.integers(0, 99)
_ROUTES = ((20.0, None, 30.0), (None, 20.0, 30.0), (20.0, 30.0, None))
_PINS = ("0000", "0000", "0000", "another's", "right")
_verifiers = st.integers(0, 1)


@define
class _Raise:
    error: Exception

    def __call__(self) -> NoReturn:
        raise self.error


def _refusal_of(action: Callable[[], object]) -> Refused | None:
    try:
        action()
    except Refused as refusal:
        return refusal
    return None


async def _tried(work: Awaitable[T]) -> tuple[T | None, CallAuthError | None]:
    try:
        return await work, None
    except CallAuthError as error:
        return None, error


def _channels(clock: ManualClock, route: tuple[float | None, ...]) -> list[Bell | Desk]:
    made: list[Bell | Desk] = []
    for position, seconds in enumerate(route):
        name = f"channel {position}"
        if seconds is None:
            made.append(Desk(clock, name=name))
        else:
            pins = [Pin(pin_of(position, call)) for call in range(200)]
            made.append(Bell(clock, name=name, ring_seconds=seconds, pins=pins))
    return made


class VerifierMachine(RuleBasedStateMachine):
    """Do the same with both, and compare."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.clock = ManualClock(autojump=False)
        self.channels: list[Bell | Desk] = []
        self.model = Model(())
        self.ids: dict[Case, AttemptId] = {}
        self.verifiers: list[Verifier] = []

    @initialize(route=st.sampled_from(_ROUTES))
    def begin(self, route: tuple[float | None, ...]) -> None:
        """Open two Verifiers that share a store."""
        self.model = Model(route)
        self.channels = _channels(self.clock, route)
        store = MemoryStore()
        self.verifiers = [self.opened(store) for _ in range(2)]

    def opened(self, store: MemoryStore) -> Verifier:
        """Return one of the Verifiers that share a store."""
        verifier = Verifier(
            self.channels, store=store, policy=_POLICY, poll=STEADY, clock=self.clock
        )
        return self.run(self.stack.enter_async_context(verifier))

    def run(self, work: Awaitable[T]) -> T:
        """Return what the work returns."""

        async def waited() -> T:
            return await work

        return self.runner.run(waited())

    def both(self, theirs: Callable[[], object], ours: Awaitable[T]) -> T | None:
        """Let both do it; what one refuses the other must refuse as well."""
        expected = _refusal_of(theirs)
        answer, error = self.run(_tried(ours))
        name = None if error is None else type(error).__name__
        assert name == (None if expected is None else expected.name)
        if isinstance(error, RingLocked) and expected is not None:
            assert expected.retry_after is not None
            assert abs(error.retry_after - expected.retry_after) < _STEP_SECONDS
        return answer

    def pass_time(self, seconds: float = _STEP_SECONDS) -> None:
        """Turn both clocks."""
        self.model.advance(seconds)
        self.run(self.clock.advance(seconds))

    def case(self, which: int) -> Case:
        """Return one of the attempts, more often one that is live."""
        cases = list(self.ids)
        live = [each for each in cases if each.state == "Pending"]
        chosen = live if live and which < 90 else cases
        return chosen[-1 - which % len(chosen)]

    @rule(phone=st.integers(0, 2), through=_verifiers)
    def start(self, phone: int, through: int) -> None:
        """Somebody wants to log in."""
        self.pass_time()
        started = self.verifiers[through].start(_PHONES[phone])
        attempt = self.both(partial(self.model.start, phone), started)
        if attempt is not None:
            self.ids[self.model.cases[-1]] = attempt.id

    @precondition(lambda self: self.ids)
    @rule(which=_which, through=_verifiers, pin=st.sampled_from(_PINS))
    def submit(self, which: int, through: int, pin: str) -> None:
        """Somebody types his pin, a wrong one, or that of another attempt."""
        self.pass_time()
        case = self.case(which)
        typed = {"right": case.pin, "another's": self.case(which + 1).pin}.get(
            pin
        ) or "0000"
        submitted = self.verifiers[through].submit(self.ids[case], typed)
        self.both(partial(self.model.submit, case, typed), submitted)

    @precondition(lambda self: self.ids)
    @rule(which=_which, through=_verifiers)
    def next_channel(self, which: int, through: int) -> None:
        """Somebody got no call."""
        self.pass_time()
        case = self.case(which)
        asked = self.verifiers[through].next_channel(self.ids[case])
        self.both(partial(self.model.next_channel, case), asked)

    @precondition(lambda self: len(self.ids) > 2)
    @rule(which=_which, through=_verifiers)
    def cancel(self, which: int, through: int) -> None:
        """Somebody gives up."""
        self.pass_time()
        case = self.case(which)
        cancelled = self.verifiers[through].cancel(self.ids[case])
        self.both(partial(self.model.cancel, case), cancelled)

    @precondition(lambda self: self.model.leases)
    @rule(which=_which, caller=st.integers(0, 2))
    def dial(self, which: int, caller: int) -> None:
        """Somebody dials a number that was leased once."""
        self.pass_time()
        lease_id = self.model.leases - which % self.model.leases
        self.model.dial(lease_id, caller)
        for each in self.channels:
            if isinstance(each, Desk):
                each.callers[each.leases[lease_id - 1].leased_at] = _PHONES[caller]

    @precondition(lambda self: self.model.leases)
    @rule(which=_which, through=_verifiers)
    def receive(self, which: int, through: int) -> None:
        """Let a webhook come, true or forged."""
        self.pass_time()
        lease_id = self.model.leases + 1 - which % (self.model.leases + 1)
        hint = WebhookHint(lease_id=lease_id, phone=_PHONES[0], success=True)
        received = self.verifiers[through].receive(hint)
        self.both(partial(self.model.hint, lease_id), received)

    @rule(seconds=st.sampled_from([0.5, 1.0, 5.0, 20.0, 31.0, 61.0, 119.0, 129.5]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.pass_time(seconds)

    @rule(
        position=st.integers(0, 2),
        fate=st.sampled_from(["well", "well", "well", *_FATES]),
    )
    def provider(self, position: int, fate: str) -> None:
        """Let a provider fail from now on, or be well again."""
        error = _FATES[fate]
        self.model.fates[position] = fate
        self.channels[position].fate = None if error is None else _Raise(error)

    @invariant()
    def agree(self) -> None:
        """Every attempt stands as the model says."""
        for case, attempt_id in self.ids.items():
            attempt = self.run(self.verifiers[0].get(attempt_id))
            assert type(attempt.outcome).__name__ == case.state
            self._agree_on_challenge(case, attempt)

    @invariant()
    def rang_as_often(self) -> None:
        """No phone rang for anything but a start or a next channel."""
        rung = [len(each.rung) for each in self.channels if isinstance(each, Bell)]
        asked = [self.model.calls[at] for at, s in enumerate(self.model.route) if s]
        assert rung == asked

    def _agree_on_challenge(self, case: Case, attempt: Attempt) -> None:
        if case.state != "Pending":
            assert attempt.challenge is None
            return
        assert attempt.channel == f"channel {case.position}"
        assert attempt.challenge is not None
        if case.lease_id is None:
            assert attempt.tries_left == case.tries

    def teardown(self) -> None:
        """Close everything; live attempts stay stored."""
        self.run(self.stack.aclose())
        self.runner.close()


TestVerifierMachine = VerifierMachine.TestCase
TestVerifierMachine.settings = settings(
    settings.default, stateful_step_count=50, suppress_health_check=list(HealthCheck)
)
