"""Chronicle: what people asked of the Verifiers, and what these told, in one order.

Ids of attempts are random; here each has the number of its turn, so that two runs of
one seed write the same lines.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import TypeVar

from attrs import define, field

from callauth import (
    Attempt,
    AttemptId,
    Confirmed,
    Expired,
    Method,
    Outcome,
    Pending,
    PhoneNumber,
    Rejected,
    Unknown,
    Verifier,
    WebhookHint,
)
from callauth.verification import AttemptEnded, AttemptStarted, VerificationEvent

T = TypeVar("T")
OUTCOMES = (Pending, Confirmed, Rejected, Expired, Unknown)

# Tasks that a Verifier starts for an act inherit it.
ACT: ContextVar[Act | None] = ContextVar("ACT", default=None)


@define(kw_only=True, eq=False)
class Person:
    """Somebody at a keyboard, with the phone that he says is his."""

    name: str
    phone: PhoneNumber
    is_holder: bool = True
    must_be: bool | None = None
    """Whether he must be confirmed in the end, must not be, or either."""


@define(kw_only=True, eq=False)
class Act:
    """One thing that somebody asked of a Verifier."""

    who: Person
    what: str
    attempt_id: AttemptId | None
    typed: str
    began: float
    ended: float | None = None
    result: object = None
    error: BaseException | None = None


@define(kw_only=True, eq=False)
class Case:
    """One attempt, as it is seen from outside."""

    number: int
    who: Person
    asks: list[Act] = field(factory=list)
    ends: list[tuple[float, Outcome]] = field(factory=list)

    @property
    def is_confirmed(self) -> bool:
        """Whether anybody was told so."""
        return any(isinstance(outcome, Confirmed) for _, outcome in self.ends)


class Chronicle:
    """Write everything down."""

    def __init__(self, elapsed: Callable[[], float]) -> None:
        self._elapsed = elapsed
        self.lines: list[str] = []
        self.acts: list[Act] = []
        self.cases: dict[AttemptId, Case] = {}

    def told(self, event: VerificationEvent) -> None:
        """Take what a Verifier tells."""
        match event:
            case AttemptStarted():
                act = ACT.get()
                assert act is not None, "an attempt began that nobody asked for"
                case = Case(number=len(self.cases), who=act.who, asks=[act])
                self.cases[event.attempt_id] = case
            case AttemptEnded():
                end = (self._elapsed(), event.outcome)
                self.cases[event.attempt_id].ends.append(end)
        words = [type(event).__name__, self._name(event)]
        words += [str(getattr(event, "channel", "")), str(getattr(event, "reason", ""))]
        words.append(_said(getattr(event, "outcome", None)))
        self._write(*words)

    async def act(
        self,
        act: Act,
        work: Awaitable[T],
    ) -> T:
        """Return what comes of the work."""
        self.acts.append(act)
        act.began = self._elapsed()
        if act.what == "next_channel" and act.attempt_id in self.cases:
            self.cases[act.attempt_id].asks.append(act)
        ACT.set(act)
        try:
            result = await work
        except BaseException as error:
            act.error = error
            raise
        else:
            act.result = result
            return result
        finally:
            act.ended = self._elapsed()
            said = _said(act.result) if act.error is None else type(act.error).__name__
            self._write(act.who.name, act.what, self._numbered(act.attempt_id), said)

    def _write(self, *words: str) -> None:
        self.lines.append(f"{self._elapsed():.6f} {' '.join(filter(None, words))}")

    def _name(self, event: VerificationEvent) -> str:
        return self._numbered(getattr(event, "attempt_id", None))

    def _numbered(self, attempt_id: AttemptId | None) -> str:
        case = self.cases.get(attempt_id) if attempt_id else None
        return "" if case is None else f"#{case.number}"


class Desk:
    """Where people ask one Verifier."""

    def __init__(self, verifier: Verifier, chronicle: Chronicle) -> None:
        self._verifier = verifier
        self._chronicle = chronicle

    async def start(
        self, who: Person, *, purpose: str = "login", method: Method | None = None
    ) -> Attempt:
        """Begin an attempt for the phone that he says is his."""
        work = self._verifier.start(who.phone, purpose=purpose, method=method)
        return await self._do(who, "start", work)

    async def submit(self, who: Person, attempt_id: AttemptId, typed: str) -> Outcome:
        """Type something."""
        work = self._verifier.submit(attempt_id, typed)
        return await self._do(who, "submit", work, attempt_id, typed)

    async def wait(self, who: Person, attempt_id: AttemptId) -> Outcome:
        """Wait for the outcome."""
        work = self._verifier.wait(attempt_id)
        return await self._do(who, "wait", work, attempt_id)

    async def next_channel(self, who: Person, attempt_id: AttemptId) -> Attempt:
        """Say that no call came."""
        work = self._verifier.next_channel(attempt_id)
        return await self._do(who, "next_channel", work, attempt_id)

    async def cancel(self, who: Person, attempt_id: AttemptId) -> Attempt:
        """Give up."""
        work = self._verifier.cancel(attempt_id)
        return await self._do(who, "cancel", work, attempt_id)

    async def receive(self, who: Person, hint: WebhookHint) -> None:
        """Send a webhook."""
        await self._do(who, "receive", self._verifier.receive(hint))

    async def _do(
        self,
        who: Person,
        what: str,
        work: Awaitable[T],
        attempt_id: AttemptId | None = None,
        typed: str = "",
    ) -> T:
        act = Act(who=who, what=what, attempt_id=attempt_id, typed=typed, began=0.0)
        return await self._chronicle.act(act, work)


def _said(result: object) -> str:
    if isinstance(result, Attempt):
        return f"{result.channel} {type(result.outcome).__name__}"
    if isinstance(result, OUTCOMES):
        return f"{type(result).__name__} {getattr(result, 'reason', '')}".strip()
    return "" if result is None else type(result).__name__
