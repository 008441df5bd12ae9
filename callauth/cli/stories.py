"""Stories: what people do and what providers get wrong, in shares of sixty.

A deck holds the stories of one flow; whoever is left over does the right thing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType
from typing import TypeAlias

from attrs import frozen

from ..models.phone import PhoneNumber
from ..sandbox import (
    Answer,
    CutBody,
    Dial,
    Fault,
    Garbage,
    ResetAfter,
    Sandbox,
    ServerError,
    Subscriber,
    TooMany,
    Typing,
)
from .kinds import (
    CALLPASS_ASYNC,
    CALLPASS_SYNC,
    INCOMING,
    REVERSE,
    VOICEMAIL,
    Kind,
)

DECK_SIZE = 60
STRANGER = PhoneNumber("+79000000000")

Play: TypeAlias = Callable[[Random], Subscriber]
Trouble: TypeAlias = Callable[[Sandbox, PhoneNumber], None]


def _right(random: Random) -> Subscriber:
    return Subscriber(
        answers_after_seconds=random.uniform(2, 9),
        dials_after_seconds=random.uniform(4, 25),
    )


@frozen
class Story:
    """Hold how a person behaves, and what goes wrong with the provider, if anything."""

    play: Play = _right
    trouble: Trouble | None = None


GOOD = Story()
Deck: TypeAlias = tuple[tuple[int, Story], ...]


def _only(subscriber: Subscriber) -> Story:
    return Story(lambda _: subscriber)


def _broken(fault: Fault, operation: str, *, skip: int = 0, times: int = 1) -> Story:
    def add(sandbox: Sandbox, phone: PhoneNumber) -> None:
        sandbox.faults.add(
            fault, operation=operation, phone=phone, skip=skip, times=times
        )

    return Story(trouble=add)


def _blocked(list_of: Callable[[Sandbox], set[PhoneNumber]]) -> Story:
    return Story(trouble=lambda sandbox, phone: list_of(sandbox).add(phone))


def _error(code: int, operation: str, *, rings: bool = False) -> Story:
    def refuse(sandbox: Sandbox, phone: PhoneNumber) -> None:
        sandbox.nerotech.refuse_next(
            code, operation=operation, phone=phone, rings=rings
        )

    return Story(trouble=refuse)


def _lose_success(sandbox: Sandbox, phone: PhoneNumber) -> None:
    """Lose the one answer that tells that this person has called."""
    earlier = sandbox.faults.decide
    faults: list[Fault] = [ResetAfter()]

    def decide(
        provider: str, operation: str, asked: PhoneNumber | None
    ) -> Fault | None:
        is_ours = operation == "incoming/verify" and asked == phone
        if is_ours and faults and _has_dialled(sandbox, phone):
            return faults.pop()
        return earlier(provider, operation, asked) if earlier else None

    sandbox.faults.decide = decide


def _has_dialled(sandbox: Sandbox, phone: PhoneNumber) -> bool:
    return any(dial.caller == phone for dial in sandbox.ledger.entries(Dial))


_WRONG_CODE = _only(Subscriber(types=Typing.WRONG))
_NO_CODE = _only(Subscriber(types=Typing.NOTHING))
_BUSY = _only(Subscriber(answers=Answer.BUSY))
_NO_ANSWER = _only(Subscriber(answers=Answer.NO_ANSWER))
_UNREACHABLE = _only(Subscriber(answers=Answer.UNREACHABLE))
_SWITCHED_OFF = _only(Subscriber(answers=Answer.SWITCHED_OFF))
_NEVER_DIALS = _only(Subscriber())
_OTHER_PHONE = Story(
    lambda random: Subscriber(
        dials_after_seconds=random.uniform(4, 25), dials_from=STRANGER
    )
)

_FLASH: Deck = (
    # Nobody picks up, or the phone is busy: a missed call has shown its code.
    (12, _NO_ANSWER),
    (4, _BUSY),
    (3, _WRONG_CODE),
    (2, _NO_CODE),
    (1, _UNREACHABLE),
    (1, _SWITCHED_OFF),
    (1, _blocked(lambda sandbox: sandbox.callpass.blocked)),
    (2, _broken(ResetAfter(), "start-call-password")),
    (1, _broken(TooMany(3), "start-call-password")),
)
DECKS: Mapping[Kind, Deck] = MappingProxyType(
    {
        CALLPASS_SYNC: _FLASH,
        CALLPASS_ASYNC: (
            *_FLASH,
            (1, _broken(ServerError(), "get-call-password-status")),
            (1, _broken(Garbage(), "get-call-password-status")),
        ),
        VOICEMAIL: (
            (3, _WRONG_CODE),
            (1, _NO_CODE),
            (2, _BUSY),
            (3, _NO_ANSWER),
            (1, _SWITCHED_OFF),
            (1, _blocked(lambda sandbox: sandbox.nerotech.blocked)),
            (1, _error(11, "voicemail")),
            (1, _error(4, "voicemail", rings=True)),
            (4, _broken(ResetAfter(), "voicemail")),
            (1, _broken(CutBody(), "voicemail")),
            (1, _broken(Garbage(), "voicemail")),
            (1, _broken(ServerError(), "voicemail")),
            (1, _broken(TooMany(3), "voicemail")),
        ),
        INCOMING: (
            (3, _NEVER_DIALS),
            (2, _OTHER_PHONE),
            (1, _blocked(lambda sandbox: sandbox.nerotech.blocked)),
            (1, _error(11, "incoming/init")),
            (2, Story(trouble=_lose_success)),
            (1, _broken(ResetAfter(), "incoming/init")),
            (1, _broken(ServerError(), "incoming/verify", skip=1)),
            (1, _broken(TooMany(3), "incoming/verify", skip=1)),
        ),
        REVERSE: (
            (3, _NEVER_DIALS),
            (3, _OTHER_PHONE),
            (1, _blocked(lambda sandbox: sandbox.telefonip.blocked)),
            (2, _broken(ResetAfter(), "reverse_auth_phone_get")),
            (1, _broken(ResetAfter(), "reverse_auth_phone_get", times=2)),
            (1, _broken(Garbage(), "reverse_auth_phone_check")),
            (1, _broken(ServerError(), "reverse_auth_phone_check")),
        ),
    }
)
