"""How a person is verified, whatever the provider.

What an application needs is in ``callauth``. Here is what those need who write hooks,
channels for their own providers, or stores. The modules, from the outside in:

- ``verifier``: the methods of ``Verifier``, and how all of these are put together
- ``starts``, ``placing``: a start, and which channel is asked in which order
- ``caretaker``, ``agenda``, ``dial_ins``, ``hints``, ``waiters``, ``workers``: what
  goes on between the calls of the application, and after a process has died
- ``casebook``: how an attempt is changed, by one at a time
- ``reserving``, ``ring_ends``, ``limits``: what is locked and counted before a call
- ``flow``, ``stored``: what may happen to an attempt, and what is kept of it
- ``route``, ``policy``, ``channels``, ``pepper``, ``events``: providers, settings,
  hashing, hooks
- ``store``, ``counters``, ``memory``: what a store must do, how it counts, and the one
  in memory; that on a disk is ``callauth.stores``
"""

from __future__ import annotations

from .channels import Channel, LeasesNumber, RingsPhone, Rung, TellsSuspicions
from .counters import Charge, Hit, Refusal
from .events import (
    AttemptEnded,
    AttemptStarted,
    ChallengeIssued,
    ChannelPassed,
    StartLimited,
    SuspiciousAttempt,
    VerificationEvent,
    VerificationHook,
)
from .store import Changes, Lock, Record, Store

__all__ = [
    "AttemptEnded",
    "AttemptStarted",
    "ChallengeIssued",
    "Changes",
    "Channel",
    "ChannelPassed",
    "Charge",
    "Hit",
    "LeasesNumber",
    "Lock",
    "Record",
    "Refusal",
    "RingsPhone",
    "Rung",
    "StartLimited",
    "Store",
    "SuspiciousAttempt",
    "TellsSuspicions",
    "VerificationEvent",
    "VerificationHook",
]
