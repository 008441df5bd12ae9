"""Residents: people who verify their own phones, each in his own way.

Who does what he is asked to, on a network that works, must be confirmed. Who proves
nothing must not be.
"""

from __future__ import annotations

from random import Random
from types import MappingProxyType

from attrs import field, frozen

from callauth import (
    Attempt,
    AttemptSettled,
    CallAuthError,
    Confirmed,
    DialInChallenge,
    Method,
    Outcome,
    Pending,
    PhoneNumber,
    PinChallenge,
    RingLocked,
    TooManyAttempts,
)
from callauth.sandbox import Answer, Subscriber, Typing

from .chronicle import Desk, Person
from .town import Town

_A_STRANGER = PhoneNumber("+79111111111")
_PATIENCE_SECONDS = 300.0


@frozen(kw_only=True)
class Habit:
    """Say how somebody is, and what must come of it where nothing goes wrong.

    ``reads_seconds`` is how long after the call he types, ``slips`` how often he types
    something wrong before, ``pastes`` that he types the whole number of the caller.
    """

    must_be: bool | None
    subscriber: Subscriber = field(factory=lambda: Subscriber(dials_after_seconds=15.0))
    purpose: str = "login"
    method: Method | None = None
    reads_seconds: float = 15.0
    slips: int = 0
    pastes: bool = False
    gives_up_once: bool = False
    visits: int = 3


def _phone(
    answers: Answer = Answer.ANSWERS,
    *,
    dials: float | None = 15.0,
    types: Typing = Typing.RIGHT,
    dials_from: PhoneNumber | None = None,
    answers_after: float = 3.0,
) -> Subscriber:
    return Subscriber(
        answers=answers,
        answers_after_seconds=answers_after,
        dials_after_seconds=dials,
        dials_from=dials_from,
        types=types,
    )


_DIALS, _RINGS, _SPEAKS = Method.REVERSE_CALL, Method.FLASH_CALL, Method.VOICE_OTP

HABITS = MappingProxyType(
    {
        "ordinary": Habit(must_be=True),
        "slow": Habit(
            must_be=True,
            subscriber=_phone(dials=100.0, answers_after=20.0),
            reads_seconds=90.0,
        ),
        "at the last moment": Habit(
            must_be=True, subscriber=_phone(dials=114.9), reads_seconds=119.9
        ),
        "slipping": Habit(must_be=True, slips=2),
        "pasting": Habit(must_be=True, pastes=True),
        "busy": Habit(must_be=True, subscriber=_phone(Answer.BUSY)),
        "not answering": Habit(must_be=True, subscriber=_phone(Answer.NO_ANSWER)),
        "unreachable": Habit(must_be=True, subscriber=_phone(Answer.UNREACHABLE)),
        "never dialling": Habit(must_be=True, subscriber=_phone(dials=None)),
        "busy, never dialling": Habit(
            must_be=True, subscriber=_phone(Answer.BUSY, dials=None)
        ),
        "recovering": Habit(must_be=True, purpose="recovery"),
        "recovering, busy": Habit(
            must_be=True, purpose="recovery", subscriber=_phone(Answer.BUSY)
        ),
        "wants to dial": Habit(must_be=True, method=_DIALS),
        "wants a robot": Habit(must_be=True, method=_SPEAKS),
        "giving up once": Habit(must_be=True, gives_up_once=True),
        "off, dialling late": Habit(
            must_be=False,
            subscriber=_phone(Answer.SWITCHED_OFF, dials=137.0, types=Typing.NOTHING),
            visits=1,
        ),
        "typing wrong": Habit(
            must_be=False, subscriber=_phone(types=Typing.WRONG, dials=None)
        ),
        "off": Habit(must_be=False, subscriber=_phone(Answer.SWITCHED_OFF, dials=None)),
        "dialling from another phone": Habit(
            must_be=False,
            method=_DIALS,
            subscriber=_phone(dials_from=_A_STRANGER),
        ),
        "typing nothing": Habit(
            must_be=False,
            method=_RINGS,
            subscriber=_phone(types=Typing.NOTHING, dials=None),
        ),
    }
)


@frozen(kw_only=True)
class Visit:
    """Let one person do what his habit says.

    He begins at one desk, and another one may serve him from then on.
    """

    town: Town
    desk: Desk
    later: Desk
    person: Person
    habit: Habit

    async def go(self) -> None:
        """Try to be verified."""
        for visit in range(self.habit.visits):
            attempt = await self._begin()
            if attempt is None:
                return
            if self.habit.gives_up_once and visit == 0:
                await self._give_up(attempt)
            elif isinstance(await self._finish(attempt), Confirmed):
                return

    async def _begin(self) -> Attempt | None:
        while True:
            try:
                return await self.desk.start(
                    self.person, purpose=self.habit.purpose, method=self.habit.method
                )
            except (RingLocked, TooManyAttempts) as error:
                if not await self._waits(error):
                    return None
            except CallAuthError:
                return None

    async def _finish(self, attempt: Attempt) -> Outcome:
        left: Attempt | None = attempt
        while left is not None:
            attempt = left
            outcome = await self._answer(attempt)
            if not isinstance(outcome, Pending):
                return outcome
            left = await self._next(attempt)
        return await self.later.wait(self.person, attempt.id)

    async def _answer(self, attempt: Attempt) -> Outcome:
        match attempt.challenge:
            case DialInChallenge():
                if self.habit.subscriber.dials_after_seconds is not None:
                    return await self.later.wait(self.person, attempt.id)
            case PinChallenge():
                return await self._type(attempt)
        return attempt.outcome

    async def _type(self, attempt: Attempt) -> Outcome:
        since = self.town.elapsed()
        await self.town.clock.sleep(self.habit.reads_seconds)
        # The call may have come a little before its answer.
        typed = self.town.learned(self.person.phone, since - 5.0)
        if typed is None:
            return Pending()
        outcome: Outcome = Pending()
        for number in range(self.habit.slips + 1):
            last = number == self.habit.slips
            try:
                outcome = await self.later.submit(
                    self.person, attempt.id, self._spelled(typed, slips=not last)
                )
            except CallAuthError:
                return await self.later.wait(self.person, attempt.id)
        return outcome

    def _spelled(self, typed: str, *, slips: bool) -> str:
        if slips:
            return f"{(int(typed) + 1) % 10 ** len(typed):0{len(typed)}}"
        if self.habit.pastes:
            return f"8 (495) {'0000000'[len(typed) :]}{typed[:-2]}-{typed[-2:]}"
        return typed

    async def _next(self, attempt: Attempt) -> Attempt | None:
        while True:
            try:
                return await self.later.next_channel(self.person, attempt.id)
            except (RingLocked, TooManyAttempts) as error:
                if not await self._waits(error):
                    return None
            except CallAuthError:
                return None

    async def _waits(self, error: RingLocked | TooManyAttempts) -> bool:
        if error.retry_after > _PATIENCE_SECONDS:
            return False
        await self.town.clock.sleep(error.retry_after + 0.001)
        return True

    async def _give_up(self, attempt: Attempt) -> None:
        await self.town.clock.sleep(5.0)
        try:
            await self.later.cancel(self.person, attempt.id)
        except AttemptSettled:
            return


async def resident(town: Town, dice: Random) -> None:
    """Let somebody be verified."""
    name = dice.choice(list(HABITS))
    habit = HABITS[name]
    person = town.settle(name, habit.subscriber, must_be=habit.must_be)
    desk, later = dice.choice(town.desks), dice.choice(town.desks)
    await Visit(town=town, desk=desk, later=later, person=person, habit=habit).go()
