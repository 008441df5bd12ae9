"""Subscriber: what a person and his phone do."""

from __future__ import annotations

from enum import Enum

from attrs import field, frozen
from attrs.validators import optional

from ..models.phone import PhoneNumber
from . import bounds


class Answer(Enum):
    """Name what happens when the phone is called."""

    ANSWERS = "answers"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    SWITCHED_OFF = "switched_off"


class Typing(Enum):
    """Name what the person types after a code reached him."""

    RIGHT = "right"
    WRONG = "wrong"
    NOTHING = "nothing"


@frozen(kw_only=True)
class Subscriber:
    """Hold the behaviour of one person; the default answers and types correctly.

    ``dials_after_seconds`` counts from each lease that is made for his phone; None
    means that he never dials by himself. ``dials_from`` is the number he then calls
    from, None his own.

    Raises ConfigurationError for seconds that are no number from 0 on.
    """

    answers: Answer = Answer.ANSWERS
    answers_after_seconds: float = field(default=3.0, validator=bounds.seconds)
    dials_after_seconds: float | None = field(
        default=None, validator=optional(bounds.seconds)
    )
    dials_from: PhoneNumber | None = None
    types: Typing = Typing.RIGHT
