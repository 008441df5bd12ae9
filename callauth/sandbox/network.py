"""Network: a make-believe telephone network.

Nothing waits here: what a call will come to is known when it is placed, since people
behave as they were told to. Only a call that a person makes by himself is scheduled.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from ..models.method import Method
from ..models.phone import PhoneNumber
from ..models.pin import Pin
from .agenda import Agenda
from .entries import Dial, Lease, Ring
from .ledger import Ledger
from .subscriber import Answer, Subscriber, Typing

DICTATION_SECONDS = 10.0
# Shorter than the shortest ring that any provider allows, which is 2 seconds.
_BUSY_SECONDS = 1.0
_ABSENT_SECONDS = 1.5

# The network's own words of ITU-T Q.850. An answered call is not here: its length
# depends on the person.
_UNANSWERED = {
    Answer.BUSY: ("USER_BUSY", _BUSY_SECONDS),
    Answer.NO_ANSWER: ("NO_ANSWER", inf),
    Answer.UNREACHABLE: ("DESTINATION_OUT_OF_ORDER", _ABSENT_SECONDS),
    Answer.SWITCHED_OFF: ("SUBSCRIBER_ABSENT", _ABSENT_SECONDS),
}
_ABSENT = (Answer.UNREACHABLE, Answer.SWITCHED_OFF)
_NEVER_SEEN = Subscriber()


class Network:
    """Connect phones with providers; ``default`` is how unknown numbers behave."""

    def __init__(self, ledger: Ledger, agenda: Agenda) -> None:
        self.subscribers: dict[PhoneNumber, Subscriber] = {}
        self.default = _NEVER_SEEN
        self._ledger = ledger
        self._agenda = agenda
        self._listeners: list[Callable[[Dial], None]] = []

    def subscriber(self, phone: PhoneNumber) -> Subscriber:
        """Return how this phone behaves."""
        return self.subscribers.get(phone, self.default)

    def listen(self, listener: Callable[[Dial], None]) -> None:
        """Tell the listener of every call that is made to any number."""
        self._listeners.append(listener)

    def dial(self, caller: PhoneNumber, number: PhoneNumber) -> None:
        """Call a service number now; providers drop the call and keep the caller.

        A webhook that this sets off needs a running event loop.
        """
        dial = Dial(**self._ledger.stamp(), caller=caller, number=number)
        self._ledger.write(dial)
        for listener in self._listeners:
            listener(dial)

    def lease(self, lease: Lease) -> None:
        """Write the lease down and let the person dial, if that is what he does."""
        self._ledger.write(lease)
        person = self.subscriber(lease.phone)
        if person.dials_after_seconds is None:
            return
        caller = person.dials_from or lease.phone
        self._agenda.later(
            person.dials_after_seconds, lambda: self.dial(caller, lease.number)
        )

    def dictate(
        self, phone: PhoneNumber, code: Pin, *, provider: str, caller: PhoneNumber
    ) -> Ring:
        """Call the phone for 30 seconds at most; a robot speaks the code."""
        person = self.subscriber(phone)
        cause, seconds = _course(person, 30.0)
        answered = cause == "NORMAL_CLEARING"
        ring = Ring(
            **self._ledger.stamp(),
            provider=provider,
            phone=phone,
            method=Method.VOICE_OTP,
            code=code,
            caller=caller,
            cause=cause,
            reached_after_seconds=seconds if answered else None,
            ends_after_seconds=seconds + (DICTATION_SECONDS if answered else 0.0),
        )
        return self._ledger.write(ring)

    def flash(
        self,
        phone: PhoneNumber,
        code: Pin,
        *,
        provider: str,
        caller: PhoneNumber,
        rings_seconds: float,
    ) -> Ring:
        """Call the phone and hang up; its screen shows the caller from the start.

        A busy phone shows a missed call as well; one that is off or out of reach
        shows nothing.
        """
        person = self.subscriber(phone)
        cause, seconds = _course(person, rings_seconds)
        ring = Ring(
            **self._ledger.stamp(),
            provider=provider,
            phone=phone,
            method=Method.FLASH_CALL,
            code=code,
            caller=caller,
            cause=cause,
            reached_after_seconds=None if person.answers in _ABSENT else 0.0,
            ends_after_seconds=seconds,
        )
        return self._ledger.write(ring)

    def heard(self, phone: PhoneNumber) -> list[str]:
        """Return the codes that were spoken to this person until now."""
        reached = self._reached(phone)
        return [r.code.reveal() for r in reached if r.method is Method.VOICE_OTP]

    def seen(self, phone: PhoneNumber) -> list[PhoneNumber]:
        """Return the callers that this phone has shown until now."""
        return [ring.caller for ring in self._reached(phone)]

    def typed(self, phone: PhoneNumber) -> str | None:
        """Return what the person would type now, for the code that came last.

        None when no code has reached him yet, or when he types nothing.
        """
        reached = self._reached(phone)
        types = self.subscriber(phone).types
        if not reached or types is Typing.NOTHING:
            return None
        code = reached[-1].code.reveal()
        return code if types is Typing.RIGHT else _another(code)

    def clear(self) -> None:
        """Forget how people behave."""
        self.subscribers.clear()
        self.default = _NEVER_SEEN

    def _reached(self, phone: PhoneNumber) -> list[Ring]:
        now = self._ledger.elapsed()
        rings = self._ledger.rings(phone)
        reached = [ring for ring in rings if ring.reached_by(now)]
        return sorted(reached, key=lambda ring: ring.reached or 0.0)


def _course(person: Subscriber, rings_seconds: float) -> tuple[str, float]:
    answered = ("NORMAL_CLEARING", person.answers_after_seconds)
    cause, seconds = _UNANSWERED.get(person.answers, answered)
    if seconds >= rings_seconds:
        return "NO_ANSWER", rings_seconds
    return cause, seconds


def _another(code: str) -> str:
    return code[:-1] + str((int(code[-1]) + 1) % 10)
