"""What a child process is told to do, and what it says of it."""

from __future__ import annotations

from enum import Enum
from typing import Literal, TypeAlias

from attrs import frozen

from callauth import AttemptId, Outcome, PhoneNumber

Desk: TypeAlias = Literal["telefonip", "nerotech"]
Moment: TypeAlias = Literal["before", "amid", "after"]


class Defect(Enum):
    """Name what can be wrong with a store, to see whether the judge sees it."""

    NONE = "none"
    ACKNOWLEDGES_EARLY = "says that something is kept before it is"
    LOCKS_NOTHING = "gives every lock to everybody"
    FORGETS_WORKERS = "does not tell who has left attempts"


class Deed(Enum):
    """Name what a person does."""

    TYPES = "types a wrong pin, then the right one"
    DIALS = "dials"
    CHANGES = "asks for another channel, then types the pin"
    GUESSES = "types wrong pins only"
    LEAVES = "gives up"
    IS_ABSENT = "does nothing"
    LETS_A_STRANGER_DIAL = "has somebody else dial"


HOLDERS = (Deed.TYPES, Deed.DIALS, Deed.CHANGES)
"""Those who prove in the end that they hold the phone."""


@frozen(kw_only=True)
class Person:
    """Hold somebody who is to be verified."""

    phone: PhoneNumber
    deed: Deed


@frozen(kw_only=True)
class Death:
    """Say when a process kills itself: at the so-manieth step, by its count.

    Each operation on the store is a step, its opening included, and each request.
    """

    step: int
    moment: Moment


@frozen(kw_only=True)
class Order:
    """Hold what any of the processes has to know.

    ``shift_seconds`` is how far its clock is ahead. ``desk`` leases the numbers.
    ``known`` are the attempts that were acknowledged so far, when it goes on after
    another process; ``ends_all`` lets all time be over then. Without ``cools_down``
    only the lock keeps a phone from being rung again. ``defect`` is that of the store.
    Nobody waits longer than ``patience_seconds`` for what should come at once.
    """

    store: str
    base: str
    desk: Desk
    people: tuple[Person, ...]
    at_once: bool = False
    death: Death | None = None
    shift_seconds: float = 0.0
    known: tuple[tuple[AttemptId, PhoneNumber], ...] = ()
    ends_all: bool = False
    cools_down: bool = True
    defect: Defect = Defect.NONE
    patience_seconds: float = 5.0


@frozen
class Ready:
    """The process has everything open."""


@frozen(kw_only=True)
class Asked:
    """Something is about to be asked for, by a clock that is so far ahead."""

    phone: PhoneNumber
    may_ring: bool
    shift_seconds: float


@frozen(kw_only=True)
class Told:
    """The Verifier has said how an attempt stands; from here on it must not forget.

    ``tries_left`` are those of the call before any other, None where there is none.
    """

    attempt_id: AttemptId
    phone: PhoneNumber
    outcome: Outcome
    tries_left: int | None = None


@frozen(kw_only=True)
class Proven:
    """A person has proven that he holds the phone, and this came of it."""

    attempt_id: AttemptId
    phone: PhoneNumber
    outcome: Outcome


@frozen
class Finished:
    """Everything was done, in so many steps."""

    steps: int


@frozen
class Failed:
    """Something was raised that should not have been."""

    error: str


Word: TypeAlias = Ready | Asked | Told | Proven | Finished | Failed
